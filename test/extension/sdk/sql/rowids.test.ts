/**
 * OR over two constraints: SQLite calls the table once per branch and drops duplicates by rowid.
 */
import { expect, it } from 'vitest'
import { text } from '../../../../extension/sdk/index.ts'
import { tableOf, withSql } from './tables.ts'

const rows = [
  { path: '/a/1', sha: 'x' },
  { path: '/a/2', sha: 'y' },
  { path: '/b/1', sha: 'z' },
  { path: '/b/2', sha: 'x' },
  { path: '/c/1', sha: 'x' },
]
const files = tableOf(
  'files',
  { path: text('Path', { index: true }), sha: text('Digest', { index: true }) },
  ['path'],
  async function* (context) {
    for (const row of rows) if (context.mayMatch('path', row.path) && context.mayMatch('sha', row.sha)) yield row
  },
)

it.each([
  ["path LIKE '/a/%' OR path LIKE '/b/%'", ['/a/1', '/a/2', '/b/1', '/b/2']],
  ["sha = 'x' OR path LIKE '/b/%'", ['/a/1', '/b/1', '/b/2', '/c/1']],
  ["path = '/a/2' OR sha = 'z'", ['/a/2', '/b/1']],
  ["path GLOB '/a/*' OR path LIKE '/A/%' OR sha IN ('x', 'y')", ['/a/1', '/a/2', '/b/2', '/c/1']],
])('WHERE %s gives every row once', async (where, paths) => {
  await withSql([files], async (database) => {
    const { rows } = await database.query(`SELECT path FROM files WHERE ${where}`)
    expect(rows.map((row) => row['path']).sort()).toEqual(paths)
  })
})

it('SELECT rowid gives the id of the row', async () => {
  await withSql([files], async (database) => {
    const { rows } = await database.query(
      "SELECT DISTINCT rowid AS id FROM files UNION SELECT rowid FROM files WHERE sha = 'x'",
    )
    expect(rows.length).toBe(5)
    expect(rows.every((row) => BigInt(String(row['id'])) > 0n)).toBe(true)
  })
})
