/** The line for a file that a package put in place: what is named, what is refused, what stays. */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Target } from '../../../extension/deployment/install.ts'
import { layoutOf } from '../../../extension/deployment/layout.ts'
import { isPresent, register, unregister } from '../../../extension/deployment/register.ts'

let root: string
let target: Target
let program: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threecx-register-'))
  for (const directory of ['etc', 'lib']) mkdirSync(join(root, directory))
  target = {
    layout: layoutOf('osquery', 'linux'),
    directory: join(root, 'lib'),
    loadFile: join(root, 'etc', 'extensions.load'),
  }
  program = join(root, 'lib', 'threecx_hunter.ext')
  writeFileSync(program, 'what a package put there', { mode: 0o755 })
})

afterEach(() => rmSync(root, { recursive: true }))

const lines = () => readFileSync(target.loadFile, 'latin1')

describe('the line of a package', () => {
  it.each([
    ['# theirs\n/opt/a.ext\n', '# theirs\n/opt/a.ext\nOURS\n'],
    ['; odd \u00ff\r\n  /opt/a b.ext \r\n', '; odd \u00ff\r\n  /opt/a b.ext \r\nOURS\r\n'],
    ['/opt/a.ext', '/opt/a.ext\nOURS'],
    ['/old/threecx_hunter.ext\n/opt/a.ext\n/older/threecx_hunter_linux.ext\n', 'OURS\n/opt/a.ext\n'],
  ])('comes into %j and leaves what is not ours as it was', (before, after) => {
    writeFileSync(target.loadFile, before, 'latin1')
    expect(register(target).at(-1)).toEqual({ isChange: true, text: `${target.loadFile} names ${program}` })
    expect(lines()).toBe(after.replace('OURS', program))
    expect(register(target).map((step) => step.isChange)).toEqual([false])
    unregister(target)
    expect(lines()).toBe(after.replace(/OURS[\r\n]*|\nOURS$/, '').replace(/\nOURS$/, ''))
  })

  it('goes also when the file is gone, and its directory', () => {
    writeFileSync(target.loadFile, `/opt/a.ext\n${program}\n`)
    rmSync(target.directory, { recursive: true })
    expect(unregister(target)).toHaveLength(1)
    expect(lines()).toBe('/opt/a.ext\n')
    expect(unregister(target).map((step) => step.isChange)).toEqual([false])
  })

  it('is not made for a file that is not there', () => {
    rmSync(program)
    expect(() => register(target)).toThrow(`cannot name ${program} in ${target.loadFile}: there is no such file`)
    rmSync(target.directory, { recursive: true })
    expect(() => register(target)).toThrow('there is no such file')
    expect(lstatSync(target.loadFile, { throwIfNoEntry: false })).toBeUndefined()
  })

  it.each([
    ['a link as the executable', () => linkInstead(program), 'symbolic link'],
    ['a load file that is a link', () => linkInstead(target.loadFile), 'symbolic link'],
    ['a load file anybody can write to', () => openFile(target.loadFile), 'others can write'],
    ['a directory anybody can write to', () => chmodSync(target.directory, 0o777), 'others can write'],
  ])('is refused for %s', (_, spoil, why) => {
    spoil()
    expect(() => register(target)).toThrow(why)
  })
})

describe('a host', () => {
  it('is there when the directory of its load file is', () => {
    const at = (...names: string[]) => ({ platform: 'linux' as const, loadFile: join(root, ...names) })
    expect(isPresent(at('etc', 'extensions.load'))).toBe(true)
    expect(isPresent(at('none', 'extensions.load'))).toBe(false)
    symlinkSync('etc', join(root, 'linked'))
    expect(isPresent(at('linked', 'extensions.load'))).toBe(true)
    expect(isPresent(at('lib', 'threecx_hunter.ext', 'extensions.load'))).toBe(false)
  })
})

function linkInstead(path: string): void {
  rmSync(path, { force: true })
  symlinkSync(join(root, 'elsewhere'), path)
}

function openFile(path: string): void {
  writeFileSync(path, '')
  chmodSync(path, 0o666)
}
