/**
 * Sizes that no honest file states: refused, or read no further than the budget, whatever lies behind them.
 */
import { describe, expect, test } from 'vitest'
import { decodersFor } from '../../../extension/decoders/examine.ts'
import { join, le, patched, zeros } from '../../support/byte-writer.ts'
import { examinationBounds, examined } from '../../support/examined.ts'
import { icon, trailer } from '../../support/icon-builder.ts'
import { machO } from '../../support/macho-builder.ts'
import { trojanisedLibrary } from '../../support/macos-malware-shapes.ts'
import { memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'
import { peImage } from '../../support/pe-builder.ts'
import { signature } from '../../support/signature-builder.ts'

const certificate = {
  signature: signature({ commonName: '3CX Ltd', serial: '1B66' }),
  stuffing: noise('stuffing', 500),
}
const program = peImage({ isDll: true, text: noise('hostile', 4096), certificate })
const view = new DataView(program.buffer, program.byteOffset)
const header = view.getUint32(0x3c, true)
const optionalSize = view.getUint16(header + 20, true)
/** Directory 4 of a 64-bit image: offset and size of the certificate table. */
const certificates = header + 24 + 112 + 4 * 8
const firstSection = header + 24 + optionalSize
const all = le(0xffff_ffff, 4)

/** Examines, and holds the examination to its budget. */
async function within(path: string, bytes: Uint8Array, file = memoryFile(bytes)) {
  const seen = await examined(path, bytes, file)
  const bounds = examinationBounds(path, bytes)
  expect(file.bytesRead).toBeLessThanOrEqual(bounds.bytes)
  expect(file.reads).toBeLessThanOrEqual(bounds.reads)
  return seen
}

describe('a program', () => {
  const path = '/Users/a/AppData/Local/Programs/3CXDesktopApp/app/d3dcompiler_47.dll'

  test('is seen to hide something as long as its sizes are true', async () => {
    expect((await within(path, program)).traits.map(({ name }) => name)).toContain('cert_padding')
  })

  test.each([
    ['of 4 GB', patched(program, certificates + 4, all)],
    ['that begins at 4 GB', patched(program, certificates, all)],
    ['of 4 GB at its own header', patched(patched(program, certificates, le(0, 4)), certificates + 4, all)],
  ])('with a certificate directory %s hides nothing', async (_, bytes) => {
    expect((await within(path, bytes)).traits).toEqual([])
    const giant = sparseFile(bytes, 8 * 1024 ** 3)
    expect((await within(path, bytes, giant)).payloads).toEqual([])
  })

  test('with sections that overlap and have 4 GB is read within the budget', async () => {
    let bytes = program
    for (let section = 0; section < 3; section++) {
      const at = firstSection + 40 * section
      bytes = patched(patched(bytes, at + 8, all), at + 16, all)
      bytes = patched(bytes, at + 20, le(0x400, 4))
    }
    await within('/Users/a/AppData/Local/Programs/3CXDesktopApp/app/ffmpeg.dll', bytes)
  })

  test('with 65,535 sections is read within the budget', async () => {
    await within('/app/ffmpeg.dll', patched(program, header + 6, le(0xffff, 2)))
  })
})

describe('a universal binary', () => {
  const path = '/Applications/3CX Desktop App.app/Contents/Frameworks/libffmpeg.dylib'
  const library = trojanisedLibrary()

  test('with 10,000 slices of the same bytes is refused', async () => {
    const row = Buffer.alloc(20)
    for (const [at, value] of [0x0100_0007, 3, 0x4_0000, library.length, 12].entries()) row.writeUInt32BE(value, at * 4)
    const count = Buffer.from('cafebabe00002710', 'hex')
    const rows = join(count, ...Array.from({ length: 10_000 }, () => Uint8Array.from(row)))
    const bytes = join(rows, zeros(0x4_0000 - rows.length), library)
    const seen = await within(path, bytes)
    expect(seen.payloads).toEqual([])
  })

  test('with load commands of 4 GB is read within the budget', async () => {
    const thin = machO({ fileType: 'dylib', data: noise('thin', 500) })
    await within(path, patched(patched(thin, 16, all), 20, all))
  })
})

describe('an icon', () => {
  test('with 100 MB of base64 behind it is not looked at', async () => {
    const size = 100 * 1024 ** 2
    const hints = { filename: 'icon1.ico', path: '/icon1.ico', kind: 'ico' as const, size }
    expect(decodersFor(hints)).toEqual([])
  })

  test('with as much base64 as an icon may have gives no address', async () => {
    const text = trailer({ text: 'https://msstorageazure.com/window' })
    const bytes = join(icon(text), 'QUFB'.repeat(200_000))
    expect((await within('/icon1.ico', bytes)).payloads.flatMap(({ urls }) => urls)).toEqual([])
  })
})
