/**
 * osquery's version collations: the order they give, in columns that carry them and in ORDER BY.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { integer, text } from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase } from '../../../../extension/sdk/sql/index.ts'
import { type RecordedCall, recordingTable } from './tables.ts'

const calls: RecordedCall[] = []
const versions = recordingTable(
  'versions',
  { n: integer('Number'), version: text('Version', { collate: 'version', index: true }) },
  ['n'],
  ['10.0', '9.1', '9.1.2', '9-1', '9.10'].map((version, n) => ({ n, version })),
  calls,
)
const needed = recordingTable(
  'needed',
  { version: text('Version', { collate: 'version_rhel', required: true }) },
  ['version'],
  [{ version: '1.0-1' }, { version: '1.1' }],
  calls,
)
let database: SqlDatabase
beforeAll(async () => {
  database = await openSql([versions, needed])
})
afterAll(() => database.close())

/** -1, 0 or 1, asked both ways round. */
async function order(collation: string, left: string, right: string): Promise<number> {
  const compare = async (one: string, other: string) =>
    (
      await database.query(
        `SELECT (? > b COLLATE ${collation}) - (? < b COLLATE ${collation}) AS o FROM (SELECT ? AS b)`,
        {
          params: [one, one, other],
        },
      )
    ).rows[0]?.['o'] as number
  const found = await compare(left, right)
  expect(await compare(right, left)).toBe(found === 0 ? 0 : -found)
  return found
}

describe('collation', () => {
  // What each of the four says, in this order: version, version_arch, version_dpkg, version_rhel.
  it.each<[string, string, readonly number[]]>([
    ['1.2', '1.2', [0, 0, 0, 0]],
    ['', '1', [-1, -1, -1, -1]],
    ['9.1', '10.0', [-1, -1, -1, -1]],
    ['1.9', '1.10', [-1, -1, -1, 1]],
    ['1.9.0', '1.10.0', [-1, -1, -1, -1]],
    ['18.12.416', '18.12.407', [1, 1, 1, 1]],
    ['1.2.1', '1.3', [-1, 1, -1, -1]],
    ['', '~', [-1, -1, -1, -1]],
    ['1.2', '1.2.1', [-1, -1, -1, -1]],
    ['1.2', '1-2', [0, 0, 1, 1]],
    ['1.2~rc1', '1.2', [1, -1, 1, -1]],
    ['1.2^git', '1.2', [1, 1, 1, 1]],
    ['1.2-3', '1.2', [1, 0, 1, 0]],
    ['1:1.0', '2.0', [-1, 1, 1, 1]],
    ['10:1', '9:1', [1, 1, 1, 1]],
    ['1.a', '1.bb', [-1, -1, -1, -1]],
    ['1.éa.0', '1.zzz.0', [-1, -1, -1, -1]],
  ])('of %j and %j', async (left, right, expected) => {
    const found: number[] = []
    for (const name of ['version', 'version_arch', 'version_dpkg', 'version_rhel'])
      found.push(await order(name, left, right))
    expect(found).toEqual(expected)
  })

  it('of a column orders it, compares it and finds equal versions that are written differently', async () => {
    const list = async (rest: string) =>
      (await database.query(`SELECT version FROM versions ${rest}`)).rows.map((row) => row['version'])
    expect(await list('ORDER BY version, n')).toEqual(['9.1', '9-1', '9.1.2', '9.10', '10.0'])
    expect(await list("WHERE version < '9.2' ORDER BY n")).toEqual(['9.1', '9.1.2', '9-1'])
    calls.length = 0
    expect(await list("WHERE version = '9.1' ORDER BY n")).toEqual(['9.1', '9-1'])
    expect(calls.map((call) => call.constraints)).toEqual([[]])
  })

  it('satisfies a required column, though the value is not passed on', async () => {
    calls.length = 0
    expect((await database.query("SELECT * FROM needed WHERE version = '1.0'")).rows).toEqual([{ version: '1.0-1' }])
    expect(calls.map((call) => call.constraints)).toEqual([[]])
    await expect(database.query('SELECT * FROM needed')).rejects.toThrow(
      'Table needed was queried without a required column in the WHERE clause',
    )
  })
})
