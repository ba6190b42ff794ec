import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import type { FileHints } from '../../../extension/decoders/decoder.ts'
import { examinationBudget } from '../../../extension/decoders/examine.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { maxLog, regtrans } from '../../../extension/decoders/regtrans.ts'
import { join, patched, utf16, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { type MemoryFile, memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'

/** The end of a genuine log's name; a GUID precedes it. */
const filename = '{53b39e88-18c4-11ea-a811-000d3aa4692b}.TxR.0.regtrans-ms'
const registry = utf16('\\REGISTRY\\MACHINE\\SYSTEM')
const payload = noise('encrypted', 60_000)

const cases: Readonly<Record<string, Uint8Array>> = {
  'encrypted-payload': payload,
  'payload-behind-zeros': join(zeros(4096), noise('late', 512)),
  'one-byte': Uint8Array.of(1),
  'largest-that-counts': noise('largest', maxLog - 1),
  'registry-in-plain-letters': join('\\REGISTRY\\MACHINE\\SYSTEM', zeros(512)),
  'registry-big-endian': join(utf16('\\REGISTRY', false), zeros(511)),
  genuine: join(zeros(512), registry, noise('log', 4096)),
  'genuine-with-text-at-an-odd-offset': join(zeros(3), registry),
  'genuine-with-text-at-the-end': join(noise('log', 1000), utf16('REGISTRY')),
  'text-cut-short': join(noise('log', 1000), utf16('REGISTR')),
  'never-used': zeros(65_536),
  empty: zeros(0),
  'too-large': noise('larger', maxLog),
}

function hints(bytes: Uint8Array, name = filename): FileHints {
  return { filename: name, path: name, kind: 'unknown', size: bytes.length }
}

async function decode(bytes: Uint8Array, file: MemoryFile = memoryFile(bytes)) {
  return regtrans.wants(hints(bytes)) ? regtrans.decode(boundedFile(file, examinationBudget), hints(bytes)) : undefined
}

describe('transaction logs read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/regtrans/${name}`, await decode(bytes))
    })
  }
})

test('only small files of that name are wanted', () => {
  expect(regtrans.wants(hints(payload))).toBe(true)
  expect(regtrans.wants(hints(payload, 'A.TXR.0.REGTRANS-MS'))).toBe(true)
  expect(regtrans.wants(hints(payload, 'a.TxR.blf'))).toBe(false)
  expect(regtrans.wants(hints(zeros(maxLog)))).toBe(false)
})

test('a log is anomalous at every length but none, and while it is zeros', async () => {
  const bytes = join(zeros(20), noise('small', 300))
  for (let length = 0; length <= bytes.length; length++) {
    const found = await decode(bytes.subarray(0, length))
    const expected = length > 20 ? { traits: [{ name: 'regtrans_anomaly', length }] } : undefined
    if (expected) expect(found).toMatchObject(expected)
    else expect(found).toBeUndefined()
  }
})

test('a log that became shorter or grew is refused', async () => {
  const shorter = await decode(payload, memoryFile(payload.subarray(0, 1000), payload.length))
  expect(shorter && isRefusal(shorter) && shorter.problem).toContain('could not be read')
  const grown = sparseFile(payload, 3 * 2 ** 30)
  const found = await decode(payload, grown)
  expect(found && isRefusal(found) && found.problem).toContain('expected below')
  expect(grown.reads).toBe(0)
})

test('the word hides nothing but itself, wherever it stands, at the cost of one read', async () => {
  const word = utf16('REGISTRY')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 16, maxLength: 400 }), fc.nat(), async (bytes, place) => {
      const at = place % (bytes.length - word.length + 1)
      const file = memoryFile(patched(bytes, at, word))
      expect(await decode(patched(bytes, at, word), file)).toBeUndefined()
      expect([file.reads, file.bytesRead]).toEqual([1, bytes.length])
      const damaged = patched(patched(zeros(bytes.length), at, word), at + (place % 16), Uint8Array.of(0x7e))
      expect(await decode(damaged)).toMatchObject({ traits: [{ name: 'regtrans_anomaly' }] })
    }),
    { numRuns: 1000 },
  )
})
