import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { join, patched, zeros } from '../../support/byte-writer.ts'
import { examined } from '../../support/examined.ts'
import { expectGolden } from '../../support/golden.ts'
import { mainStorageFile, xored } from '../../support/macos-malware-shapes.ts'

const ordinary = mainStorageFile()
/** The bytes of a file as Objective-See printed them. */
const printed = Buffer.from(
  '1c191e4f1f434e1b571b1b4c4357494349 1c574f491f4e574f1f4b4a4f4d1b4c4b4c1c4b7a7a7a7a7a7a7a7a7a7a7a7a050cee1e7a7a7a7a'.replace(
    ' ',
    '',
  ),
  'hex',
)

const cases: Readonly<Record<string, Uint8Array>> = {
  ordinary,
  printed,
  'another-key': mainStorageFile({ key: 0x11 }),
  plain: mainStorageFile({ key: 0 }),
  'never-ran': mainStorageFile({ nextRun: 0n }),
  'year-10000': mainStorageFile({ nextRun: 253_402_300_800n }),
  'next-run-2-to-the-64': mainStorageFile({ nextRun: 0xffff_ffff_ffff_ffffn }),
  'id-without-hyphens': mainStorageFile({ victim: 'b7c3e1a05d2f4c6b9e183f0a7d94c251b7c3' }),
  'zeros-broken': patched(ordinary, 40, Uint8Array.of(0)),
  empty: zeros(0),
  'one-byte-more': join(ordinary, zeros(1)),
  'only-zeros': zeros(56),
}

describe('.main_storage is read as its golden files say', () => {
  for (const [label, bytes] of Object.entries(cases)) {
    test(label, async () => {
      await expectGolden(`decoders/main-storage/${label}`, await examined('.main_storage', bytes))
    })
  }
})

test('a file cut at any length is refused with its length', async () => {
  for (let length = 0; length < ordinary.length; length++) {
    const found = await examined('.main_storage', ordinary.subarray(0, length))
    expect(found.traits).toEqual([])
    expect(found.refusals).toEqual([`main_storage: .main_storage of ${length} bytes; expected 56`])
  }
})

test('its name may be written in any case, and other or larger files are not opened', async () => {
  expect((await examined('Users/x/.Main_Storage', ordinary)).traits).toHaveLength(1)
  expect((await examined('main_storage', ordinary)).traits).toEqual([])
  expect((await examined('.main_storage', join(ordinary, zeros(4096)))).refusals).toEqual([])
})

test('decoding gives back what was encoded, for any victim, time and key', async () => {
  const time = fc.integer({ min: 0, max: 253_402_300_799 })
  await fc.assert(
    fc.asyncProperty(fc.uuid(), time, fc.nat(255), async (victim, nextRun, key) => {
      const found = await examined('.main_storage', mainStorageFile({ victim, nextRun: BigInt(nextRun), key }))
      expect(found.payloads).toMatchObject([{ nextRun, fields: { victim_id: victim } }])
    }),
  )
})

test('random bytes and changed files give a trait only when all of the shape holds', async () => {
  const changed = fc
    .array(fc.tuple(fc.nat(55), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((edits) => edits.reduce((file, [at, byte]) => patched(file, at, Uint8Array.of(byte)), ordinary))
  const any = fc.oneof(changed, fc.uint8Array({ minLength: 56, maxLength: 56 }))
  await fc.assert(
    fc.asyncProperty(any, async (bytes) => {
      const found = await examined('.main_storage', bytes)
      expect(found.traits.length + found.refusals.length).toBe(1)
      const text = Buffer.from(xored(bytes, bytes[36] ?? 0)).toString('latin1', 0, 48)
      expect(found.traits.length === 1).toBe(
        /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\0{12}$/i.test(text) && found.refusals.length === 0,
      )
    }),
    { numRuns: 2000 },
  )
})
