/**
 * Kinds of files by their first bytes.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fileKind, fileKinds, headLength, magics } from '../../../extension/domain/file-kind.ts'

describe('fileKind', () => {
  it.each(Object.entries(magics))('knows %s by each of its magics, at the very start only', (kind, all) => {
    for (const magic of all) {
      expect(fileKind(Buffer.from(`${magic}0011`, 'hex'))).toBe(kind)
      expect(fileKind(Buffer.from(`77${magic}`, 'hex'))).toBe('unknown')
      expect(fileKind(Buffer.from(magic.slice(0, -2), 'hex'))).toBe('unknown')
    }
  })

  it('takes what is empty, short or strange for unknown', () => {
    expect(fileKind(new Uint8Array())).toBe('unknown')
    expect(fileKind(Buffer.from('M'))).toBe('unknown')
    expect(fileKind(Buffer.from('plain text'))).toBe('unknown')
  })

  it('answers for any bytes, and looks at the head alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const kind = fileKind(bytes)
        expect(fileKinds).toContain(kind)
        expect(fileKind(bytes.subarray(0, headLength))).toBe(kind)
      }),
    )
  })

  it('has magics that fit the head and do not claim each other’s files', () => {
    const all = Object.values(magics).flat()
    for (const magic of all) {
      expect(magic).toMatch(/^([0-9a-f]{2})+$/)
      expect(magic.length).toBeLessThanOrEqual(2 * headLength)
      expect(all.filter((other) => other.startsWith(magic))).toEqual([magic])
    }
  })
})
