/** A pass: what it reads, what it does not read again, how it stops. Both engines. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ScanEngine } from '../../../extension/native/engine.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import type { Selection } from '../../../extension/native/selection.ts'
import type { Logger } from '../../../extension/runtime/log.ts'
import { type HashCache, noCache, openHashCache } from '../../../extension/sweep/hash-cache.ts'
import { defaultLimits, fileSweep, treeSweep } from '../../../extension/sweep/request.ts'
import { type SweepProgress, type SweptFile, sweep } from '../../../extension/sweep/sweep.ts'

const native = loadNative()
const engines: readonly ScanEngine[] = ['problem' in native ? [] : [native], portableEngine()].flat()
const quiet = { warn: () => {} } as unknown as Logger
/** Late enough that every file made now counts as settled. */
const later = () => BigInt(Date.now() + 3_600_000) * 1_000_000n
const digestAll: Selection = { rules: [{ pattern: '**' }], classes: [{ algorithms: ['sha256'] }], classesOfRule: [[0]] }

let directory: string
let tree: string
let cache: HashCache

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-sweep-'))
  tree = mkdtempSync(join(directory, 'tree-'))
  cache = openHashCache(join(directory, 'hashes.db'), quiet, later)
  for (let at = 0; at < 700; at++) writeFileSync(join(tree, `f${at}`), at % 2 === 0 ? `MZ${at}` : `text ${at}`)
})

afterEach(() => {
  cache.close()
  rmSync(directory, { recursive: true })
})

async function collect(engine: ScanEngine, selection: Selection, use: HashCache) {
  const walk = { roots: [tree], ignoreCase: true, skip: [], mounts: 'same' } as const
  const request = treeSweep(engine, walk, selection, defaultLimits)
  const files: SweptFile[] = []
  let progress: SweepProgress | undefined
  for await (const batch of sweep(engine, use, request, new AbortController().signal)) {
    files.push(...batch.files)
    progress = batch.progress
  }
  return { files: new Map(files.map((file) => [file.entry.path, file])), progress }
}

describe.each(engines)('a sweep with the $name engine', (engine) => {
  it('reads every selected file once, and none of them again while it is unchanged', async () => {
    const first = await collect(engine, digestAll, cache)
    const second = await collect(engine, digestAll, cache)
    expect(first.progress).toMatchObject({ files: 700, hashed: 700, cached: 0 })
    expect(second.progress).toMatchObject({ files: 700, hashed: 0, cached: 700, bytes: 0 })
    for (const [path, file] of first.files) expect(second.files.get(path)?.digests).toEqual(file.digests)
  })

  it('reads a file again when its content changed and its times were set back', async () => {
    await collect(engine, digestAll, cache)
    const path = join(tree, 'f7')
    const before = (await collect(engine, digestAll, cache)).files.get('f7')
    writeFileSync(path, 'text 8')
    utimesSync(path, Number(before?.entry.atimeNs) / 1e9, Number(before?.entry.mtimeNs) / 1e9)
    const again = await collect(engine, digestAll, cache)
    expect(again.progress).toMatchObject({ hashed: 1, cached: 699 })
    expect(again.files.get('f7')?.digests).not.toEqual(before?.digests)
  })

  it('reads a file again when a digest is wanted that the cache does not hold', async () => {
    await collect(engine, digestAll, cache)
    const both: Selection = { ...digestAll, classes: [{ algorithms: ['sha256', 'md5'] }] }
    expect((await collect(engine, both, cache)).progress).toMatchObject({ hashed: 700, cached: 0 })
    expect((await collect(engine, both, cache)).progress).toMatchObject({ hashed: 0, cached: 700 })
    expect((await collect(engine, digestAll, cache)).progress).toMatchObject({ hashed: 0, cached: 700 })
  })

  it('digests only files whose head fits, and remembers the others by their head', async () => {
    const programs: Selection = { ...digestAll, classes: [{ magics: ['4d5a'], algorithms: ['sha256'] }] }
    const first = await collect(engine, programs, cache)
    const digested = [...first.files.values()].filter((file) => file.digests.sha256 !== undefined)
    expect(digested.length).toBe(350)
    expect((await collect(engine, programs, cache)).progress).toMatchObject({ hashed: 0, cached: 700 })
  })

  it('opens nothing for rules that only look at names', async () => {
    const names: Selection = { rules: [{ pattern: 'f1*' }], classes: [], classesOfRule: [[]] }
    const { progress, files } = await collect(engine, names, noCache)
    expect(progress).toMatchObject({ hashed: 0, cached: 0, bytes: 0 })
    expect(files.size).toBe(111)
  })

  it('answers for single files, and says nothing of missing ones and directories', async () => {
    const files = ['f1', 'missing', '', 'f2'].map((path) => ({ root: 0, path }))
    const request = fileSweep(engine, [tree], files, digestAll, defaultLimits)
    const found: string[] = []
    for await (const batch of sweep(engine, noCache, request, new AbortController().signal)) {
      expect(batch.errors).toEqual([])
      found.push(...Array.from(batch.files, (file) => file.entry.path))
    }
    expect(found).toEqual(['f1', 'f2'])
  })

  it('stops with the reason of the signal', async () => {
    const stop = new AbortController()
    const walk = { roots: [tree], ignoreCase: true, skip: [], mounts: 'same' } as const
    const pass = sweep(engine, noCache, treeSweep(engine, walk, digestAll, defaultLimits), stop.signal)
    await pass.next()
    stop.abort(new Error('enough'))
    const drain = async () => {
      for await (const batch of pass) void batch
    }
    await expect(drain()).rejects.toThrow('enough')
  })
})
