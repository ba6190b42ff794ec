/**
 * What makes rows fast says the same as what it replaces: ids as a set, digests as the runtime's, digits as text.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimalBytes, writeDecimal } from '../../../extension/sdk/decimal.ts'
import { RowIds } from '../../../extension/sdk/row-ids.ts'
import { rowid } from '../../../extension/sdk/rowid.ts'
import { firstBytes, maxBytes, message } from '../../../extension/sdk/short-sha256.ts'

describe('row ids seen so far', () => {
  const most = 2n ** 63n - 1n
  // Equal in one half or the other, and near each other: what would make them collide.
  const anyId = fc.oneof(
    fc.bigInt({ min: 1n, max: most }),
    fc.bigInt({ min: 1n, max: 300n }),
    fc.bigInt({ min: 1n, max: 300n }).map((id) => id << 32n),
    fc.bigInt({ min: 1n, max: 300n }).map((id) => (id << 32n) | id),
    fc.constantFrom(1n, most, 2n ** 32n, 2n ** 32n - 1n, 2n ** 31n),
  )

  it('are those of a Set', () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 2000 }), (all) => {
        const [ours, set] = [new RowIds(), new Set<bigint>()]
        for (const id of all) {
          expect(ours.add(id)).toBe(!set.has(id))
          set.add(id)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('stay apart in the hundred thousands', () => {
    const ids = new RowIds()
    let twins = 0
    for (let round = 0; round < 2; round++) {
      for (let at = 1n; at <= 200_000n; at++) if (!ids.add((at << 31n) + at)) twins++
    }
    expect(twins).toBe(200_000)
  })
})

describe('short digests', () => {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest().readBigUInt64BE(0)

  it("are the runtime's, at every length", () => {
    for (let length = 0; length <= maxBytes; length++) {
      const bytes = Buffer.alloc(length).map((_, at) => (at * 31 + length) & 0xff)
      message.fill(0xa5)
      message.set(bytes)
      expect(firstBytes(length)).toBe(digest(bytes))
    }
  })

  it('make the same row id as the long way, whichever is taken', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom(
        '\ud800',
        'é'.repeat(200),
        '桌'.repeat(330),
        'é'.repeat(5),
        'é'.repeat(50),
        'a'.repeat(328),
        'a'.repeat(329),
        'a'.repeat(5000),
      ),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer(),
      fc.double(),
      fc.uint8Array({ maxLength: 40 }),
      fc.constant(null),
    )
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 5 }), fc.nat(3), (identity, occurrence) => {
        const parts = identity.map((one) => {
          const bytes = one instanceof Uint8Array ? one : Buffer.from(one === null ? '' : String(one))
          return Buffer.concat([Buffer.from(`${one === null ? 'n' : 'v'}${bytes.length}:`), bytes])
        })
        if (occurrence > 0) parts.push(Buffer.from(`#${occurrence}`))
        expect(rowid(identity, occurrence)).toBe(digest(Buffer.concat(parts)) & (2n ** 63n - 1n))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('decimal digits', () => {
  it('are those of the text', () => {
    const edges = Array.from({ length: 16 }, (_, power) => [10 ** power - 1, 10 ** power, 10 ** power + 1]).flat()
    const values = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(),
      fc.constantFrom(...edges, 0, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
    )
    fc.assert(
      fc.property(values, fc.nat(8), (value, at) => {
        const bytes = Buffer.alloc(8 + decimalBytes, 0x2e)
        const end = writeDecimal(bytes, at, value)
        expect(bytes.toString('latin1')).toBe('.'.repeat(at) + String(value) + '.'.repeat(8 + decimalBytes - end))
      }),
      { numRuns: 2000 },
    )
  })
})
