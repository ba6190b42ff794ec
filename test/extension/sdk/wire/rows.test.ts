/**
 * The encoder's bytes are those of Apache's own package, whatever the rows.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cell } from '../../../../extension/sdk/columns.ts'
import generatedTypes from '../../../../extension/sdk/generated/osquery_types.js'
import { messageTypes } from '../../../../extension/sdk/wire/message.ts'
import { MemoryProtocol, MemoryTransport } from '../../../../extension/sdk/wire/protocol.ts'
import { responsePieces } from '../../../../extension/sdk/wire/response.ts'
import { type EncodedRows, encodeMaps, RowEncoder } from '../../../../extension/sdk/wire/rows.ts'

type Text = string | Buffer
const { ExtensionResponse } = generatedTypes as unknown as {
  ExtensionResponse: new (from: object) => { write(output: MemoryProtocol): void }
}
const status = { code: 0, message: 'OK' }

/** The whole reply as the package writes it. */
function written(rows: readonly Readonly<Record<string, Text>>[]): Buffer {
  const transport = new MemoryTransport()
  const output = new MemoryProtocol(transport) as MemoryProtocol & {
    writeMessageBegin(method: string, type: number, seqid: number): void
    writeFieldBegin(name: string, type: number, id: number): void
    writeFieldStop(): void
  }
  output.writeMessageBegin('call', messageTypes.reply, 0)
  output.writeFieldBegin('success', 12, 0)
  new ExtensionResponse({ status: { ...status, uuid: 4711n }, response: rows }).write(output)
  output.writeFieldStop()
  return transport.take()
}

function ours(rows: EncodedRows): Buffer {
  expect(rows.pieces.reduce((sum, { length }) => sum + length, 0)).toBe(rows.bytes)
  return Buffer.concat(responsePieces('call', 0, { status, rows }, 4711n))
}

/** Text as osquery gets it; undefined where the key is left out. */
function textOf(cell: Cell | undefined): Text | undefined {
  if (cell === null || cell === undefined) return undefined
  return cell instanceof Uint8Array ? Buffer.from(cell) : String(cell)
}

function textRows(keys: readonly string[], rows: readonly (readonly Cell[])[]): Record<string, Text>[] {
  return rows.map((row) =>
    Object.fromEntries(
      keys.flatMap((key, at) => {
        const text = textOf(row[at])
        return text === undefined ? [] : [[key, text] as const]
      }),
    ),
  )
}

/** Compared as a whole: a difference of megabytes is not worth showing. */
function expectSame(encoded: EncodedRows, rows: readonly Readonly<Record<string, Text>>[]): void {
  const [a, b] = [ours(encoded), written(rows)]
  if (!a.equals(b)) expect(a.toString('hex').slice(0, 4000)).toBe(b.toString('hex').slice(0, 4000))
  expect(a.equals(b)).toBe(true)
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom('\0', '\u007f', '\u0080', 'é', '\u07ff', '\u0800', '€', '\ud800', '\udc00', '𝒳'),
    maxLength: 60,
  }),
  // Around the length at which the way of copying changes.
  fc.integer({ min: 40, max: 56 }).chain((length) => fc.constantFrom('a'.repeat(length), `${'a'.repeat(length)}é`)),
)
const anyCell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant(null),
  anyText,
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 80 }),
)
const anyKeys = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', 'é', 'z'), minLength: 1, maxLength: 6 }),
  { maxLength: 8 },
)

function encoded(keys: readonly string[], rows: readonly (readonly Cell[])[]): EncodedRows {
  const encoder = new RowEncoder(keys)
  for (const row of rows) encoder.add(row)
  expect(encoder.count).toBe(rows.length)
  return encoder.finish()
}

describe('encoded rows', () => {
  it('are those of the package, for any cells', () => {
    const table = anyKeys.chain((keys) =>
      fc.tuple(
        fc.constant(keys),
        fc.array(fc.array(anyCell, { minLength: keys.length, maxLength: keys.length }), { maxLength: 12 }),
      ),
    )
    fc.assert(
      fc.property(table, ([keys, rows]) => expectSame(encoded(keys, rows), textRows(keys, rows))),
      { numRuns: 500 },
    )
  })

  it('are those of the package across the borders of pieces', () => {
    const mebibyte = 1 << 20
    const third = Math.floor(mebibyte / 3)
    const lengths = fc.oneof(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 4000, max: 4200 }),
      fc.integer({ min: third - 20, max: third + 20 }),
      fc.integer({ min: mebibyte - 40, max: mebibyte + 40 }),
      fc.integer({ min: mebibyte, max: 3 * mebibyte }),
    )
    const long = fc
      .tuple(lengths, fc.constantFrom('a', 'é', '€', '\ud800'))
      .map(([length, unit]) => unit.repeat(length))
    const bytes = lengths.map((length) => new Uint8Array(length).fill(0xfe))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), long, bytes), { minLength: 1, maxLength: 4 }), (rows) =>
        expectSame(encoded(['n', 'text', 'blob'], rows), textRows(['n', 'text', 'blob'], rows)),
      ),
      { numRuns: 40 },
    )
  })

  it('are those of the package for many small rows', () => {
    const rows = Array.from({ length: 60_000 }, (_, at): Cell[] => [at, `row ${at}`, at % 3 === 0 ? null : 'x'])
    const keys = ['id', 'name', 'maybe']
    const all = encoded(keys, rows)
    expect(all.pieces.length).toBeGreaterThan(2)
    expectSame(all, textRows(keys, rows))
  })

  it('given as maps are those of the package, each with keys of its own', () => {
    const maps = fc.array(fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), anyText, { noNullPrototype: true }))
    fc.assert(fc.property(maps, (rows) => expectSame(encodeMaps(rows), rows)))
  })

  it('given as maps share their pieces', () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => ({ id: String(at), name: `row ${at}` }))
    const all = encodeMaps(rows)
    expectSame(all, rows)
    expect(all.pieces.length).toBeLessThan(4)
  })

  it('can be marked when all of them are known', () => {
    const rows = fc.array(fc.tuple(anyText, fc.integer({ min: 0, max: 400_000 })), { maxLength: 6 })
    fc.assert(
      fc.property(rows, (some) => {
        const encoder = new RowEncoder(['text', 'long', 'mark'])
        const cells = some.map(([text, length]): Cell[] => [text, 'x'.repeat(length), 0])
        for (const row of cells) encoder.add(row)
        const marked = cells.map((row) => [...row.slice(0, 2), 1] as const)
        expectSame(encoder.finish('1'), textRows(['text', 'long', 'mark'], marked))
      }),
    )
  })

  it('of an empty answer are those of the package', () => {
    expectSame(encoded(['a'], []), [])
    expectSame(encoded([], [[], []]), [{}, {}])
    expectSame(encoded(['a', 'b'], [[null, null]]), [{}])
  })

  it('never have leading zeros or fractions that were not given', () => {
    const [piece] = encoded(['a', 'b', 'c', 'd'], [[-0, 10, 1e21, 2n ** 64n - 1n]]).pieces
    expect(String(piece?.filter((byte) => byte > 0x1f))).toBe(String(Buffer.from('a0b10c1e+21d18446744073709551615')))
  })
})
