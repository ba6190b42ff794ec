/** Settled files: what a walk leaves out, and everything that makes it hand a file over again. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SettledFiles, WalkPlan } from '../../../extension/native/engine.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { planOf, selectedOf, walkAll } from './ask.ts'

const loaded = loadNative()
const scope = 'a'.repeat(64)
/** Late enough that every file made now counts as settled. */
const later = () => Date.now() + 3_600_000

let directory: string
let tree: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-settled-'))
  tree = join(directory, 'tree')
  path = join(directory, 'settled')
  mkdirSync(join(tree, 'a', 'b'), { recursive: true })
  for (const name of ['1', 'a/2', 'a/3', 'a/b/4']) writeFileSync(join(tree, name), name)
})

afterEach(() => rmSync(directory, { recursive: true }))

it('is nothing that the portable engine keeps: it hands over every file', async () => {
  expect(await portableEngine().settled(path, scope, later())).toBeUndefined()
})

describe.skipIf('problem' in loaded)('a walk of the native engine', () => {
  const engine = 'problem' in loaded ? portableEngine() : loaded

  async function opened(nowMs = later(), of = scope): Promise<SettledFiles> {
    const settled = await engine.settled(path, of, nowMs)
    if (!settled) throw new Error('the native engine keeps settled files')
    return settled
  }

  /** One pass that settles the files `which` says; the paths it was handed. */
  async function pass(which = (_path: string) => true, isWhole = true, changes: Partial<WalkPlan> = {}) {
    const settled = await opened()
    const walked = await walkAll(engine, planOf(tree, { ...changes, settled }))
    settled.settle(walked.entries.filter((entry) => which(entry.path)))
    await settled.save(isWhole)
    return { handed: Object.keys(selectedOf(walked)), progress: walked.progress }
  }

  it('hands a file over until it is settled, and counts it all the same', async () => {
    const first = await pass((name) => name !== 'a/3')
    expect(first.handed).toEqual(['1', 'a/2', 'a/3', 'a/b/4'])
    expect(first.progress).toMatchObject({ files: 4, selected: 4, settled: 0 })
    const second = await pass()
    expect(second.handed).toEqual(['a/3'])
    expect(second.progress).toMatchObject({ files: 4, selected: 4, settled: 3 })
    expect((await pass()).handed).toEqual([])
  })

  it.each<[string, (name: string) => void, string[]]>([
    ['written to', (name) => writeFileSync(name, 'x'), ['a/2']],
    ['written to, with its times set back', (name) => backdated(name), ['a/2']],
    ['renamed', (name) => renameSync(name, `${name}0`), ['a/20']],
    ['replaced', (name) => renameSync(join(tree, '1'), name), ['a/2']],
  ])('hands over a settled file that was %s', async (_how, change, expected) => {
    await pass()
    change(join(tree, 'a/2'))
    expect((await pass()).handed).toEqual(expected)
    expect((await pass()).handed).toEqual([])
  })

  it('hands over everything below a directory that was renamed, though no file changed', async () => {
    await pass()
    renameSync(join(tree, 'a'), join(tree, 'c'))
    expect((await pass()).handed).toEqual(['c/2', 'c/3', 'c/b/4'])
  })

  it('believes nothing that was kept for another scope', async () => {
    await pass()
    const settled = await opened(later(), 'b'.repeat(64))
    const { entries } = await walkAll(engine, planOf(tree, { settled }))
    expect(entries.length).toBe(4)
  })

  it('knows a file by the root it lies below, too', async () => {
    await pass()
    const settled = await opened()
    const { entries } = await walkAll(engine, { ...planOf(join(tree, 'a')), settled })
    expect(entries.map((entry) => entry.path).sort()).toEqual(['2', '3', 'b/4'])
  })

  it('never leaves out a file that changed less than two seconds before the pass', async () => {
    const settled = await opened(Date.now())
    const { entries } = await walkAll(engine, planOf(tree, { settled }))
    settled.settle(entries)
    await settled.save(true)
    expect((await pass()).handed.length).toBe(4)
  })

  it('forgets what a whole pass did not meet, and keeps it after a part of one', async () => {
    const part = { rules: [{ pattern: 'a/**' }] }
    await pass()
    await pass(undefined, false, part)
    expect((await pass(undefined, true, part)).handed).toEqual([])
    expect((await pass()).handed).toEqual(['1'])
  })

  it('writes nothing when the list says it already', async () => {
    await pass()
    const settled = await opened()
    await walkAll(engine, planOf(tree, { settled }))
    expect(await settled.save(true)).toBe(false)
  })

  it('passes over numbers that mean nothing', async () => {
    const settled = await opened()
    const [entry] = (await walkAll(engine, planOf(tree, { settled }))).entries
    if (!entry) throw new Error('the tree has files')
    settled.settle([
      { ...entry, ticket: 4_000_000_000 },
      { ...entry, ticket: 99 },
    ])
    expect(await settled.save(true)).toBe(false)
  })

  it('refuses a damaged list, in words', async () => {
    await pass()
    const bytes = readFileSync(path)
    bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60)
    writeFileSync(path, bytes)
    await expect(opened()).rejects.toThrow('the list of settled files is damaged')
    writeFileSync(path, '')
    await expect(opened()).rejects.toThrow('the list of settled files is damaged')
  })

  it('settles more files than one batch holds, each by its own number', async () => {
    for (let at = 0; at < 3000; at++) writeFileSync(join(tree, `many-${at}`), '')
    await pass((name) => Number(name.slice(5)) % 3 === 0)
    const { handed } = await pass()
    const expected = Array.from({ length: 3000 }, (_, at) => at).filter((at) => at % 3 !== 0)
    const rest = handed.filter((name) => name.startsWith('many-')).map((name) => Number(name.slice(5)))
    expect(rest.sort((a, b) => a - b)).toEqual(expected)
  })
})

function backdated(name: string): void {
  const long = new Date('2020-01-01')
  utimesSync(name, long, long)
}
