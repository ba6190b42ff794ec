import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import type { FileHints } from '../../../extension/decoders/decoder.ts'
import { dropper, maxRead, maxSearched, maxTried } from '../../../extension/decoders/dropper.ts'
import { examinationBudget } from '../../../extension/decoders/examine.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import type { Examination } from '../../../extension/domain/examination.ts'
import { fileKind } from '../../../extension/domain/file-kind.ts'
import { join, le, patched, zeros } from '../../support/byte-writer.ts'
import { dropperImage, dropperKey, dropperMarker, hiddenLibrary } from '../../support/dropper-builder.ts'
import { expectGolden } from '../../support/golden.ts'
import { digest } from '../../support/image/indicator-file.ts'
import { type MemoryFile, memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'
import { headerAt, peImage } from '../../support/pe-builder.ts'
import { signature } from '../../support/signature-builder.ts'

const published = dropperImage()
const hiddenAt = published.length - hiddenLibrary.length
const signed = peImage({ certificate: { signature: signature({ commonName: 'Example', serial: '1B66' }) } })
const mask = (bytes: Uint8Array) => bytes.map((byte, i) => byte ^ (dropperKey[i % 6] ?? 0))

const cases: Readonly<Record<string, Uint8Array>> = {
  continuous: published,
  blocks: dropperImage({ block: 0x400 }),
  'key-not-in-the-file': dropperImage({ hasKey: false }),
  'length-in-the-clear': dropperImage({ gap: le(hiddenLibrary.length, 4) }),
  'length-under-the-key': dropperImage({ prefix: le(hiddenLibrary.length, 8), block: 0x400 }),
  'hidden-32-bit-program': dropperImage({ hidden: peImage({ isPe32Plus: false }) }),
  'hidden-signed-program': dropperImage({ hidden: signed }),
  'bytes-behind': join(published, noise('behind', 1000)),
  'two-programs': join(published, dropperMarker, mask(peImage())),
  'program-cut-short': published.subarray(0, -600),
  'other-key': dropperImage({ key: Uint8Array.of(1, 2, 3, 4, 5, 6) }),
  'other-key-alone': dropperImage({ key: Uint8Array.of(1, 2, 3, 4, 5, 6), hasKey: false }),
  'no-program': dropperImage({ hidden: noise('something else', 3000) }),
  'no-program-alone': dropperImage({ hidden: noise('something else', 3000), hasKey: false }),
  'dos-program': dropperImage({ hidden: join('MZ', zeros(200)), hasKey: false }),
  'headers-damaged': dropperImage({ hidden: patched(hiddenLibrary, headerAt + 6, le(0xffff, 2)) }),
  'sections-none': dropperImage({ hidden: patched(hiddenLibrary, headerAt + 6, le(0, 2)) }),
  'section-of-4-gb': dropperImage({ hidden: patched(hiddenLibrary, headerAt + 24 + 240 + 16, le(0xffff_ffff, 4)) }),
  'key-alone': peImage({ data: dropperKey }),
  'marker-alone': peImage({ data: dropperMarker }),
  'marker-at-the-end': join(peImage({ data: dropperKey }), dropperMarker),
  genuine: peImage({ text: noise('code', 4096) }),
  empty: zeros(0),
}

function hints(bytes: Uint8Array): FileHints {
  return { filename: 'Setup.exe', path: 'Setup.exe', kind: fileKind(bytes.subarray(0, 16)), size: bytes.length }
}

async function decode(bytes: Uint8Array, file: MemoryFile = memoryFile(bytes)): Promise<Examination | undefined> {
  const found = await dropper.decode(boundedFile(file, examinationBudget), hints(bytes))
  if (found && isRefusal(found)) throw new Error(`the dropper decoder does not refuse: ${found.problem}`)
  return found
}

describe('droppers read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/dropper/${name}`, await decode(bytes))
    })
  }
})

test('only programs and libraries for Windows are wanted', () => {
  expect(dropper.wants(hints(published))).toBe(true)
  expect(dropper.wants(hints(dropperMarker))).toBe(false)
})

test('the program is known by its own digest, however it is masked', async () => {
  const sha256 = digest('sha256', hiddenLibrary)
  const shape = fc.record({
    block: fc.constantFrom(0x400, Number.MAX_SAFE_INTEGER),
    gap: fc.uint8Array({ maxLength: 16 }),
    prefix: fc.uint8Array({ maxLength: 16 }),
  })
  await fc.assert(
    fc.asyncProperty(shape, fc.boolean(), async ({ block, gap, prefix }, isClear) => {
      const found = await decode(dropperImage(isClear ? { block, gap } : { block, prefix }))
      expect(found?.payloads).toMatchObject([
        { kind: 'dropper_payload', sha256, fields: { form: block === 0x400 ? 'blocks' : 'continuous' } },
      ])
    }),
    { numRuns: 300 },
  )
})

test('what straddles two pieces of a file is found once', async () => {
  const piece = 1 << 20
  const masked = join(dropperMarker, mask(hiddenLibrary))
  for (let back = 0; back <= 100; back++) {
    const bytes = patched(patched(zeros(piece + masked.length), 0, join('MZ')), piece - back, masked)
    expect(
      (await decode(bytes))?.traits.map((trait) => trait.offset),
      `${back} bytes before`,
    ).toEqual([piece - back + 4])
  }
})

describe('a dropper that is too large', () => {
  test('is searched up to a bound, and says so', async () => {
    const file = sparseFile(published, 3 * 2 ** 30)
    const found = await decode(published, file)
    expect(found?.payloads).toHaveLength(1)
    expect(found?.refusals).toEqual([expect.stringContaining(`searched up to ${maxSearched} bytes`)])
    expect(file.bytesRead).toBeLessThan(2 * published.length + 8192)
  })

  test('gives the place of a program beyond the bound without its digest', async () => {
    const large = patched(hiddenLibrary, headerAt + 24 + 240 + 16, le(maxRead, 4))
    const bytes = dropperImage({ hidden: join(large, zeros(maxRead)) })
    const file = memoryFile(bytes)
    const found = await decode(bytes, file)
    expect(found).toMatchObject({
      traits: [{ name: 'dropper_payload', offset: hiddenAt }],
      payloads: [],
      refusals: [expect.stringContaining('has no digest')],
    })
    expect(file.bytesRead).toBeLessThan(1.1 * bytes.length)
  })

  test('costs no more than the budget however many markers and false programs it has', async () => {
    const falseProgram = join(dropperMarker, mask(patched(join('MZ', zeros(62)), 0x3c, le(64, 4))))
    for (const piece of [dropperMarker, falseProgram]) {
      const bytes = zeros(2 << 20)
      bytes.set(join('MZ'))
      for (let at = 4; at + piece.length <= bytes.length; at += piece.length) bytes.set(piece, at)
      const file = memoryFile(bytes)
      const found = await decode(bytes, file)
      expect(found?.payloads ?? []).toEqual([])
      expect(file.reads).toBeLessThan(maxTried * 8 + 8)
      expect(file.bytesRead).toBeLessThan(1.1 * bytes.length + maxTried * 1024)
    }
  })
})

describe('a dropper that was tampered with', () => {
  test('is what is left of it when cut at any length', async () => {
    const headers = hiddenAt + headerAt + 24 + 240 + 3 * 40
    for (let length = 0; length < published.length; length++) {
      const found = await decode(published.subarray(0, length))
      const names = found?.traits.map((trait) => trait.name) ?? []
      if (length < headers) expect(['', 'dropper_marker'], `at ${length} bytes`).toContain(names.join())
      else expect(found?.payloads, `at ${length} bytes`).toMatchObject([{ fields: { truncated: true } }])
    }
  })

  test('gives no payload when it became shorter while it was read', async () => {
    for (let length = 0; length < published.length; length += 3) {
      const found = await decode(published, memoryFile(published.subarray(0, length), published.length))
      expect(found?.payloads ?? []).toEqual([])
    }
  })

  test('gives an answer within the budget whatever is changed', async () => {
    const places = fc.oneof(
      fc.integer({ min: hiddenAt - 8, max: hiddenAt + headerAt + 400 }),
      fc.nat(published.length - 1),
    )
    const edits = fc.array(fc.tuple(places, fc.uint8Array({ minLength: 1, maxLength: 8 })), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const bytes = changes.reduce((data, [at, with_]) => patched(data, at, with_), published)
        const file = memoryFile(bytes)
        const found = await decode(bytes, file)
        expect(file.reads).toBeLessThan(32)
        expect(file.bytesRead).toBeLessThan(3 * bytes.length)
        for (const { offset, length } of found?.payloads ?? []) {
          expect(offset + length).toBeLessThanOrEqual(bytes.length)
        }
      }),
      { numRuns: 1500 },
    )
  })
})
