/** Tables over databases: which statements are read, rows with their log, and databases that are none or damaged. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCatalogue } from '../../../extension/catalogue.ts'
import type { ConstructedTable } from '../../../extension/domain/constructed-table.ts'
import { readStatement } from '../../../extension/osquery-tables/constructed-statement.ts'
import { openLog } from '../../../extension/runtime/log.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'
import { addChromiumPages, chromiumHistoryDatabase, create } from '../../support/browser-stores.ts'

const definition: ConstructedTable = {
  name: 'atc_test',
  query: 'SELECT url, visit_count AS visits, missing FROM urls',
  path: '/home/%/History',
  columns: ['url', 'visits', 'missing'],
  platform: 'linux',
}

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-constructed-'))
  for (const user of ['ann', 'bea', 'cid', 'dan', 'eve']) mkdirSync(join(directory, 'home', user), { recursive: true })
  const page = (url: string) => ({ url, visits: [1_680_000_000, 1_680_000_001] })
  chromiumHistoryDatabase(history('ann'), [page('https://one.example/'), page('https://two.example/')]).close()
  // bea's browser runs: her newest page is in the log alone
  const live = chromiumHistoryDatabase(
    join(directory, 'live'),
    [page('https://three.example/')],
    [],
    'PRAGMA journal_mode=WAL',
  )
  live.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint=0')
  addChromiumPages(live, [page('https://four.example/')])
  copyFileSync(join(directory, 'live'), history('bea'))
  copyFileSync(join(directory, 'live-wal'), `${history('bea')}-wal`)
  live.close()
  writeFileSync(history('cid'), 'a list of kings, and no database')
  chromiumHistoryDatabase(
    history('dan'),
    Array.from({ length: 400 }, (_, at) => page(`https://${at}.example/`)),
  ).close()
  truncateSync(history('dan'), 9000)
  create(history('eve'), 'CREATE TABLE other(a); CREATE VIEW urls AS SELECT a AS url FROM other;').close()
})
afterAll(() => rmSync(directory, { recursive: true }))

const history = (user: string) => join(directory, 'home', user, 'History')

describe('a constructed table', () => {
  it('has the rows of every database with its log and its path, and names what it could not read', async () => {
    const catalogue = await openCatalogue({ root: directory, platform: 'linux', scope: 'places' }, openLog('silent'))
    const { tables, problems } = catalogue.osqueryTables([definition])
    const database = await openSql(tables)
    try {
      const { rows } = await database.query(`SELECT * FROM atc_test WHERE path NOT LIKE '%dan%'`)
      expect(rows.map((row) => [row['url'], row['visits'], row['missing'], row['path']]).sort()).toEqual([
        ['https://four.example/', '2', '', '/home/bea/History'],
        ['https://one.example/', '2', '', '/home/ann/History'],
        ['https://three.example/', '2', '', '/home/bea/History'],
        ['https://two.example/', '2', '', '/home/ann/History'],
      ])
      expect(problems.all.map(({ path, code }) => [path, code]).sort()).toEqual([
        ['/home/dan/History', 'damaged'],
        ['/home/eve/History', 'damaged'],
      ])
    } finally {
      await database.close()
      catalogue.close()
    }
  })

  it('reads columns of one table under the names that the statement gives', () => {
    expect(readStatement({ ...definition, query: 'select a,b AS c from t ;', columns: ['c'] })).toEqual({
      table: 't',
      columns: ['a', 'b'],
      names: ['a', 'c'],
    })
  })

  it.each([
    ['SELECT * FROM urls', 'no columns of one table'],
    ['SELECT url FROM urls WHERE id = 1', 'no columns of one table'],
    ['SELECT url FROM urls, visits', 'no columns of one table'],
    ['SELECT u.url FROM urls u', 'no columns of one table'],
    ['SELECT max(url) FROM urls', 'no columns of one table'],
    ['SELECT url FROM urls; DROP TABLE urls', 'no columns of one table'],
    ['SELECT url visits FROM urls', 'is no column'],
    ['SELECT url FROM urls', 'no column visits'],
  ])('refuses %s', (query, why) => {
    expect(() => readStatement({ ...definition, query })).toThrow(why)
  })
})
