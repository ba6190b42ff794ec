/**
 * Values lose on their way what they lose in osquery, and statements are taken apart where they end.
 */
import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../../../extension/sdk/columns.ts'
import { constraint } from '../../../../extension/sdk/constraints.ts'
import { contextJson } from '../../../../extension/sdk/testing/context-json.ts'
import { remoteRowid, remoteValue } from '../../../../extension/sdk/testing/remote-values.ts'
import { statements } from '../../../../extension/sdk/testing/statements.ts'
import { readRoutes } from '../../../../extension/sdk/testing/table-routes.ts'

const values: readonly (readonly [ColumnType | undefined, string | undefined, unknown])[] = [
  ['TEXT', undefined, ''],
  ['TEXT', 'a\0b', 'a'],
  ['BLOB', 'a\0b', 'a'],
  ['INTEGER', undefined, null],
  ['INTEGER', '', null],
  ['INTEGER', 'abc', null],
  ['INTEGER', '0x1f', 31n],
  ['INTEGER', '010', 8n],
  ['INTEGER', '08', 0n],
  ['INTEGER', '12abc', 12n],
  ['INTEGER', ' -5', -5n],
  ['INTEGER', '4294967296', 0n],
  ['INTEGER', '2147483648', -2147483648n],
  ['BIGINT', '9223372036854775807', 9223372036854775807n],
  ['BIGINT', '9223372036854775808', null],
  ['BIGINT', '-9223372036854775808', -9223372036854775808n],
  ['UNSIGNED BIGINT', '18446744073709551615', null],
  ['DOUBLE', '1.5', 1.5],
  ['DOUBLE', '-1e3', -1000],
  ['DOUBLE', '1.5x', null],
  ['DOUBLE', 'NaN', null],
  ['DOUBLE', '-Infinity', -Infinity],
  ['DOUBLE', '', null],
  [undefined, 'lost', null],
]

describe('a value of an extension', () => {
  it.each(values)('%s %j is %s', (type, text, expected) => {
    expect(remoteValue(type, text)).toBe(expected)
  })

  it('has the row’s own id, or its place', () => {
    expect([remoteRowid({ rowid: '77' }, 3), remoteRowid({}, 3), remoteRowid({ rowid: 'x' }, 3)]).toEqual([77n, 3n, 3n])
  })
})

describe('the context', () => {
  it('has a bit for each of the first 63 columns that are used, and one for all others', () => {
    const routes = Array.from({ length: 70 }, (_, at) => ({ id: 'column', name: `c${at}`, type: 'TEXT', op: '0' }))
    const { columns } = readRoutes(routes)
    const context = contextJson(columns, {
      constraints: new Map([['c1', [constraint(2, 'a"b')]]]),
      columnsUsed: new Set(['c0', 'c69']),
    })
    expect(context).toContain('"colsUsedBitset":9223372036854775809}')
    expect(context).toContain('{"name":"c1","list":[{"op":2,"expr":"a\\"b"}],"affinity":"TEXT"}')
  })

  it('knows other names of columns as osquery does', () => {
    const { columns } = readRoutes([
      { id: 'column', name: 'orig', type: 'TEXT', op: '0' },
      { id: 'columnAlias', name: 'legacy', target: 'orig' },
    ])
    expect(contextJson(columns, { constraints: new Map(), columnsUsed: new Set(['legacy']) })).toBe(
      '{"constraints":[{"name":"legacy","list":[],"affinity":"UNKNOWN"},' +
        '{"name":"orig","list":[],"affinity":"TEXT"}],"colsUsed":["orig"],"colsUsedBitset":1}',
    )
  })
})

describe('a text of SQL', () => {
  it.each([
    ['', []],
    [' ;; -- nothing\n; /* ; */', []],
    ['select 1', ['select 1']],
    ['select \';\' as a; select ";" as "b;"', ["select ';' as a", ' select ";" as "b;"']],
    ["select 'it''s;'; -- end;\nselect 2;", ["select 'it''s;'", ' -- end;\nselect 2']],
    ['select [a;b], `c;d` from t /* ; */; x', ['select [a;b], `c;d` from t /* ; */', ' x']],
    ["select 'open; select 2", ["select 'open; select 2"]],
    ['select 4 - 2 / 1 [; ', ['select 4 - 2 / 1 [; ']],
  ])('%j', (sql, expected) => {
    expect(statements(sql)).toEqual(expected)
  })

  it('is taken apart in linear time', () => {
    const started = performance.now()
    expect(statements('/* '.repeat(200_000)).length).toBe(0)
    expect(statements("'".repeat(200_001)).length).toBe(1)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
