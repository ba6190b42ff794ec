import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import { maxSurplus, readCertificateTable } from '../../../extension/decoders/certificate-surplus.ts'
import { certificateTable } from '../../../extension/decoders/certificate-table.ts'
import type { FileHints } from '../../../extension/decoders/decoder.ts'
import { examinationBudget, examineFile } from '../../../extension/decoders/examine.ts'
import { readPe } from '../../../extension/decoders/pe.ts'
import { readPeCertificates } from '../../../extension/decoders/pe-certificates.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import type { Examination } from '../../../extension/domain/examination.ts'
import { fileKind } from '../../../extension/domain/file-kind.ts'
import type { PathText } from '../../../extension/domain/path-text.ts'
import { join, le, padTo, patched, utf16, zeros } from '../../support/byte-writer.ts'
import { type CarrierShape, carrierPayload, marker, smallLayout } from '../../support/carrier-payload.ts'
import { certificateEntry, imageWithTable, tableAt } from '../../support/certificate-table-builder.ts'
import { expectGolden } from '../../support/golden.ts'
import { digest } from '../../support/image/indicator-file.ts'
import { type MemoryFile, memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'
import { headerAt, peImage } from '../../support/pe-builder.ts'
import { der, signature } from '../../support/signature-builder.ts'

const signer = { commonName: 'Microsoft Corporation', serial: '33000002CF6D2CC57CAA65A6D80000000002CF' }
const signed = padTo(signature(signer), 8)
const small: CarrierShape = { layout: smallLayout, userData: 'https://example.invalid/x', seed: 'small' }
const smallPayload = carrierPayload(small)
const otherKey = 'another key!'

/** A signed library with bytes behind its signature. */
const stuffed = (stuffing: Uint8Array) =>
  peImage({ isDll: true, certificate: { signature: signature(signer), stuffing } })
const genuine = peImage({ isDll: true, certificate: { signature: signature(signer) } })
const carrier = stuffed(smallPayload)
const sizeAt = headerAt + 24 + 112 + 4 * 8 + 4

const cases: Readonly<Record<string, Uint8Array>> = {
  unsigned: peImage(),
  genuine,
  'genuine-with-two-signatures': imageWithTable(join(certificateEntry(signed), certificateEntry(signed))),
  'genuine-with-length-unaligned': imageWithTable(certificateEntry(signature(signer))),
  'zeros-behind-signature': stuffed(zeros(4096)),
  'seven-bytes': imageWithTable(
    certificateEntry(join(signature(signer), noise('seven', -signature(signer).length & 7))),
  ),
  'eight-bytes': imageWithTable(certificateEntry(join(signed, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)))),
  'vendor-json': stuffed(join('{"brand":"ABCD","channel":"stable"}'.repeat(8))),
  'vendor-utf-16': stuffed(utf16('brand=ABCD;ap=1.0-stable;'.repeat(10))),
  noise: stuffed(noise('padding', 5000)),
  'carrier-published': stuffed(carrierPayload()),
  'carrier-recompiled': carrier,
  'carrier-other-marker': stuffed(carrierPayload({ ...small, marker: join('NOTTHE81') })),
  'carrier-other-key': stuffed(carrierPayload({ ...small, key: otherKey })),
  'carrier-other-key-behind-zeros': stuffed(join(carrierPayload({ ...small, key: otherKey }), zeros(60_000))),
  'carrier-damaged': stuffed(smallPayload.subarray(0, 1500)),
  'false-marker-before-text': stuffed(join(marker, 'plain words '.repeat(300))),
  'marker-once': stuffed(join(marker.subarray(4), noise('once', 3000))),
  'carrier-in-an-entry-of-its-own': imageWithTable(join(certificateEntry(signed), certificateEntry(smallPayload))),
  'carrier-behind-the-entry': imageWithTable(join(certificateEntry(signed), smallPayload)),
  'carrier-in-a-false-signature': imageWithTable(
    join(certificateEntry(signed), certificateEntry(der(0x30, der(0x06, 'abc'), smallPayload))),
  ),
  'carrier-behind-40-entries': imageWithTable(
    join(...Array.from({ length: 40 }, () => certificateEntry(signed)), certificateEntry(join(signed, smallPayload))),
  ),
  'carrier-between-20-larger-stretches': imageWithTable(
    join(
      ...Array.from({ length: 20 }, (_, i) => certificateEntry(join(signed, noise(`${i}`, 4000)))),
      certificateEntry(join(signed, smallPayload)),
    ),
  ),
  'two-carriers': imageWithTable(
    join(
      certificateEntry(join(signed, smallPayload)),
      certificateEntry(join(signed, carrierPayload({ ...small, seed: 'second' }))),
    ),
  ),
  'entry-declares-too-much': imageWithTable(certificateEntry(join(signed, smallPayload), 0xffffffff)),
  'entry-declares-nothing': imageWithTable(certificateEntry(join(signed, smallPayload), 0)),
  'overlay-alone': imageWithTable(certificateEntry(signed), join(smallPayload)),
  'padding-and-overlay': imageWithTable(certificateEntry(join(signed, noise('padding', 64))), noise('overlay', 1000)),
  'payload-in-a-section': peImage({ data: smallPayload, certificate: { signature: signature(signer) } }),
  'payload-unsigned': join(peImage(), smallPayload),
  'table-of-4-gb': patched(carrier, sizeAt, le(0xffffffff, 4)),
  'table-over-the-headers': patched(carrier, sizeAt - 4, join(le(1, 4), le(carrier.length - 1, 4))),
  'headers-damaged': patched(carrier, headerAt + 6, le(0xffff, 2)),
  'table-without-signature': imageWithTable(certificateEntry(noise('no signature', 5000))),
  'table-without-signature-with-payload': imageWithTable(certificateEntry(smallPayload)),
  'table-over-the-sections': patched(genuine, sizeAt - 4, join(le(0x500, 4), le(genuine.length - 0x500, 4))),
  'dos-program': join('MZ', zeros(200)),
  empty: zeros(0),
}

function hints(bytes: Uint8Array): FileHints {
  return { filename: 'x.dll', path: 'x.dll' as PathText, kind: fileKind(bytes.subarray(0, 16)), size: bytes.length }
}

async function decode(bytes: Uint8Array, file: MemoryFile = memoryFile(bytes)) {
  return certificateTable.decode(boundedFile(file, examinationBudget), hints(bytes))
}

/** What was seen; fails for anything else. */
async function seen(bytes: Uint8Array): Promise<Examination> {
  const found = await decode(bytes)
  if (!found || isRefusal(found)) throw new Error(`nothing was seen: ${found?.problem}`)
  return found
}

describe('certificate tables read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/certificate-table/${name}`, await decode(bytes))
    })
  }
})

test('a genuine program is nothing, whatever wants to be said of it', async () => {
  expect(certificateTable.wants(hints(genuine))).toBe(true)
  expect(certificateTable.wants(hints(join('PK\x03\x04')))).toBe(false)
  expect(await examineFile(memoryFile(genuine), hints(genuine))).toEqual({ traits: [], payloads: [], refusals: [] })
})

test('padding is one payload: the decoded one, or the stored bytes', async () => {
  expect((await seen(carrier)).payloads.map((one) => one.kind)).toEqual(['carrier_payload'])
  const stuffing = padTo(noise('one', 500), 8)
  const { traits, payloads } = await seen(stuffed(stuffing))
  expect(payloads.map((one) => one.kind)).toEqual(['certificate_padding'])
  const [padding] = payloads
  const at = traits[0]?.offset ?? 0
  expect(padding?.sha256).toBe(digest('sha256', stuffed(stuffing).subarray(at, at + (traits[0]?.length ?? 0))))
})

test('every entry is told apart, and the bytes of each that belong to no signature', async () => {
  const entries = [certificateEntry(signed), certificateEntry(join(signed, noise('x', 20))), certificateEntry(zeros(3))]
  const file = boundedFile(memoryFile(imageWithTable(join(...entries), zeros(5))))
  const image = await readPe(file)
  if (isRefusal(image)) throw new Error(image.problem)
  await expectGolden('decoders/certificate-table/entries', await readPeCertificates(file, image))
})

describe('a key from elsewhere', () => {
  const unopened = stuffed(carrierPayload({ ...small, key: otherKey }))

  test('opens a payload, which stays a variant', async () => {
    const found = await readCertificateTable(boundedFile(memoryFile(unopened)), [join('wrong'), join(otherKey)])
    await expectGolden('decoders/certificate-table/carrier-other-key-given', found)
  })

  test('is tried on the largest stretches, however many there are', async () => {
    const payload = carrierPayload({ ...small, key: otherKey })
    const entries = Array.from({ length: 50 }, (_, i) => certificateEntry(noise(`${i}`, 100 + i)))
    const table = join(certificateEntry(signed), ...entries, certificateEntry(payload))
    const found = await readCertificateTable(boundedFile(memoryFile(imageWithTable(table))), [join(otherKey)])
    expect(found).toMatchObject({
      payloads: expect.arrayContaining([expect.objectContaining({ kind: 'carrier_payload' })]),
    })
  })

  test('changes nothing for a payload that the key of the campaign opens', async () => {
    const found = await readCertificateTable(boundedFile(memoryFile(carrier)), [join(otherKey)])
    expect(found).toEqual(await seen(carrier))
  })
})

describe('a table with more entries than any signer makes', () => {
  const many = (count: number, last: Uint8Array) => {
    const entry = certificateEntry(zeros(0))
    const table = zeros(count * 8)
    for (let i = 0; i < count; i++) table.set(entry, i * 8)
    return imageWithTable(join(table, last))
  }

  test('hides nothing behind 65,535 of them, and costs reads by its bytes', async () => {
    const bytes = many(65_535, certificateEntry(smallPayload))
    const file = memoryFile(bytes)
    const found = await decode(bytes, file)
    expect(found).toMatchObject({ traits: [{ name: 'cert_padding' }, { name: 'carrier_payload' }], refusals: [] })
    expect(file.reads).toBeLessThan(20)
    expect(file.bytesRead).toBeLessThan(bytes.length + 8192)
  })

  test('is read up to a bound, with a reason, in the budget of a product too', async () => {
    const bytes = many(70_000, certificateEntry(smallPayload))
    expect(await decode(bytes)).toMatchObject({
      traits: [],
      refusals: [expect.stringContaining('65536 entries of the certificate table were read, and')],
    })
    const file = boundedFile(memoryFile(bytes))
    const image = await readPe(file)
    if (isRefusal(image)) throw new Error(image.problem)
    const table = await readPeCertificates(file, image)
    expect(table).toMatchObject({ padding: 0, unread: bytes.length - tableAt - 65_536 * 8 })
  })

  test('costs twice the reads for twice the entries, and no more', async () => {
    const reads = async (count: number) => {
      const bytes = many(count, zeros(0))
      const file = memoryFile(bytes)
      await decode(bytes, file)
      return { reads: file.reads, bytes: file.bytesRead }
    }
    const [once, twice] = [await reads(30_000), await reads(60_000)]
    expect(twice.reads).toBeLessThanOrEqual(2 * once.reads)
    expect(twice.bytes).toBeLessThanOrEqual(2 * once.bytes + 4096)
  })

  test('with padding in every one is shown by its largest', async () => {
    const entries = Array.from({ length: 5000 }, (_, i) => certificateEntry(noise(`${i}`, 8 + 8 * (i % 50))))
    const { traits, payloads, refusals } = await seen(imageWithTable(join(certificateEntry(signed), ...entries)))
    expect(traits.map((trait) => trait.length)).toEqual(Array.from({ length: 16 }, () => 400))
    expect(payloads.length).toBe(16)
    expect(refusals).toEqual(['4984 more stretches of padding in the certificate table are not shown'])
  })

  test('far apart is read up to the budget, with a reason', async () => {
    const span = 80_000
    const bytes = zeros(tableAt + 600 * span)
    bytes.set(imageWithTable(zeros(0), zeros(0), 600 * span))
    for (let i = 0; i < 600; i++) bytes.set(le(span, 4), tableAt + i * span)
    const file = boundedFile(memoryFile(bytes))
    const image = await readPe(file)
    if (isRefusal(image)) throw new Error(image.problem)
    const table = await readPeCertificates(file, image)
    expect(table).toMatchObject({ unread: expect.any(Number) })
    expect(!table || isRefusal(table) ? 0 : table.entries.length).toBeGreaterThan(400)
  })
})

describe('padding beyond what is read', () => {
  test('is reported by its length alone, at the cost of a small file', async () => {
    const length = 3 * 2 ** 30
    const bytes = imageWithTable(certificateEntry(join(signed, 'hidden!!'), length), zeros(0), length)
    const file = sparseFile(bytes, tableAt + length)
    const found = await decode(bytes, file)
    expect(found).toMatchObject({
      traits: [{ name: 'cert_padding', length: length - 8 - signature(signer).length }],
      payloads: [],
      refusals: [expect.stringContaining('of the certificate table was not read')],
    })
    expect(file.bytesRead).toBeLessThan(8192)
  })

  test('at the bound is decoded still', async () => {
    const room = maxSurplus - smallPayload.length - 16
    const bytes = stuffed(join(smallPayload, zeros(room)))
    const file = memoryFile(bytes)
    const found = await decode(bytes, file)
    expect(found).toMatchObject({ payloads: [{ kind: 'carrier_payload' }] })
    expect(file.bytesRead).toBeLessThan(maxSurplus + 16_384)
  })
})

describe('a carrier that was tampered with', () => {
  test('is refused cleanly when cut at any length', async () => {
    for (let length = 0; length < carrier.length; length++) {
      const found = await decode(carrier.subarray(0, length))
      expect(found === undefined || isRefusal(found), `at ${length} bytes`).toBe(true)
      if (length >= 0x400) expect(found && isRefusal(found) && found.problem).toContain('lies outside the file')
    }
  })

  test('is refused cleanly when it became shorter while it was read', async () => {
    for (let length = 0; length < carrier.length; length += 7) {
      const found = await decode(carrier, memoryFile(carrier.subarray(0, length), carrier.length))
      const payloads = found && !isRefusal(found) ? found.payloads : []
      expect(payloads).toEqual([])
    }
  })

  test('gives an answer within the budget whatever is changed', async () => {
    const places = fc.oneof(
      fc.integer({ min: headerAt, max: headerAt + 400 }),
      fc.integer({ min: tableAt, max: tableAt + 64 }),
      fc.nat(carrier.length - 1),
    )
    const poison = fc.oneof(
      fc
        .constantFrom('00', 'ff', 'ffff', '00000000', 'ffffffff', 'ffffff7f', '00000080', '01000000')
        .map((digits) => Uint8Array.from(Buffer.from(digits, 'hex'))),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(places, poison), { minLength: 1, maxLength: 6 }), async (edits) => {
        const bytes = edits.reduce((data, [at, with_]) => patched(data, at, with_), carrier)
        const file = memoryFile(bytes)
        const found = await decode(bytes, file)
        expect(file.bytesRead).toBeLessThanOrEqual(3 * bytes.length)
        expect(file.reads).toBeLessThan(64)
        expect(JSON.stringify(found ?? null).length).toBeLessThan(100_000)
        for (const { offset, length } of found && !isRefusal(found) ? found.payloads : []) {
          expect(offset + length).toBeLessThanOrEqual(bytes.length)
        }
      }),
      { numRuns: 1500 },
    )
  })
})
