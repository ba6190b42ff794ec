/** The examiner: who sees which file, in which order, and what a failure costs. */
import { describe, expect, it } from 'vitest'
import type { FileHints } from '../../../extension/decoders/decoder.ts'
import { Examiner, type FileToExamine, unremarkable } from '../../../extension/examining/examiner.ts'
import type { ScanEngine, SearchRequest } from '../../../extension/native/engine.ts'
import { noRules, type RuleSearch } from '../../../extension/rules/rule-search.ts'

const signal = new AbortController().signal
const limits = { maxFileBytes: 1e9, fileTimeoutMs: 1000 }
const place = { roots: ['/'], limits }

/** An engine over bytes by path, which counts what it is asked. */
function engineOf(files: Readonly<Record<string, Uint8Array>>) {
  const asked = { searched: [] as string[], read: [] as string[] }
  const engine = {
    search: async ({ items, patterns }: SearchRequest) =>
      items.map(({ path }) => {
        asked.searched.push(path)
        const bytes = files[path]
        if (!bytes) return { error: 'vanished' as const, message: 'gone' }
        const has = (pattern: Uint8Array) => Buffer.from(bytes).includes(pattern)
        return { found: patterns.flatMap((pattern, number) => (has(pattern) ? [number] : [])) }
      }),
    read: async (_: unknown, { path }: { path: string }, offset: number, length: number) => {
      asked.read.push(path)
      const bytes = files[path]
      if (!bytes) throw new Error('gone')
      return bytes.subarray(offset, offset + length)
    },
  } as unknown as ScanEngine
  return { engine, asked }
}

function fileOf(path: string, hints: Partial<FileHints> = {}): FileToExamine {
  const identity = { dev: 1n, ino: 1n, size: 4, mtimeNs: 0n, ctimeNs: 0n }
  return { ref: { root: 0, path }, identity, hints: { filename: path, path, kind: 'elf', size: 4, ...hints } }
}

/** Rules with one needle that match everything they see. */
function rulesWith(parts: Partial<RuleSearch>): RuleSearch {
  return { ...noRules, version: 'v', wants: () => true, mayMatch: (_kind, _size, has) => has(['aabbccdd']), ...parts }
}

const abcd = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd)

describe('the examiner', () => {
  it('opens nothing of a file without a needle', async () => {
    const { engine, asked } = engineOf({ a: Uint8Array.of(1, 2, 3, 4) })
    const rules = rulesWith({ needles: ['aabbccdd'], scan: async () => [{ rule: 'x', strings: [] }] })
    const examiner = new Examiner(engine, [], rules, '')
    expect(await examiner.examine([fileOf('a')], place, signal)).toEqual([unremarkable])
    expect(asked).toEqual({ searched: ['a'], read: [] })
  })

  it('gives a rule the whole file when its needle is there', async () => {
    const { engine } = engineOf({ a: abcd })
    const seen: Uint8Array[] = []
    const scan = async (bytes: Uint8Array) => {
      seen.push(bytes)
      return [{ rule: 'x', strings: [] }]
    }
    const examiner = new Examiner(engine, [], rulesWith({ needles: ['aabbccdd'], scan }), '')
    const [found] = await examiner.examine([fileOf('a')], place, signal)
    expect(found?.rules).toEqual([{ rule: 'x', strings: [] }])
    expect(seen).toEqual([abcd])
  })

  it('says why rules could not judge a file, and goes on with the next', async () => {
    const { engine } = engineOf({ a: abcd, b: abcd })
    let calls = 0
    const scan = async () => {
      if (calls++ === 0) throw new Error('took longer than 1 s')
      return [{ rule: 'x', strings: [] }]
    }
    const examiner = new Examiner(engine, [], rulesWith({ needles: ['aabbccdd'], scan }), '')
    const [first, second] = await examiner.examine([fileOf('a'), fileOf('b')], place, signal)
    expect(first?.examination.refusals).toEqual(['rules: took longer than 1 s'])
    expect(second?.rules.length).toBe(1)
  })

  it('has another version when rules change, so that caches forget', () => {
    const { engine } = engineOf({})
    const version = (rules: RuleSearch) => new Examiner(engine, [], rules, '').version
    expect(version(rulesWith({ version: '1' }))).not.toBe(version(rulesWith({ version: '2' })))
    expect(version(rulesWith({ version: '1' }))).toBe(version(rulesWith({ version: '1' })))
    expect(Number.isSafeInteger(version(noRules))).toBe(true)
  })

  it('stops at an abort', async () => {
    const { engine } = engineOf({ a: abcd })
    const examiner = new Examiner(engine, [], rulesWith({ needles: ['aabbccdd'] }), '')
    await expect(examiner.examine([fileOf('a')], place, AbortSignal.abort())).rejects.toThrow()
  })
})
