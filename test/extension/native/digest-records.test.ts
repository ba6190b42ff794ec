/** Digests of entries in columns: the same as of items, whichever engine and layout. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordDigests, recordHead, recordIdentity } from '../../../extension/native/digest-record.ts'
import { digestRecords, type EntriesRequest } from '../../../extension/native/digest-records.ts'
import type { ScanEngine, WalkBatch } from '../../../extension/native/engine.ts'
import { type EntryColumns, listed } from '../../../extension/native/entry-columns.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { never, planOf, walkAll } from './ask.ts'

const loaded = loadNative()
const engines: readonly ScanEngine[] = ['problem' in loaded ? [] : [loaded], portableEngine()].flat()
const selection = {
  rules: [{ pattern: '**' }, { pattern: '**/*.exe' }, { pattern: 'd/**' }],
  classes: [
    { algorithms: ['sha256'] as const },
    { magics: ['4d5a'], algorithms: ['sha1', 'md5'] as const },
    { algorithms: [] },
  ],
  classesOfRule: [[0], [1, 0], [2, 1]],
}

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'threecx-records-'))
  mkdirSync(join(root, 'd'))
  for (let at = 0; at < 30; at++) writeFileSync(join(root, `f${at}`), 'x'.repeat(at))
  for (const name of ['a.exe', 'd/b.exe', 'd/\u00e4 \\ \n.txt', 'd/changed'])
    writeFileSync(join(root, name), `MZ${name}`)
})

afterAll(() => rmSync(root, { recursive: true }))

const columnsOf = ({ columns, entries }: WalkBatch): EntryColumns => columns ?? listed(entries)

async function asked(engine: ScanEngine): Promise<{ request: EntriesRequest; paths: string[] }> {
  const { batches } = await walkAll(engine, planOf(root, { rules: selection.rules }))
  writeFileSync(join(root, 'd/changed'), 'longer than it was')
  const parts = batches.map((batch) => {
    const columns = columnsOf(batch)
    // Every second one is left out, and the order is not that of the walk.
    return {
      columns,
      chosen: Array.from({ length: columns.length }, (_, at) => at)
        .filter((at) => keeps(columns.path(at)))
        .reverse(),
    }
  })
  const paths = parts.flatMap(({ columns, chosen }) => chosen.map((at) => columns.path(at)))
  return { request: { roots: [root], parts, selection, maxFileBytes: 1 << 20, fileTimeoutMs: 60_000 }, paths }
}

const keeps = (path: string): boolean => !/^f\d*[13579]$/.test(path)

/** By path: what there is of each. */
async function answered(engine: ScanEngine): Promise<Map<string, unknown>> {
  writeFileSync(join(root, 'd/changed'), 'MZ')
  const { request, paths } = await asked(engine)
  const records = await engine.digestEntries(request, never)
  const again = await digestRecords(engine, request, never)
  expect(records.bytesRead).toBe(again.bytesRead)
  return new Map(
    paths.map((path, at) => {
      const record = records.record(at)
      expect(record).toEqual(again.record(at))
      expect(records.error(at)?.code).toBe(again.error(at)?.code)
      const { ino } = record ? recordIdentity(record) : {}
      return [
        path,
        record ? { ino, head: [...recordHead(record)], digests: recordDigests(record) } : records.error(at)?.code,
      ]
    }),
  )
}

describe.each(engines)('entries digested by the $name engine', (engine) => {
  it('give what items give, in the order they were asked in', async () => {
    const answers = await answered(engine)
    expect(answers.size).toBe(19)
    expect(answers.get('d/changed')).toBe('changed')
    const digests = (path: string) => Object.keys((answers.get(path) as { digests: object }).digests).sort()
    expect(digests('f4')).toEqual(['sha256'])
    expect(digests('a.exe')).toEqual(['md5', 'sha1', 'sha256'])
    expect(digests([...answers.keys()].find((path) => path.startsWith('d/\u00e4')) ?? '')).toEqual([
      'md5',
      'sha1',
      'sha256',
    ])
    expect(answers).toEqual(await answered(portableEngine()))
  })

  it('are read off columns as they are read off objects', async () => {
    for (const batch of (await walkAll(engine, planOf(root, { rules: selection.rules }))).batches) {
      const columns = columnsOf(batch)
      expect(columns.length).toBe(batch.entries.length)
      for (const [at, entry] of batch.entries.entries()) {
        expect(columns.entry(at)).toEqual(entry)
        const parts = [columns.path(at), columns.size(at), Array.from(columns.rules(at)), columns.ticket(at)]
        expect(parts).toEqual([entry.path, entry.size, entry.rules, entry.ticket])
      }
      // Whoever puts other entries into a batch must not hand on the columns of these.
      expect({ ...batch, entries: [] }.columns).toBeUndefined()
    }
  })

  it('that are not there are a failure of the request', async () => {
    const { request } = await asked(engine)
    const [part] = request.parts
    for (const chosen of [[part?.columns.length ?? 0], [2 ** 32 - 1]]) {
      const parts = part ? [{ columns: part.columns, chosen }] : []
      await expect(engine.digestEntries({ ...request, parts }, never)).rejects.toThrow(/entry/)
    }
  })

  it('end with the reason of the signal', async () => {
    const { request } = await asked(engine)
    await expect(engine.digestEntries(request, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})
