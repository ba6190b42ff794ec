/** Files that are not judged: never one of which the judgement would say something. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decoders } from '../../extension/decoders/index.ts'
import { fileKind, magics } from '../../extension/domain/file-kind.ts'
import { glob, matchesGlob } from '../../extension/domain/glob.ts'
import type { Indicator } from '../../extension/domain/indicator.ts'
import { matcher } from '../../extension/domain/match.ts'
import { Examiner, unremarkable } from '../../extension/examining/examiner.ts'
import { judgeFile, mayCarryProduct } from '../../extension/findings.ts'
import { selectEverywhere } from '../../extension/indicators/compile.ts'
import { digestRecord } from '../../extension/native/digest-record.ts'
import type { WalkEntry } from '../../extension/native/engine.ts'
import { listed } from '../../extension/native/entry-columns.ts'
import { portableEngine } from '../../extension/native/portable/index.ts'
import { bundledRules, Rulebook } from '../../extension/rules/open-rules.ts'
import { sweptFile } from '../../extension/sweep/swept-files.ts'
import { UnremarkableFiles } from '../../extension/unremarkable-files.ts'

const sha256 = (digit: string) => digit.repeat(64)
const indicators: readonly Indicator[] = [
  indicator('sha256', sha256('a')),
  indicator('sha1', 'b'.repeat(40)),
  indicator('md5', 'c'.repeat(32), { names: ['evil*'] }),
  indicator('filename', 'Known.bin'),
  indicator('path', '/opt/*/place.txt'),
]
const examiner = new Examiner(portableEngine(), decoders, new Rulebook([bundledRules()]), 'x')
const selection = selectEverywhere(indicators, [], undefined, examiner.files)
const rules = selection.rules.map(({ pattern }) => glob(pattern, true))

function indicator(type: Indicator['type'], value: string, more: Partial<Indicator> = {}): Indicator {
  const fixed = { set: 't', number: 1, component: 'c', stage: 'loader', level: 'high', status: 'malicious' } as const
  return { ...fixed, id: `t/${type}`, type, value, ...more }
}

const heads = ['', '00', ...Object.values(magics).flat()].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
const cases = fc.record({
  path: fc.constantFrom(
    'a',
    'd/b.txt',
    'evil.x',
    'd/KNOWN.BIN',
    'opt/x/place.txt',
    'x.DMG',
    'd/info.PLIST',
    'e.ico',
    'a.regtrans-ms',
    'x/.main_storage',
    'apdl.cf',
    '3cx.exe',
  ),
  head: fc.oneof({ weight: 2, arbitrary: fc.constant(new Uint8Array()) }, fc.constantFrom(...heads)),
  size: fc.constantFrom(0, 16, 5000, 10_000_000),
  sha256: fc.constantFrom(sha256('a'), sha256('0'), `${'a'.repeat(8)}${'0'.repeat(56)}`, undefined),
  sha1: fc.constantFrom('b'.repeat(40), 'd'.repeat(40), undefined),
  md5: fc.constantFrom('c'.repeat(32), 'd'.repeat(32), undefined),
})

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never

function slotOf({ path, head, size, ...digests }: Case) {
  const identity = { dev: 1n, ino: 2n, size, mtimeNs: 3n, ctimeNs: 4n }
  const times = { atimeNs: 0n, btimeNs: 0n }
  const chosen = rules.flatMap((rule, at) => (matchesGlob(rule, path) ? [at] : []))
  const entry: WalkEntry = {
    root: 0,
    path,
    rules: chosen,
    ...identity,
    ...times,
    mode: 0,
    uid: 0,
    gid: 0,
    nlink: 1,
    blocks: 1,
  }
  const present = Object.fromEntries(Object.entries(digests).filter(([, value]) => value !== undefined))
  return { columns: listed([entry]), at: 0, record: digestRecord({ identity, head, digests: present, bytesRead: 0 }) }
}

describe('files that need no judgement', () => {
  const files = new UnremarkableFiles(selection, indicators, examiner)
  const judge = { matcher: matcher(indicators), owners: () => '', platform: undefined, hasBirthTimes: true }

  it('are none of which a judgement or an examination would say something', () => {
    let passed = 0
    fc.assert(
      fc.property(cases, (one) => {
        const slot = slotOf(one)
        if (!files.has(slot)) return
        passed++
        const { path } = one
        const kind = fileKind(one.head)
        const names = { path, imagePath: path, relative: path }
        expect(judgeFile(sweptFile(slot), names, undefined, unremarkable, judge)).toBeUndefined()
        expect(mayCarryProduct(kind, path, false)).toBe(false)
        expect(examiner.wants({ filename: path.slice(path.lastIndexOf('/') + 1), path, kind, size: one.size })).toBe(
          false,
        )
      }),
      { numRuns: 2000 },
    )
    expect(passed).toBeGreaterThan(50)
  })

  it('are those that only a bare digest selected and that have another', () => {
    const plain: Case = {
      path: 'd/b.txt',
      head: new Uint8Array(),
      size: 16,
      sha256: sha256('0'),
      sha1: undefined,
      md5: undefined,
    }
    expect(files.has(slotOf(plain))).toBe(true)
    expect(files.has(slotOf({ ...plain, sha256: sha256('a') }))).toBe(false)
    expect(files.has(slotOf({ ...plain, path: 'd/KNOWN.BIN' }))).toBe(false)
    expect(files.has(slotOf({ ...plain, head: Uint8Array.of(0x4d, 0x5a) }))).toBe(false)
    expect(files.has({ ...slotOf(plain), record: undefined })).toBe(false)
  })

  it('are none where the selection says nothing of content', () => {
    const { contentOnly: _contentOnly, ...other } = selection
    const none = new UnremarkableFiles(other, indicators, examiner)
    fc.assert(fc.property(cases, (one) => !none.has(slotOf(one))))
  })
})
