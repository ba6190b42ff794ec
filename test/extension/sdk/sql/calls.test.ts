/**
 * Which calls a query makes: the battery that was run against osquery 5.23, with the calls osquery made.
 *
 * Four differences are deliberate. LIMIT and OFFSET (operators 73 and 74) are left out: no table may filter by them,
 * and in osquery they satisfy a required column by accident. A constraint on an alias of a column arrives under the
 * column's name; osquery drops it. A TEXT column compared with a number, and blobs, are not passed on, because
 * SQLite's comparison is wider than the text that would be. An equality under another collation than the column's is
 * not passed on either.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bigint, blob, double, integer, text, unsignedBigint } from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../../extension/sdk/sql/index.ts'
import { type RecordedCall, recordingTable } from './tables.ts'

const calls: RecordedCall[] = []
const sample = recordingTable(
  'sample',
  { id: integer('Id'), name: text('Name'), score: double('Score'), big: bigint('Big') },
  ['id', 'name'],
  [
    { id: 1, name: 'alpha', score: 0.5, big: 1 },
    { id: 1, name: 'beta', score: 1.5, big: 1099511627777 },
    { id: 2, name: 'gamma', score: 2.5, big: 2 },
    { id: 3, name: 'delta', score: 3.5, big: 3 },
  ],
  calls,
)
const opts = recordingTable(
  'opts',
  {
    req: text('Required', { required: true }),
    idx: text('Index', { index: true }),
    add: text('Additional', { additional: true }),
    opt: integer('Hidden integer', { hidden: true }),
    hid: text('Hidden', { hidden: true }),
    plain: text('Plain'),
    reqopt: integer('Required, optimized', { required: true, optimized: true }),
  },
  ['req'],
  [
    { req: 'r1', idx: 'i1', add: 'a1', opt: 1, hid: 'h1', plain: 'p1', reqopt: 5 },
    { req: 'r2', idx: 'i2', add: 'a2', opt: 2, hid: 'h2', plain: 'p2', reqopt: 6 },
  ],
  calls,
)
const opts2 = recordingTable(
  'opts2',
  {
    idx: text('Index', { index: true }),
    idxopt: integer('Index, optimized', { index: true, optimized: true }),
    add: text('Additional', { additional: true }),
    hid: text('Hidden', { hidden: true }),
    hidadd: text('Hidden, additional', { hidden: true, additional: true }),
    plain: text('Plain'),
    nocase: text('Nocase', { collate: 'nocase' }),
    rtrim: text('Rtrim', { collate: 'rtrim' }),
    namedopt: text('Text index, optimized', { index: true, optimized: true, aliases: ['old_name'] }),
  },
  ['idx'],
  [
    { idx: 'i1', idxopt: 1, add: 'a1', hid: 'h1', hidadd: 'x1', plain: 'p1', nocase: 'nc', namedopt: 'n1' },
    { idx: 'i2', idxopt: 2, add: 'a2', hid: 'h2', hidadd: 'x2', plain: 'p2', nocase: 'NC', namedopt: 'n2' },
  ],
  calls,
)
const reqonly = recordingTable(
  'reqonly',
  { q: text('Q', { required: true }), v: text('V') },
  ['q'],
  [{ q: 'abc', v: 'x' }],
  calls,
)
const alltypes = recordingTable(
  'alltypes',
  { t: text('T'), i: integer('I'), b: bigint('B'), u: unsignedBigint('U'), d: double('D'), bl: blob('Bl') },
  ['t'],
  [{ t: 'a', b: -(2n ** 63n), d: 1500 }],
  calls,
)
const wide = recordingTable(
  'wide',
  Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`c${at}`, text('Column')])),
  ['c0'],
  [Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`c${at}`, String(at)]))],
  calls,
)

let database: SqlDatabase
beforeAll(async () => {
  database = await openSql([sample, opts, opts2, reqonly, alltypes, wide])
})
afterAll(() => database.close())

/** The calls of a query as text: `table column op expr, column op expr`. */
async function callsOf(sql: string): Promise<string[]> {
  calls.length = 0
  await database.query(sql)
  return calls.map(({ table, constraints }) => `${table} ${constraints.map((one) => one.join(' ')).join(', ')}`.trim())
}

describe('the calls of a query', () => {
  it.each<[sql: string, ...calls: string[]]>([
    ['SELECT * FROM sample', 'sample'],
    ['SELECT count(*) FROM sample', 'sample'],
    ["SELECT id FROM sample WHERE name = 'beta'", 'sample name 2 beta'],
    ['SELECT * FROM sample WHERE id = 2', 'sample id 2 2'],
    ["SELECT * FROM sample WHERE id = '2'", 'sample id 2 2'],
    ['SELECT * FROM sample WHERE id = 2.5', 'sample id 2 2.5'],
    ['SELECT * FROM sample WHERE id = 1.0', 'sample id 2 1.0'],
    ["SELECT * FROM sample WHERE id = '0x1'", 'sample id 2 0x1'],
    ["SELECT * FROM sample WHERE id = 'abc'", 'sample id 2 abc'],
    ['SELECT * FROM sample WHERE id = -1', 'sample id 2 -1'],
    ['SELECT * FROM sample WHERE id IN (1,2,3)', 'sample id 2 1', 'sample id 2 2', 'sample id 2 3'],
    ["SELECT * FROM sample WHERE name IN ('gamma','beta')", 'sample name 2 beta', 'sample name 2 gamma'],
    ["SELECT * FROM sample WHERE name IN ('beta')", 'sample name 2 beta'],
    [
      "SELECT * FROM sample WHERE name IN (SELECT 'beta' UNION SELECT 'gamma')",
      'sample name 2 beta',
      'sample name 2 gamma',
    ],
    ["SELECT * FROM sample WHERE name NOT IN ('beta')", 'sample'],
    ["SELECT * FROM sample WHERE name LIKE 'b%'", 'sample name 65 b%'],
    ["SELECT * FROM sample WHERE name NOT LIKE 'b%'", 'sample'],
    ["SELECT * FROM sample WHERE name LIKE 'b\\%' ESCAPE '\\'", 'sample'],
    ["SELECT * FROM sample WHERE 'b' LIKE name", 'sample'],
    ["SELECT * FROM sample WHERE name GLOB 'b*'", 'sample name 66 b*'],
    ['SELECT * FROM sample WHERE id >= 2', 'sample id 32 2'],
    ['SELECT * FROM sample WHERE id > 1 AND id < 4', 'sample id 4 1, id 16 4'],
    ["SELECT * FROM sample WHERE id <= 2 AND name = 'beta'", 'sample id 8 2, name 2 beta'],
    ['SELECT * FROM sample WHERE id BETWEEN 1 AND 3', 'sample id 32 1, id 8 3'],
    ["SELECT * FROM sample WHERE name >= 'beta'", 'sample'],
    ["SELECT * FROM sample WHERE name BETWEEN 'a' AND 'c'", 'sample'],
    ['SELECT * FROM sample WHERE score >= 1.5', 'sample score 32 1.5'],
    ['SELECT * FROM sample WHERE score = 1.5', 'sample score 2 1.5'],
    ['SELECT * FROM sample WHERE big = 1099511627777', 'sample big 2 1099511627777'],
    ["SELECT * FROM sample WHERE id = 1 AND name = 'beta' AND score = 1.5", 'sample id 2 1, name 2 beta, score 2 1.5'],
    ["SELECT * FROM sample WHERE (id, name) = (1, 'beta')", 'sample id 2 1, name 2 beta'],
    ["SELECT * FROM sample WHERE id = 1 OR name = 'gamma'", 'sample id 2 1', 'sample name 2 gamma'],
    ['SELECT * FROM sample WHERE id = 1 OR id = 3', 'sample id 2 1', 'sample id 2 3'],
    ['SELECT * FROM sample WHERE name IS NULL', 'sample'],
    ['SELECT * FROM sample WHERE name IS NOT NULL', 'sample'],
    ["SELECT * FROM sample WHERE name IS 'beta'", 'sample name 72 beta'],
    ["SELECT * FROM sample WHERE name IS NOT 'beta'", 'sample name 69 beta'],
    ["SELECT * FROM sample WHERE name != 'beta'", 'sample name 68 beta'],
    ["SELECT * FROM sample WHERE name = ''", 'sample'],
    ["SELECT * FROM sample WHERE upper(name) = 'BETA'", 'sample'],
    ['SELECT * FROM sample WHERE id & 1', 'sample'],
    ['SELECT * FROM sample WHERE NOT id = 1', 'sample'],
    ["SELECT * FROM sample WHERE name = 'o’brien é'", 'sample name 2 o’brien é'],
    ["SELECT * FROM sample WHERE name = 'it''s \"q\" \\ back'", 'sample name 2 it\'s "q" \\ back'],
    ['SELECT * FROM sample WHERE id = (SELECT 1)', 'sample id 2 1'],
    ['SELECT * FROM sample WHERE rowid = 1', 'sample'],
    ['SELECT rowid, * FROM sample', 'sample'],
    ['SELECT * FROM sample ORDER BY name DESC', 'sample'],
    ['SELECT DISTINCT name FROM sample WHERE id > 0', 'sample id 4 0'],
    ['SELECT * FROM sample WHERE id = 1 UNION SELECT * FROM sample WHERE id = 2', 'sample id 2 1', 'sample id 2 2'],
    ["SELECT u.n, s.name FROM (SELECT 'beta' AS n) u LEFT JOIN sample s ON s.name = u.n", 'sample name 2 beta'],
    [
      "WITH x(n) AS (VALUES('alpha'),('beta')) SELECT * FROM x JOIN sample ON name = n",
      'sample name 2 alpha',
      'sample name 2 beta',
    ],
    ["SELECT * FROM opts WHERE req = 'r1'", 'opts req 2 r1'],
    ['SELECT * FROM opts WHERE reqopt = 5', 'opts reqopt 2 5'],
    ["SELECT * FROM opts WHERE req IN ('r1','r2')", 'opts req 2 r1', 'opts req 2 r2'],
    ["SELECT * FROM opts WHERE req LIKE 'r%'", 'opts req 65 r%'],
    ['SELECT * FROM opts WHERE reqopt IN (5,6)', 'opts reqopt 2 5, reqopt 2 6'],
    ['SELECT * FROM opts WHERE reqopt >= 5', 'opts reqopt 32 5'],
    [
      "SELECT * FROM opts WHERE req = 'r1' AND idx = 'i1' AND \"add\" = 'a1' AND opt = 1 AND hid = 'h1' AND plain = 'p1'",
      'opts req 2 r1, idx 2 i1, add 2 a1, plain 2 p1',
    ],
    ["SELECT * FROM opts2 WHERE idx = 'i1'", 'opts2 idx 2 i1'],
    ['SELECT * FROM opts2 WHERE idxopt IN (1,2)', 'opts2 idxopt 2 1, idxopt 2 2'],
    ['SELECT * FROM opts2 WHERE idxopt IN (SELECT 1 UNION SELECT 2)', 'opts2 idxopt 2 1, idxopt 2 2'],
    ['SELECT * FROM opts2 WHERE idxopt IN (1, NULL)', 'opts2 idxopt 2 1'],
    ["SELECT * FROM opts2 WHERE idxopt IN ('')", 'opts2'],
    ['SELECT * FROM opts2 WHERE idxopt = 1', 'opts2 idxopt 2 1'],
    ["SELECT * FROM opts2 WHERE namedopt IN ('n2','n1','')", 'opts2 namedopt 2 , namedopt 2 n1, namedopt 2 n2'],
    ["SELECT * FROM opts2 WHERE idx IN ('i1','i2')", 'opts2 idx 2 i1', 'opts2 idx 2 i2'],
    ["SELECT * FROM opts2 WHERE idx IN ('i1','')", 'opts2', 'opts2 idx 2 i1'],
    ['SELECT * FROM opts2 WHERE "add" = \'a1\'', 'opts2 add 2 a1'],
    ["SELECT * FROM opts2 WHERE hid = 'h1'", 'opts2'],
    ["SELECT * FROM opts2 WHERE hidadd = 'x1'", 'opts2 hidadd 2 x1'],
    ["SELECT * FROM opts2 WHERE nocase = 'NC'", 'opts2'],
    ["SELECT * FROM opts2 WHERE rtrim = 'x'", 'opts2'],
    ["SELECT * FROM opts2 WHERE idx = 'i1' AND plain = 'p1'", 'opts2 idx 2 i1, plain 2 p1'],
    ["SELECT * FROM opts2 WHERE idx LIKE 'i%'", 'opts2 idx 65 i%'],
    ["SELECT * FROM opts2 WHERE idx >= 'i1'", 'opts2'],
    ['SELECT * FROM opts2 WHERE idxopt >= 1', 'opts2 idxopt 32 1'],
    ["SELECT * FROM reqonly WHERE q IN ('a','bb','ccc')", 'reqonly q 2 a', 'reqonly q 2 bb', 'reqonly q 2 ccc'],
    ["SELECT * FROM reqonly WHERE q = 'a' OR q = 'b'", 'reqonly q 2 a', 'reqonly q 2 b'],
    ["SELECT * FROM reqonly WHERE q = ''", 'reqonly'],
    ['SELECT * FROM reqonly WHERE q = NULL', 'reqonly'],
    ["SELECT * FROM reqonly WHERE q LIKE '%'", 'reqonly q 65 %'],
    ["SELECT * FROM reqonly WHERE q = (SELECT 'sub')", 'reqonly q 2 sub'],
    [
      "SELECT r.* FROM (SELECT 'j1' AS k UNION SELECT 'j2') x JOIN reqonly r ON r.q = x.k",
      'reqonly q 2 j1',
      'reqonly q 2 j2',
    ],
    [
      'SELECT r.*, s.name FROM sample s JOIN reqonly r ON r.q = s.name',
      'sample',
      'reqonly q 2 alpha',
      'reqonly q 2 beta',
      'reqonly q 2 gamma',
      'reqonly q 2 delta',
    ],
    ['SELECT * FROM alltypes WHERE b = -9223372036854775808', 'alltypes b 2 -9223372036854775808'],
    ['SELECT * FROM alltypes WHERE d = 1500', 'alltypes d 2 1500'],
    ["SELECT * FROM alltypes WHERE bl = x'0001'", 'alltypes'],
    ['EXPLAIN QUERY PLAN SELECT * FROM sample WHERE id = 1'],
  ])('%s', async (sql, ...expected) => {
    expect(await callsOf(sql)).toEqual(expected)
  })

  it.each<[sql: string, ...calls: string[]]>([
    ['SELECT * FROM sample LIMIT 2 OFFSET 1', 'sample'],
    ["SELECT * FROM opts2 WHERE old_name = 'n1'", 'opts2 namedopt 2 n1'],
    ['SELECT * FROM sample WHERE name = 5', 'sample'],
    ['SELECT a.id FROM sample a JOIN sample b ON b.name = a.id WHERE a.id = 2', 'sample id 2 2', 'sample'],
    ['SELECT * FROM sample WHERE name IN (SELECT id FROM sample)', 'sample', 'sample', 'sample', 'sample'],
    ['SELECT * FROM opts2 WHERE namedopt IN (SELECT id FROM sample)', 'sample', 'opts2'],
    ["SELECT * FROM alltypes WHERE bl = x'41'", 'alltypes'],
    ["SELECT * FROM sample WHERE id < x'41'", 'sample'],
    ['SELECT * FROM alltypes WHERE u = 18446744073709551615', 'alltypes u 2 1.8446744073709552e+19'],
    ['SELECT * FROM sample WHERE big = 1152921504606846977.0', 'sample big 2 1.152921504606847e+18'],
    ["SELECT * FROM sample WHERE name = 'BETA' COLLATE NOCASE", 'sample'],
  ])('differ from osquery on purpose: %s', async (sql, ...expected) => {
    expect(await callsOf(sql)).toEqual(expected)
  })

  it.each([
    'SELECT * FROM opts',
    'SELECT plain FROM opts',
    "SELECT * FROM opts WHERE req > 'a'",
    "SELECT * FROM opts WHERE idx = 'i1'",
    'SELECT * FROM opts LIMIT 1',
  ])('end before they begin without a required column: %s', async (sql) => {
    calls.length = 0
    await expect(database.query(sql)).rejects.toThrow(
      'Table opts was queried without a required column in the WHERE clause',
    )
    expect(calls).toEqual([])
  })

  it('are made per outer row of a join', async () => {
    calls.length = 0
    const { rows } = await database.query(
      'SELECT s1.id, s2.name FROM sample s1 JOIN sample s2 ON s1.id = s2.id WHERE s1.id IN (2,3)',
    )
    expect(rows).toEqual([
      { id: 2, name: 'gamma' },
      { id: 3, name: 'delta' },
    ])
    expect(calls.map(({ constraints, used }) => [constraints, used])).toEqual([
      [[['id', 2, '2']], ['id']],
      [[['id', 2, '2']], ['id', 'name']],
      [[['id', 2, '3']], ['id']],
      [[['id', 2, '3']], ['id', 'name']],
    ])
  })
})

describe('the columns a call is told of', () => {
  const usedBy = async (sql: string) => {
    calls.length = 0
    await database.query(sql)
    return calls[0]?.used
  }

  it('are those the query reads, constraints included', async () => {
    expect(await usedBy('SELECT name FROM sample')).toEqual(['name'])
    expect(await usedBy('SELECT count(*) FROM sample')).toEqual([])
    expect(await usedBy("SELECT id FROM sample WHERE name = 'beta'")).toEqual(['id', 'name'])
    expect(await usedBy('SELECT * FROM sample')).toEqual(['id', 'name', 'score', 'big'])
  })

  it('leave out hidden ones that are not named', async () => {
    expect(await usedBy("SELECT * FROM opts WHERE req = 'r1'")).toEqual(['req', 'idx', 'add', 'plain', 'reqopt'])
    expect(await usedBy("SELECT hid FROM opts WHERE req = 'r1'")).toEqual(['req', 'hid'])
  })

  it('go by the name of the column when the query uses an alias', async () => {
    expect(await usedBy('SELECT old_name FROM opts2')).toEqual(['namedopt'])
    expect((await database.query("SELECT old_name FROM opts2 WHERE old_name = 'n1'")).rows).toEqual([
      { old_name: 'n1' },
    ])
  })

  it('are all from the 64th on when one of them is read', async () => {
    expect(await usedBy('SELECT c0, c69 FROM wide')).toEqual(['c0', 'c63', 'c64', 'c65', 'c66', 'c67', 'c68', 'c69'])
    expect(await usedBy("SELECT c1 FROM wide WHERE c62 = '62'")).toEqual(['c1', 'c62'])
  })
})
