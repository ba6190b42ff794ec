/** Where settled files are kept: damage, disks that refuse, and the bound on lists. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ScanEngine, SettledFiles } from '../../../extension/native/engine.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import type { Logger } from '../../../extension/runtime/log.ts'
import { nothingSettled, openSettledStore } from '../../../extension/sweep/settled-store.ts'

let directory: string
let warnings: string[]
const log = { warn: (_fields: object, message: string) => warnings.push(message) } as unknown as Logger

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-store-'))
  warnings = []
})

afterEach(() => rmSync(directory, { recursive: true }))

/** An engine whose lists are files that say their scope; `damaged` is one that it refuses. */
function engineOf(save: (path: string) => void = (path) => writeFileSync(path, 'list')) {
  const asked: { path: string; scope: string }[] = []
  const settled = async (path: string, scope: string): Promise<SettledFiles> => {
    asked.push({ path, scope })
    const isDamaged = readdirSync(directory).some((name) => path.endsWith(name)) && save.name === 'damaged'
    if (isDamaged) throw new Error('the list of settled files is damaged')
    return {
      settle: () => {},
      save: async () => {
        save(path)
        return true
      },
    }
  }
  return { engine: { ...portableEngine(), settled } as ScanEngine, asked }
}

describe('a store of settled files', () => {
  it('has a list for each root, and a scope for everything that decides', async () => {
    const { engine, asked } = engineOf()
    const store = openSettledStore(directory, log)
    for (const [root, scope] of [
      ['/', 1],
      ['/', 2],
      ['/x', 1],
      ['/', 1],
    ] as const)
      await store.open(engine, root, scope, 0)
    const [first, otherScope, otherRoot, again] = asked
    expect(again).toEqual(first)
    expect(otherScope?.path).toBe(first?.path)
    expect(otherScope?.scope).not.toBe(first?.scope)
    expect(otherRoot?.path).not.toBe(first?.path)
    expect(first?.scope).toMatch(/^[0-9a-f]{64}$/)
  })

  it('sets a damaged list aside, says so, and goes on with an empty one', async () => {
    const { engine, asked } = engineOf(function damaged() {})
    const store = openSettledStore(directory, log)
    await store.open(engine, '/', 1, 0)
    writeFileSync(asked[0]?.path ?? '', 'x')
    expect((await store.open(engine, '/', 1, 0)).files).toBeDefined()
    expect(readdirSync(directory).map((name) => name.replace(/-[0-9a-f]+/, ''))).toEqual(['settled.damaged'])
    expect(warnings).toEqual(['list of settled files was damaged and is built anew'])
  })

  it('sweeps without a list that cannot be used', async () => {
    const settled = async () => Promise.reject(new Error('no permission'))
    const pass = await openSettledStore(directory, log).open({ ...portableEngine(), settled }, '/', 1, 0)
    expect(pass.files).toBeUndefined()
    await pass.keep(true)
    expect(warnings.at(-1)).toBe('list of settled files cannot be used, sweeping without it')
  })

  it('says when a list was not kept, and the pass goes on', async () => {
    const { engine } = engineOf(() => {
      throw new Error('no space left')
    })
    const pass = await openSettledStore(directory, log).open(engine, '/', 1, 0)
    await pass.keep(true)
    expect(warnings).toEqual(['list of settled files was not kept, the next sweep looks at every file'])
  })

  it('keeps the newest lists only, and removes what killed processes left', async () => {
    const { engine, asked } = engineOf()
    mkdirSync(join(directory, 'other'))
    const store = openSettledStore(directory, log)
    const dead = spawnSync('true').pid
    const left = [`settled-0.${process.pid}-0.new`, `settled-1.${process.pid}-0.new`, `settled-2.${dead}-0.new`]
    for (const name of left) writeFileSync(join(directory, name), '')
    utimesSync(join(directory, left[0] ?? ''), 1000, 1000)
    for (let at = 0; at < 12; at++) {
      const pass = await store.open(engine, `/${at}`, 1, 0)
      await pass.keep(true)
      utimesSync(asked.at(-1)?.path ?? '', 2000 + at, 2000 + at)
    }
    await (await store.open(engine, '/11', 1, 0)).keep(true)
    const names = readdirSync(directory)
    expect(names.filter((name) => /^settled-[0-9a-f]{16}$/.test(name)).length).toBe(8)
    expect(names.filter((name) => name.endsWith('.new'))).toEqual([left[1]])
    expect(names).toContain('other')
  })

  it('keeps nothing where nothing is to be kept', async () => {
    const pass = await nothingSettled.open(engineOf().engine, '/', 1, 0)
    expect(pass.files).toBeUndefined()
    await pass.keep(true)
    expect(readdirSync(directory)).toEqual([])
  })
})
