/** The bootstrap of the decrypted loader, found wherever it stands, however it is cut, whatever is around it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Bootstrap,
  bootstrapLength,
  campaignExportHash,
  findBootstraps,
} from '../../../extension/processes/bootstrap.ts'
import { blobLayout, carrierBlob, ror13, smallLayout } from '../../support/carrier-payload.ts'
import { noise } from '../../support/noise.ts'

const find = (...parts: readonly Uint8Array[]): Bootstrap[] => [...findBootstraps(Buffer.concat(parts))]

const published = {
  at: 0,
  library: blobLayout.libraryAt,
  data: blobLayout.userDataAt,
  dataLength: blobLayout.userDataLength,
  exportHash: campaignExportHash,
}

/** With the bytes after which everything that is told has been said. */
const encodings = [
  { name: 'published', isLaterBootstrap: false, complete: 34 },
  { name: 'later', isLaterBootstrap: true, complete: 51 },
] as const

describe.each(encodings)('the $name bootstrap', ({ isLaterBootstrap, complete }) => {
  it('is found with the places and the export of the published build', () => {
    expect(find(carrierBlob({ isLaterBootstrap }))).toEqual([published])
  })

  it('is found behind other bytes, and twice where it stands twice', () => {
    const blob = carrierBlob({ isLaterBootstrap, layout: smallLayout })
    const before = noise('before', 1001)
    const places = find(before, blob, before, blob).map(({ at }) => at)
    expect(places).toEqual([before.length, 2 * before.length + blob.length])
  })

  it('is found with the other encoding of its copy of the address', () => {
    const blob = carrierBlob({ isLaterBootstrap })
    blob.set([0x4c, 0x8b, 0xc1], 6)
    expect(find(blob)).toEqual([published])
  })

  it('is told with the sizes and the export of another build', () => {
    const blob = carrierBlob({ isLaterBootstrap, layout: smallLayout, asksFor: 'Another', exports: ['Another'] })
    expect(find(blob)).toEqual([
      {
        at: 0,
        library: smallLayout.libraryAt,
        data: smallLayout.userDataAt,
        dataLength: smallLayout.userDataLength,
        exportHash: ror13('Another'),
      },
    ])
  })

  it('is found as soon as its last number is there, and at no length before', () => {
    const blob = carrierBlob({ isLaterBootstrap })
    for (let length = 0; length <= bootstrapLength; length++) {
      expect(find(blob.subarray(0, length)), `${length} bytes`).toEqual(length < complete ? [] : [published])
    }
  })

  it('is not found without one of its instructions', () => {
    const blob = carrierBlob({ isLaterBootstrap })
    const opcodes = isLaterBootstrap ? [0, 5, 6, 9, 14, 21, 44] : [0, 5, 6, 9, 16, 21, 28]
    for (const at of opcodes) {
      const broken = Uint8Array.from(blob.subarray(0, bootstrapLength))
      broken[at] = 0xcc
      expect(find(broken), `a breakpoint at ${at}`).toEqual([])
    }
  })
})

describe('hostile memory', () => {
  it('of any bytes is searched without an error, and gives places inside it', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(...['e80000000059', '4989c8', '4881c1', 'ba', '4981c0', '41b9', 'c7442420'].map(hex)),
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (all) => {
        const bytes = Buffer.concat(all)
        for (const { at, library, data, dataLength, exportHash } of findBootstraps(bytes)) {
          expect(bytes.indexOf(hex('e80000000059'), at)).toBe(at)
          expect([library, data, dataLength, exportHash].every(Number.isSafeInteger)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('with a damaged bootstrap never throws', () => {
    const blob = carrierBlob({ layout: smallLayout })
    fc.assert(
      fc.property(fc.nat(bootstrapLength), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(blob)
        changed[at] = byte
        expect(find(changed).length).toBeLessThan(3)
      }),
      { numRuns: 500 },
    )
  })

  it('full of starts takes linear time, and hides none that is whole', { timeout: 30_000 }, () => {
    // 1.4 million starts: what looked at the rest of the bytes from each would need hours
    const starts = Buffer.alloc(8 * 1024 * 1024 - 2, hex('e80000000059'))
    expect(find(starts, carrierBlob({ layout: smallLayout })).map(({ at }) => at)).toEqual([starts.length])
  })
})

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}
