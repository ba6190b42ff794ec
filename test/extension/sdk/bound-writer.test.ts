/**
 * Changes by row id: the row that is meant, the id it has afterwards, and everything that must not happen.
 */
import { describe, expect, it } from 'vitest'
import {
  bind,
  type Cell,
  ConstraintError,
  defineTable,
  parseCells,
  rowid,
  type TableWriter,
  text,
} from '../../../extension/sdk/index.ts'
import { type Stage, writable } from './writable.ts'

const { signal } = new AbortController()
const id = (key: string): bigint => rowid([key])
const cells = (key: string, number: Cell = 1): Cell[] => [key, number, null, null, null]
const row = (key: string, number: Cell = 1) => ({ text: key, integer: number, big: null, dbl: null, bytes: null })

function staged(): Stage & { readonly write: TableWriter } {
  const stage = writable()
  if (!stage.table.write) throw new Error('the table is read only')
  return Object.assign(stage, { write: stage.table.write })
}

describe('a writer', () => {
  it('inserts a row and answers with the id it is read by', async () => {
    const { write, rows, table } = staged()
    const given = await write.insert(['one', 1, 2n ** 62n, 0.5, new Uint8Array([0, 255])], signal)
    expect(given).toBe(id('one'))
    expect([...rows.values()]).toEqual([
      { text: 'one', integer: 1, big: 2n ** 62n, dbl: 0.5, bytes: new Uint8Array([0, 255]) },
    ])
    for await (const one of table.generate({ constraints: new Map(), columnsUsed: undefined }, signal))
      expect(one.rowid).toBe(given)
  })

  it('hands an update the new row and the one it replaces, and a delete the row it removes', async () => {
    const { write, told, rows } = staged()
    await write.insert(cells('one'), signal)
    expect(await write.update(id('one'), cells('one', 2), signal)).toBe(id('one'))
    expect(await write.update(id('one'), cells('uno', 3), signal)).toBe(id('uno'))
    await write.delete(id('uno'), signal)
    expect(told.slice(1)).toEqual([
      ['update', row('one', 2), row('one', 1)],
      ['update', row('uno', 3), row('one', 2)],
      ['delete', row('uno', 3)],
    ])
    expect(rows.size).toBe(0)
  })

  it('reads NULL of a TEXT column as an empty text', async () => {
    const { write, rows } = staged()
    expect(await write.insert([null, 1, null, null, null], signal)).toBe(id(''))
    expect(rows.has('')).toBe(true)
  })

  it('refuses a row whose identity is taken, before the table hears of it', async () => {
    const { write, told } = staged()
    await write.insert(cells('one'), signal)
    await write.insert(cells('two'), signal)
    const twin = 'table rw already has a row with text "one"'
    await expect(write.insert(cells('one', 9), signal)).rejects.toThrow(twin)
    await expect(write.update(id('two'), cells('one'), signal)).rejects.toThrow(twin)
    await expect(write.update(id('two'), cells('one'), signal)).rejects.toBeInstanceOf(ConstraintError)
    expect(told.length).toBe(2)
  })

  it('says that a row is gone', async () => {
    const { write, told } = staged()
    await write.insert(cells('one'), signal)
    const gone = `table rw has no row with the id ${id('two')}`
    await expect(write.update(id('two'), cells('two'), signal)).rejects.toThrow(gone)
    await expect(write.update(id('two'), cells('one'), signal)).rejects.toThrow(gone)
    await expect(write.delete(id('two'), signal)).rejects.toThrow(gone)
    expect(told.length).toBe(1)
  })

  it.each<[string, Cell[], string]>([
    ['a number for TEXT', [5, 1, null, null, null], 'column text is 5 (number); expected a string'],
    ['a text for INTEGER', ['a', '1', null, null, null], 'column integer is "1" (string)'],
    ['more than 32 bits for INTEGER', ['a', 2 ** 31, null, null, null], 'column integer is 2147483648'],
    ['a fraction for INTEGER', ['a', 1.5, null, null, null], 'column integer is 1.5'],
    ['more than 64 bits for BIGINT', ['a', 1, 2n ** 63n, null, null], 'column big is 9223372036854775808'],
    ['a bigint for DOUBLE', ['a', 1, null, 1n, null], 'column dbl is 1 (bigint)'],
    ['a text for BLOB', ['a', 1, null, null, 'x'], 'column bytes is "x" (string); expected a Uint8Array'],
    ['too few cells', ['a'], 'a row of 1 cells was given; expected 5'],
  ])('refuses %s and names the column', async (_case, given, message) => {
    const { write, told } = staged()
    await expect(write.insert(given, signal)).rejects.toThrow(message)
    expect(told).toEqual([])
  })

  it('passes on what the table throws', async () => {
    const { write } = staged()
    await expect(write.insert(cells('one', -1), signal)).rejects.toBeInstanceOf(ConstraintError)
    await expect(write.insert(cells('one', 13), signal)).rejects.toBeInstanceOf(RangeError)
  })

  it('makes one change at a time, so that of two equal inserts one fails', async () => {
    const stage = staged()
    stage.before = () => new Promise<void>((resolve) => setImmediate(resolve))
    const both = await Promise.allSettled([
      stage.write.insert(cells('one'), signal),
      stage.write.insert(cells('one'), signal),
    ])
    expect(both.map((one) => one.status)).toEqual(['fulfilled', 'rejected'])
    expect(stage.told.length).toBe(1)
  })

  it('does not begin when its signal is aborted while it waits', async () => {
    const stage = staged()
    const held = Promise.withResolvers<void>()
    stage.before = () => held.promise
    const first = stage.write.insert(cells('one'), signal)
    const stop = new AbortController()
    const second = stage.write.insert(cells('two'), stop.signal)
    stop.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    held.resolve()
    await first
    expect(stage.told.length).toBe(1)
  })

  it('says which changes a table does not offer', async () => {
    const table = defineTable({
      name: 'log',
      description: 'Lines that are only added.',
      platforms: ['linux'],
      columns: { line: text('Line') },
      identity: ['line'],
      examples: ['SELECT * FROM log'],
      async *generate() {
        yield { line: 'first' }
      },
      insert() {},
    })
    const { write } = bind(table, undefined)
    expect(await write?.insert(['x'], signal)).toBe(id('x'))
    await expect(write?.delete(id('first'), signal)).rejects.toThrow('rows of table log cannot be deleted')
    await expect(write?.update(id('first'), ['x'], signal)).rejects.toThrow('rows of table log cannot be updated')
  })

  it('is not there when a table changes nothing', () => {
    const { generate: _generate, ...rest } = {
      name: 'still',
      description: 'Never changes.',
      platforms: ['linux'] as const,
      columns: { line: text('Line') },
      identity: ['line'] as const,
      examples: ['SELECT * FROM still'] as const,
      generate: undefined,
    }
    expect(bind(defineTable({ ...rest, async *generate() {} }), undefined).write).toBeUndefined()
  })
})

describe('the cells of json_value_array', () => {
  const { columns } = writable().table

  it('keep all 64 bits, and bytes', () => {
    expect(parseCells(columns, '["one",1,9223372036854775807,0.5,"ab"]')).toEqual([
      'one',
      1,
      9223372036854775807n,
      0.5,
      new Uint8Array([97, 98]),
    ])
    expect(parseCells(columns, '["",null,-9223372036854775808,null,null]')[2]).toBe(-9223372036854775808n)
    expect(parseCells(columns, '["",null,9007199254740991,1e300,null]').slice(2, 4)).toEqual([2 ** 53 - 1, 1e300])
  })

  it('may be followed by the NULLs of column aliases', () => {
    expect(parseCells(columns, '["one",1,null,null,null,null,null]').length).toBe(5)
  })

  it.each(['', '{}', 'null', '[1', '["one"]', '["one",1,null,null,null,"alias"]', '["one",[1],null,null,null]'])(
    'are refused as %j',
    (json) => {
      expect(() => parseCells(columns, json)).toThrow('cannot read the row to write')
    },
  )
})
