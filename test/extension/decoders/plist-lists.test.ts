/** Lists of a property list's top dictionary, as records of macOS' directory service have them. */
import fc from 'fast-check'
import { buildBinary } from 'plist'
import { describe, expect, it } from 'vitest'
import { plistFirstTexts } from '../../../extension/decoders/plist-lists.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { be, join } from '../../support/byte-writer.ts'
import { binaryLists, binaryObjects, binaryPlist, marker, text, xmlPlist } from '../../support/plist-builder.ts'

const record = binaryLists({ name: 'carol', uid: '501', realname: 'Ca rol ä' })

/** The texts, or the refusal's words. */
function read(bytes: Uint8Array): unknown {
  const found = plistFirstTexts(bytes)
  return isRefusal(found) ? found.problem : Object.fromEntries(found)
}

describe('first texts of lists', () => {
  it('are read by key, and what is no list of a text is left out', () => {
    expect(read(record)).toEqual({ name: 'carol', uid: '501', realname: 'Ca rol ä' })
    const other = buildBinary({ name: ['carol', 'c'], uid: '501', none: [], number: [5], deep: [['x']], home: ['/h'] })
    expect(read(other)).toEqual({ name: 'carol', home: '/h' })
    expect(read(binaryPlist({ uid: '501' }))).toEqual({})
  })

  it('are refused of what is no binary list, and of one whose top is none', () => {
    expect(read(join(xmlPlist({ uid: '501' })))).toBe('not a binary property list')
    expect(read(new Uint8Array())).toBe('not a binary property list')
    expect(read(join('bplist00'))).toMatch(/^damaged/)
    expect(read(binaryObjects([text('x')]))).toMatch(/top object is no dictionary/)
    expect(read(new Uint8Array((1 << 20) + 1))).toMatch(/expected at most/)
  })

  it('end in a loop of lists, and in texts that overlap', () => {
    const loop = [join(marker(0xd, 1), be(1, 1), be(2, 1)), text('uid'), join(marker(0xa, 1), be(2, 1))]
    expect(read(binaryObjects(loop))).toEqual({})
    const outside = [join(marker(0xd, 1), be(1, 1), be(200, 1)), text('uid')]
    expect(read(binaryObjects(outside))).toEqual({})
  })

  it('of any damaged record are texts or a refusal', () => {
    fc.assert(
      fc.property(fc.nat(record.length - 1), fc.nat(255), fc.nat(record.length), (at, byte, length) => {
        const damaged = record.slice()
        damaged[at] = byte
        for (const bytes of [damaged, record.slice(0, length)]) {
          const found = plistFirstTexts(bytes)
          if (!isRefusal(found))
            for (const [key, value] of found) expect([typeof key, typeof value]).toEqual(['string', 'string'])
        }
      }),
      { numRuns: 500 },
    )
  })
})
