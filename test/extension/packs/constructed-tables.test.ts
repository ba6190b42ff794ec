/** Tables over databases as a pack defines them: what is taken, and what is refused with its line. */
import { describe, expect, it } from 'vitest'
import { parseConstructedTables } from '../../../extension/packs/constructed-tables.ts'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { tablesIn } from '../../../extension/packs/statement-tables.ts'

const good = { query: 'SELECT url FROM urls', path: '/home/%/History', columns: ['url'], platform: 'linux' }
const problemsOf = (table: object) =>
  parseConstructedTables(JSON.stringify({ atc: table }, null, 1)).problems.map(({ message }) => message)

describe('auto_table_construction.json', () => {
  it('gives its tables with their names', () => {
    expect(parseConstructedTables(JSON.stringify({ atc: good }))).toEqual({
      tables: [{ name: 'atc', ...good }],
      problems: [],
    })
  })

  it.each([
    [{ ...good, platform: undefined }, 'platform is undefined'],
    [{ ...good, platform: 'posix' }, 'platform is "posix"'],
    [{ ...good, path: 'History' }, 'path is "History"'],
    [{ ...good, path: 'C:\\Users\\%\\History' }, 'expected one from the root of a linux host'],
    [{ ...good, query: 'DELETE FROM urls' }, 'query is no SELECT'],
    [{ ...good, columns: [] }, 'columns is no list'],
    [{ ...good, columns: ['url', 'url'] }, 'names one twice'],
    [{ ...good, columns: ['path'] }, 'which osquery adds by itself'],
    [{ ...good, columns: ['u r l'] }, 'no snake_case name'],
    [{ ...good, shard: 5 }, '"shard" is unknown'],
  ])('refuses %j', (table, message) => {
    expect(problemsOf(table)).toEqual([expect.stringContaining(message)])
  })

  it('names the line of a table, and keeps the others', () => {
    const text = JSON.stringify({ atc: good, Bad: good }, null, 2)
    const { tables, problems } = parseConstructedTables(text)
    expect(tables.map(({ name }) => name)).toEqual(['atc'])
    expect(problems).toEqual([{ line: text.split('\n').indexOf('  "Bad": {') + 1, message: expect.any(String) }])
  })

  it('of the packs that ship is for tables that queries read, each on its platform', () => {
    for (const { constructed, queries, discovery } of shippedPacks().packs) {
      if (constructed.length === 0) continue
      expect(discovery.join()).toContain('osquery_registry')
      const read = new Set(queries.flatMap(({ sql, platforms }) => tablesIn(sql).map((name) => `${platforms} ${name}`)))
      expect(constructed.map(({ name, platform }) => `${platform} ${name}`).filter((one) => !read.has(one))).toEqual([])
    }
  })
})
