/**
 * Unpacking: what was packed comes back, and nothing else does any harm.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { xpressHuffman } from '../../../extension/executions/xpress-huffman.ts'
import { le } from '../../support/byte-writer.ts'
import { noise } from '../../support/noise.ts'
import { xpressPacked } from '../../support/xpress-packer.ts'

/** Bytes in which short and long stretches are repeated. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 200 })), { maxLength: 12 })
  .map((runs) =>
    Uint8Array.from(
      runs.flatMap(([bytes, times]) =>
        Array<number[]>(times)
          .fill([...bytes])
          .flat(),
      ),
    ),
  )

describe('xpressHuffman', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    ['noise', noise('xpress', 5000)],
    ['several chunks of noise', noise('chunks', 150_000)],
    ['one chunk exactly', new Uint8Array(65_536).fill(1)],
    ['a match that reaches over more than 270 bytes', new Uint8Array(70_000)],
    ['text far apart', Buffer.concat([noise('a', 300), noise('b', 60_000), noise('a', 300)])],
  ])('gives %s back', (_, bytes) => {
    expect(Buffer.from(xpressHuffman(xpressPacked(bytes), bytes.length) ?? []).equals(bytes)).toBe(true)
  })

  it('gives back whatever was packed', () => {
    fc.assert(
      fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 2000 })), (bytes) => {
        expect(xpressHuffman(xpressPacked(bytes), bytes.length)).toEqual(Uint8Array.from(bytes))
      }),
      { numRuns: 200 },
    )
  })

  it('refuses what is cut, at every length', () => {
    const bytes = Buffer.from(`${'Prefetch '.repeat(40)}end`)
    const packed = xpressPacked(bytes)
    const whole = packed.length
    for (let length = 0; length < whole; length++) {
      const out = xpressHuffman(packed.subarray(0, length), bytes.length)
      // the last words only hold room for bits that need not be there
      if (out !== undefined) expect(length).toBeGreaterThanOrEqual(whole - 4)
      expect(out === undefined || Buffer.from(out).equals(bytes)).toBe(true)
    }
  })

  it('refuses more codes than there are bits for, and matches before the beginning', () => {
    const crowded = new Uint8Array(300).fill(0x11) // 512 codes of one bit
    expect(xpressHuffman(crowded, 10)).toBeUndefined()
    const backwards = new Uint8Array(300)
    backwards[128 + 8 * 5] = 0x01 // symbol 256 + 16 * 5: a match 32 or more bytes back
    expect(xpressHuffman(backwards, 10)).toBeUndefined()
  })

  it('gives exactly what was asked for or nothing, whatever the bytes are', () => {
    const packed = xpressPacked(noise('mutated', 3000))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(100_000),
        (changes, size) => {
          const mutated = packed.slice()
          for (const [at, byte] of changes) mutated[at] = byte
          const out = xpressHuffman(mutated, size)
          expect(out === undefined || out.length === size).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), fc.nat(5000), (bytes, size) => {
        const out = xpressHuffman(bytes, size)
        expect(out === undefined || out.length === size).toBe(true)
      }),
    )
  })

  it('takes lengths of four bytes', () => {
    // symbol 0 and symbol 256 + 15 (a match one byte back, of a length that follows), one bit each
    const table = new Uint8Array(256)
    table[0] = 0x01
    table[135] = 0x10
    const packed = Buffer.concat([
      table,
      le(0b0100_0000_0000_0000, 2),
      le(0, 2),
      Uint8Array.of(255, 0, 0),
      le(70_000, 4),
    ])
    expect(xpressHuffman(packed, 70_004)).toEqual(new Uint8Array(70_004))
  })
})
