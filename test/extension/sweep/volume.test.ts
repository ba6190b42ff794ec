/** Volumes: what an image holds, and the names of files in it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { displayPath, imagePath, imageVolume, relativeTo } from '../../../extension/sweep/volume.ts'

let directory: string

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'threecx-volume-')))
})

afterEach(() => rmSync(directory, { recursive: true }))

const make = (...paths: string[]) => {
  for (const path of paths) mkdirSync(join(directory, path), { recursive: true })
}

describe('an image', () => {
  it.each([
    ['windows', ['Windows/System32', 'Users/a', 'ProgramData']],
    ['windows', ['Users/a/AppData']],
    ['darwin', ['Applications', 'Library', 'Users/a', 'private/etc']],
    ['darwin', ['Users/a/Library']],
    ['linux', ['etc', 'usr', 'var', 'home/a']],
    [undefined, ['something', 'else']],
    [undefined, []],
  ] as const)('is seen to be %s by its layout %j', async (platform, paths) => {
    make(...paths)
    expect((await imageVolume(directory, undefined)).platform).toBe(platform)
  })

  it('is what the user says it is', async () => {
    make('etc', 'usr')
    expect((await imageVolume(directory, 'windows')).platform).toBe('windows')
  })

  it.runIf(process.platform === 'linux')('is a copy unless it is mounted there', async () => {
    expect((await imageVolume(directory, 'linux')).isCopy).toBe(true)
    expect((await imageVolume('/proc', 'linux')).isCopy).toBe(false)
    expect((await imageVolume('/', 'linux')).isCopy).toBe(false)
  })

  it('keeps the name the user typed beside the real one', async () => {
    make('real/Windows', 'real/ProgramData')
    symlinkSync(join(directory, 'real'), join(directory, 'link'))
    const volume = await imageVolume(`${join(directory, 'link')}/`, undefined)
    expect(volume.canonical).toBe(join(directory, 'real'))
    expect(displayPath(volume, 'Users/a')).toBe(`${join(directory, 'link')}/Users/a`)
    expect(imagePath(volume, 'Users/a')).toBe('C:\\Users\\a')
    expect(relativeTo(volume, join(directory, 'link', 'Users/a'))).toBe('Users/a')
    expect(relativeTo(volume, join(directory, 'real', 'Users/a'))).toBe('Users/a')
    expect(relativeTo(volume, 'c:\\users\\A')).toBe('users/A')
    expect(relativeTo(volume, join(directory, 'linked'))).toBeUndefined()
  })

  it.each([
    ['there is no such directory', 'missing'],
    ['it is not a directory', 'file'],
  ])('that cannot be used says so: %s', async (why, name) => {
    writeFileSync(join(directory, 'file'), '')
    const promise = imageVolume(join(directory, name), undefined)
    await expect(promise).rejects.toMatchObject({ code: 'root_unusable', message: expect.stringContaining(why) })
  })
})
