import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import { offsetOf, readPe } from '../../../extension/decoders/pe.ts'
import { readPeCertificates } from '../../../extension/decoders/pe-certificates.ts'
import { readPeVersion } from '../../../extension/decoders/pe-version.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { join, le, patched, zeros } from '../../support/byte-writer.ts'
import { carrierPayload } from '../../support/carrier-payload.ts'
import { expectGolden } from '../../support/golden.ts'
import { memoryFile, sparseFile } from '../../support/memory-file.ts'
import { headerAt, peImage, resourceDirectory, resourceRva, resourceSection } from '../../support/pe-builder.ts'
import { der, signature } from '../../support/signature-builder.ts'
import { record, versionInfo } from '../../support/version-info-builder.ts'

const version = {
  fixed: [18, 12, 416, 0] as const,
  strings: {
    CompanyName: '3CX Ltd.',
    FileVersion: '18.12.416',
    OriginalFilename: '3CXDesktopApp.exe',
    ProductName: '3CX Desktop App',
  },
}
const signed = { signature: signature({ commonName: '3CX Ltd', serial: '1B6611DF9C9A4D6ECC8ED50C9B917873' }) }
const program = peImage({ version, certificate: signed })
/** Offset of the section table, of its first row's fields, and of the data directories, in a PE32+ image. */
const tableAt = headerAt + 24 + 240
const directoriesAt = headerAt + 24 + 112

const cases: Readonly<Record<string, Uint8Array>> = {
  'ordinary-program': program,
  'ordinary-library-32-bit': peImage({ isPe32Plus: false, isDll: true, timestamp: 0x636f8000, version }),
  'no-resources': peImage(),
  'no-fixed-block': peImage({ version: { strings: { FileVersion: '18.12.407' } } }),
  'stuffed-carrier': peImage({
    isDll: true,
    version: { fixed: [10, 0, 20348, 1], strings: { OriginalFilename: 'd3dcompiler_47.dll' } },
    certificate: {
      signature: signature({ commonName: 'Microsoft Corporation', serial: '33000002CF6D2CC57CAA65A6D80000000002CF' }),
      stuffing: carrierPayload(),
    },
  }),
  empty: zeros(0),
  'only-mz': join('MZ'),
  'dos-program': join('MZ', zeros(200)),
  'header-beyond-end': patched(program, 0x3c, le(0xffffffff, 4)),
  'sections-65535': patched(program, headerAt + 6, le(0xffff, 2)),
  'sections-none': patched(program, headerAt + 6, le(0, 2)),
  'section-table-beyond-end': patched(program, headerAt + 20, le(0xffff, 2)),
  'optional-magic-unknown': patched(program, headerAt + 24, le(0x107, 2)),
  'directories-uncounted': patched(program, headerAt + 24 + 108, le(0, 4)),
  'directories-0xffffffff': patched(program, headerAt + 24 + 108, le(0xffffffff, 4)),
  'resources-at-0xffffffff': patched(program, directoriesAt + 16, le(0xffffffff, 4)),
  'resource-section-empty-in-file': patched(program, tableAt + 2 * 40 + 16, le(0, 4)),
  'resource-section-beyond-end': patched(program, tableAt + 2 * 40 + 20, le(0xfffffe00, 4)),
  'sections-overlap': patched(program, tableAt + 12, join(le(resourceRva, 4), le(0xffffffff, 4), le(0x200, 4))),
  'resource-tree-loop': peImage({
    resources: join(resourceDirectory([{ id: 16, target: 0x8000_0000 }])),
  }),
  'resource-tree-net': peImage({ resources: net() }),
  'resource-directory-0xffff-entries': peImage({ resources: join(zeros(12), le(0xffff, 2), le(0xffff, 2), zeros(64)) }),
  'resource-size-0xffffffff': peImage({
    resources: patched(resourceSection(versionInfo(version)), 76, le(0xffffffff, 4)),
  }),
  'resource-is-no-version': peImage({ resources: resourceSection(record('SOMETHING', 1, zeros(0), 0, [])) }),
  'record-length-zero': peImage({ resources: resourceSection(patched(versionInfo(version), 92, zeros(2))) }),
  'record-length-0xffff': peImage({ resources: resourceSection(patched(versionInfo(version), 92, le(0xffff, 2))) }),
  'key-named-proto': peImage({ version: { strings: { ['__proto__']: 'x', ProductName: 'y' } } }),
  'certificate-beyond-end': patched(program, directoriesAt + 36, le(0xffffffff, 4)),
  'certificate-length-zero': peImage({ certificate: { signature: zeros(0) } }),
  'certificate-is-noise': peImage({ certificate: { signature: zeros(64) } }),
  'certificate-der-too-long': peImage({
    certificate: { signature: join(le(0x3084, 2).toReversed(), le(0xffffffff, 4)) },
  }),
  'certificate-der-without-end': peImage({ certificate: { signature: join(Uint8Array.of(0x30, 0x80), zeros(62)) } }),
  'certificate-other-content': peImage({ certificate: { signature: der(0x30, der(0x06, 'abc'), der(0xa0)) } }),
}

/** Directories that all point to all others: a tree by depth, without end by breadth. */
function net(): Uint8Array {
  const places = Array.from({ length: 60 }, (_, i) => 24 + i * (16 + 60 * 8))
  const entries = places.map((at, i) => ({ id: i, target: 0x8000_0000 + at }))
  return join(
    resourceDirectory([{ id: 16, target: 0x8000_0000 + 24 }]),
    ...places.map(() => resourceDirectory(entries)),
  )
}

/** Everything that is read of a PE image, in one value. */
async function decode(bytes: Uint8Array) {
  const file = boundedFile(memoryFile(bytes))
  const image = await readPe(file)
  if (isRefusal(image)) return image
  const { sections, ...headers } = image
  return {
    ...headers,
    sections: sections.length,
    version: await readPeVersion(file, image),
    certificate: await readPeCertificates(file, image),
  }
}

describe('PE images read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/pe/${name}`, await decode(bytes))
    })
  }
})

test('hidden bytes are counted exactly', async () => {
  const alignment = -signed.signature.length & 7
  for (const length of [0, 1, 7, 8, 9, 1000]) {
    const stuffing = length > 0 ? { stuffing: new Uint8Array(length).fill(1) } : {}
    const decoded = await decode(peImage({ certificate: { ...signed, ...stuffing } }))
    const padding = alignment + length + (-length & 7)
    expect(decoded).toMatchObject({ certificate: { padding, signer: '3CX Ltd' } })
  }
})

test('an address in no section has no offset, one in the headers has its own', async () => {
  const image = await readPe(boundedFile(memoryFile(program)))
  if (isRefusal(image)) throw new Error(image.problem)
  expect(offsetOf(image, 0x10)).toBe(0x10)
  expect(offsetOf(image, 0x7fff_ffff)).toBeUndefined()
  expect(offsetOf(image, 0x1000)).toBe(0x400)
})

test('a program of 8 GiB costs as little as a small one', async () => {
  const file = sparseFile(program, 2 ** 33)
  const bounded = boundedFile(file)
  const image = await readPe(bounded)
  if (isRefusal(image)) throw new Error(image.problem)
  expect(await readPeVersion(bounded, image)).toMatchObject({ fileVersion: '18.12.416.0' })
  expect(file.bytesRead).toBeLessThan(4096)
})
