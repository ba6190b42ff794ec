/**
 * Rows on their way out of a table: each cell fits its column or the call fails, and every row has an id.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BoundRow,
  bigint,
  bind,
  blob,
  type Cell,
  defineTable,
  double,
  integer,
  rowid,
  text,
  unsignedBigint,
} from '../../../extension/sdk/index.ts'

const request = { constraints: new Map(), columnsUsed: undefined }

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of items) all.push(one)
  return all
}

/** A table of one row per given object; rows are taken as they come, as from JavaScript. */
async function rowsOf(rows: readonly unknown[], signal = new AbortController().signal): Promise<BoundRow[]> {
  const table = defineTable({
    name: 'cells',
    description: 'One column of each type.',
    platforms: ['linux'],
    columns: {
      t: text('Text'),
      i: integer('Integer'),
      b: bigint('Bigint'),
      u: unsignedBigint('Unsigned'),
      d: double('Double'),
      bl: blob('Blob'),
    },
    identity: ['t', 'i', 'b', 'u'],
    examples: ['SELECT * FROM cells'],
    async *generate() {
      yield* rows as never[]
    },
  })
  return gathered(bind(table, undefined).generate(request, signal))
}

const cellsOf = async (row: unknown): Promise<readonly Cell[]> => (await rowsOf([row]))[0]?.cells ?? []

describe('a bound table', () => {
  it('gives a cell for each column, TEXT as an empty text when there is none', async () => {
    expect(await cellsOf({})).toEqual(['', null, null, null, null, null])
    expect(await cellsOf({ t: null, i: null, b: undefined })).toEqual(['', null, null, null, null, null])
  })

  it('keeps values that fit, at their limits', async () => {
    const bytes = new Uint8Array([0, 255])
    expect(await cellsOf({ t: 'é', i: -(2 ** 31), b: -(2n ** 63n), u: 2n ** 63n - 1n, d: -0.5, bl: bytes })).toEqual([
      'é',
      -(2 ** 31),
      -(2n ** 63n),
      2n ** 63n - 1n,
      -0.5,
      bytes,
    ])
    expect(await cellsOf({ i: 2 ** 31 - 1, b: 2 ** 53 - 1, u: 0, d: Number.POSITIVE_INFINITY })).toEqual([
      '',
      2 ** 31 - 1,
      2 ** 53 - 1,
      0,
      Number.POSITIVE_INFINITY,
      null,
    ])
  })

  it('reads as NULL what osquery reads as NULL: unsigned from 2^63 on, and NaN', async () => {
    expect(await cellsOf({ u: 2n ** 63n, d: Number.NaN })).toEqual(['', null, null, null, null, null])
    expect(await cellsOf({ u: 2n ** 64n - 1n })).toEqual(['', null, null, null, null, null])
  })

  it.each([
    [{ i: 2 ** 31 }, 'table cells: column i is 2147483648 (number); expected a whole number of 32 bits'],
    [{ i: -(2 ** 31) - 1 }, 'column i is -2147483649'],
    [{ i: 1.5 }, 'column i is 1.5 (number)'],
    [{ i: Number.NaN }, 'column i is NaN'],
    [{ i: 5n }, 'column i is 5 (bigint)'],
    [{ i: '5' }, 'column i is "5" (string)'],
    [{ b: 2 ** 53 }, 'column b is 9007199254740992 (number)'],
    [{ b: 0.5 }, 'column b is 0.5'],
    [{ b: 2n ** 63n }, 'column b is 9223372036854775808 (bigint)'],
    [{ u: -1 }, 'column u is -1 (number); expected a safe whole number or a bigint, 0 to 2^64-1'],
    [{ u: 2n ** 64n }, 'column u is 18446744073709551616'],
    [{ d: 1n }, 'column d is 1 (bigint); expected a number'],
    [{ t: 5 }, 'column t is 5 (number); expected a string'],
    [{ bl: 'x' }, 'column bl is "x" (string); expected a Uint8Array'],
    [{ t: 'a', x: 1 }, 'table cells: a row has "x", which is no column'],
    [null, 'table cells: a row is null'],
    ['row', 'table cells: a row is row'],
  ])('refuses the row %o and says why', async (row, message) => {
    await expect(rowsOf([row])).rejects.toThrow(message)
  })

  it('repairs ill-formed UTF-16', async () => {
    expect((await cellsOf({ t: 'a\ud800b' }))[0]).toBe('a\ufffdb')
  })

  it('copies blobs, so that a buffer used twice gives two values', async () => {
    const buffer = new Uint8Array(1)
    const table = defineTable({
      name: 'reuse',
      description: 'Yields the same buffer.',
      platforms: ['linux'],
      columns: { at: integer('Number'), bytes: blob('Bytes') },
      identity: ['at'],
      examples: ['SELECT * FROM reuse'],
      async *generate() {
        for (let at = 0; at < 3; at++) {
          buffer[0] = at
          yield { at, bytes: buffer }
        }
      },
    })
    const rows = await gathered(bind(table, undefined).generate(request, new AbortController().signal))
    expect(rows.map(({ cells }) => cells[1])).toEqual([new Uint8Array([0]), new Uint8Array([1]), new Uint8Array([2])])
  })

  it('ends when the signal is aborted', async () => {
    const reason = new Error('enough')
    await expect(rowsOf([{ t: 'a' }], AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('refuses two rows of one identity, because an OR would lose one of them', async () => {
    await expect(rowsOf([{ t: 'a', i: 1 }, { t: 'b' }, { t: 'a', i: 1, d: 2 }])).rejects.toThrow(
      'table cells: two rows have the identity t "a", i "1", b "NULL", u "NULL"; add a column to identity',
    )
  })

  it('gives the same row the same id in every call', async () => {
    const [first] = await rowsOf([{ t: 'a', b: 5 }])
    const [, second] = await rowsOf([{ t: 'z' }, { t: 'a', b: 5n, d: 1 }])
    expect(second?.rowid).toBe(first?.rowid)
  })
})

describe('a rowid', () => {
  const cells = fc.oneof(
    fc.string(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.uint8Array(),
    fc.constant(null),
  )

  it('is a positive number of 63 bits', () => {
    fc.assert(
      fc.property(fc.array(cells), fc.nat(5), (identity, occurrence) => {
        const id = rowid(identity, occurrence)
        expect(id > 0n && id < 2n ** 63n).toBe(true)
        expect(rowid(identity, occurrence)).toBe(id)
      }),
    )
  })

  it('does not change between releases', () => {
    expect(rowid(['/Applications/3CX Desktop App.app', 5])).toBe(goldenIds.path)
    expect(rowid([null], 1)).toBe(goldenIds.twin)
  })

  it('tells where one value ends and the next begins', () => {
    const alike: readonly (readonly Cell[])[] = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc'],
      ['abc', ''],
      ['', 'abc'],
      ['v1:a', ''],
      ['a', 'v0:'],
      [null],
      [''],
      [null, ''],
      ['', null],
      ['n0:'],
      [],
    ]
    expect(new Set(alike.map((identity) => rowid(identity))).size).toBe(alike.length)
    fc.assert(
      fc.property(
        fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
        fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
        (a, b) => {
          fc.pre(
            JSON.stringify(a.map((one) => one.toWellFormed())) !== JSON.stringify(b.map((one) => one.toWellFormed())),
          )
          expect(rowid(a)).not.toBe(rowid(b))
        },
      ),
    )
  })

  it('is distinct for two hundred thousand paths', () => {
    const ids = new Set<bigint>()
    for (let at = 0; at < 200_000; at++) ids.add(rowid([`/usr/lib/${at}.so`]))
    expect(ids.size).toBe(200_000)
  })
})

/** Ids are stored in results that fleets compare: a change here makes every row look new. */
const goldenIds = { path: 3239900942048543006n, twin: 1554820011533707240n }
