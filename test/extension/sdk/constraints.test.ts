/**
 * Requests as osquery writes them, as older ones wrote them, and as nobody should.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bigint, parseRequest, queryContext, text } from '../../../extension/sdk/index.ts'

const signal = new AbortController().signal
const request = (context: unknown) => parseRequest(JSON.stringify(context))

describe('parseRequest', () => {
  it('reads a request of osquery 5', () => {
    const { constraints, columnsUsed } = parseRequest(
      '{"constraints":[{"name":"id","list":[{"op":32,"expr":"1"},{"op":8,"expr":"3"}],"affinity":"INTEGER"},{"name":"name","list":[],"affinity":"TEXT"}],"colsUsed":["name","id"],"colsUsedBitset":18446744073709551615}',
    )
    expect(constraints.get('id')).toEqual([
      { op: 32, operator: 'greater_than_or_equals', expr: '1' },
      { op: 8, operator: 'less_than_or_equals', expr: '3' },
    ])
    expect(constraints.get('name')).toEqual([])
    expect(columnsUsed).toEqual(new Set(['name', 'id']))
  })

  it('reads operators written as digits and an empty text in place of a list', () => {
    const { constraints } = request({
      constraints: [
        { name: 'a', list: [{ op: '65', expr: '%x' }] },
        { name: 'b', list: '' },
      ],
    })
    expect(constraints.get('a')).toEqual([{ op: 65, operator: 'like', expr: '%x' }])
    expect(constraints.get('b')).toEqual([])
  })

  it('takes a missing colsUsed for all columns, and an empty one for none', () => {
    const columns = { a: text('A'), b: text('B', { aliases: ['old_b'] }) }
    const uses = (context: unknown) => {
      const seen = queryContext(columns, request(context), signal)
      return [seen.uses('a'), seen.uses('b')]
    }
    expect(uses({ constraints: [] })).toEqual([true, true])
    expect(uses({ constraints: [], colsUsed: [] })).toEqual([false, false])
    expect(uses({ constraints: [], colsUsed: ['old_b'] })).toEqual([false, true])
  })

  it.each([68, 69, 72, 73, 74, 150])('keeps operator %i by number and filters by nothing', (op) => {
    const parsed = request({ constraints: [{ name: 'a', list: [{ op, expr: '2' }] }] })
    const context = queryContext({ a: bigint('A') }, parsed, signal)
    expect(context.constraints.a).toEqual([{ op, operator: undefined, expr: '2' }])
    expect(context.mayMatch('a', 99)).toBe(true)
    expect(context.equals('a')).toBeUndefined()
  })

  it('lets an unreadable entry loosen its list rather than tighten it', () => {
    const equal = { op: 2, expr: 'x' }
    for (const broken of [
      null,
      5,
      {},
      { op: 2 },
      { op: 'two', expr: 'y' },
      { op: 2, expr: {} },
      { op: 2.5, expr: 'y' },
    ]) {
      const { constraints } = request({ constraints: [{ name: 'a', list: [equal, broken] }] })
      expect(constraints.get('a')).toEqual([])
    }
    const { constraints } = request({ constraints: [{ name: 'a', list: [equal, { op: 2, expr: 5 }] }] })
    expect(constraints.get('a')?.map((one) => one.expr)).toEqual(['x', '5'])
  })

  it('reads any JSON without throwing', () => {
    const like = fc.record(
      {
        constraints: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.oneof(fc.jsonValue(), fc.record({ name: fc.jsonValue(), list: fc.jsonValue() }))),
        ),
        colsUsed: fc.jsonValue(),
        colsUsedBitset: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), like), (context) => {
        const parsed = request(context)
        queryContext({ a: text('A') }, parsed, signal).mayMatch('a', 'x')
      }),
      { numRuns: 3000 },
    )
  })

  it('says what is wrong with a text that is no JSON', () => {
    expect(() => parseRequest('{"constraints":')).toThrow(/^cannot read the query context: .*; expected the JSON/)
    expect(() => parseRequest('')).toThrow(/cannot read the query context/)
  })

  it('is not misled by names of object members', () => {
    const parsed = request({ constraints: [{ name: '__proto__', list: [{ op: 2, expr: 'x' }] }] })
    const context = queryContext({ constructor: text('A') }, parsed, signal)
    expect(context.constraints.constructor).toEqual([])
    expect(context.mayMatch('constructor', 'y')).toBe(true)
  })
})

describe('a query context', () => {
  const columns = { path: text('Path', { index: true, aliases: ['file_path'] }), size: bigint('Size') }
  const parsed = request({
    constraints: [
      {
        name: 'path',
        list: [
          { op: 65, expr: '/a/%' },
          { op: 66, expr: '*.dll' },
        ],
      },
      { name: 'file_path', list: [{ op: 2, expr: '/a/x.dll' }] },
    ],
  })
  const context = queryContext(columns, parsed, signal)

  it('sorts constraints by kind, those of aliases included', () => {
    expect(context.equals('path')).toEqual(['/a/x.dll'])
    expect(context.likes('path')).toEqual(['/a/%'])
    expect(context.globs('path')).toEqual(['*.dll'])
    expect(context.equals('size')).toBeUndefined()
    expect(context.constraints.size).toEqual([])
  })

  it('judges values', () => {
    expect(context.mayMatch('path', '/a/x.dll')).toBe(true)
    expect(context.mayMatch('path', '/b/x.dll')).toBe(false)
    expect(context.mayMatch('size', null)).toBe(true)
  })
})
