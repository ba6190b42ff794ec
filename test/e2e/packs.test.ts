/** The shipped queries, asked of the sample images: planted rows on a compromised host, none on its clean twin. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Catalogue } from '../../extension/catalogue.ts'
import { openCatalogue } from '../../extension/catalogue.ts'
import { shippedPacks } from '../../extension/packs/load-packs.ts'
import { type RenderedPack, renderers, withColumns } from '../../extension/packs/renderers/index.ts'
import { openLog } from '../../extension/runtime/log.ts'
import { openSql, type SqlDatabase } from '../../extension/sdk/sql/index.ts'
import { plantImage } from '../support/sample-image.ts'

const { packs } = shippedPacks()
/** Packs of queries on our tables; what asks osquery's own is tried in test/extension/packs. */
const ours = packs.filter(({ name }) => !name.endsWith('-plain'))
const hunts = packs.find(({ name }) => name === 'threecx-hunt')?.queries ?? []
const sophos = packs.find(({ name }) => name === 'sophos-2023-03')?.queries ?? []

interface Host {
  readonly catalogue: Catalogue
  readonly sql: SqlDatabase
}

let directory: string
let rendered: readonly RenderedPack[]
const hosts = new Map<string, Host>()

beforeAll(async () => {
  rendered = await withColumns(ours)
  directory = mkdtempSync(join(tmpdir(), 'threecx-packs-'))
  for (const name of ['compromised', 'clean', 'darwin', 'darwin clean']) {
    const root = join(directory, name)
    plantImage(name.startsWith('darwin') ? 'darwin' : 'windows', root, { clean: name.endsWith('clean') })
    const catalogue = await openCatalogue({ root, scope: 'places' }, openLog('silent'))
    hosts.set(name, { catalogue, sql: await openSql(catalogue.tables) })
  }
})

afterAll(async () => {
  for (const { catalogue, sql } of hosts.values()) {
    await sql.close()
    catalogue.close()
  }
  rmSync(directory, { recursive: true })
})

async function ask(host: string, sql: string) {
  const found = await hosts.get(host)?.sql.query(sql)
  if (!found) throw new Error(`there is no host ${host}`)
  return found
}

describe('shipped packs', () => {
  it.each(ours.flatMap(({ queries }) => queries).map((query) => [query.pack, query.name, query] as const))(
    '%s/%s is a query of our tables that keeps within its rows on a compromised host',
    async (_pack, _name, query) => {
      const { rows } = await ask('compromised', query.sql)
      expect(rows.length).toBeLessThanOrEqual(query.budget.rows)
    },
  )

  it.each(['artifacts', 'payloads', 'c2_hits', 'installs', 'executions'])(
    'threecx-hunt/%s finds what was planted',
    async (name) => {
      const query = hunts.find((one) => one.name === name)
      expect((await ask('compromised', query?.sql ?? '')).rows).not.toEqual([])
    },
  )

  it.each(hunts.filter(({ name }) => name !== 'verdict').map((query) => [query.name, query] as const))(
    'threecx-hunt/%s finds nothing on the clean twin',
    async (_name, query) => {
      expect((await ask('clean', query.sql)).rows).toEqual([])
    },
  )

  it.each([
    ['compromised', 'c2_contact'],
    ['compromised', 'malicious_files'],
    ['compromised', 'affected_versions'],
    ['darwin', 'c2_contact'],
    ['darwin', 'malicious_files'],
    ['darwin', 'affected_versions'],
    ['darwin', 'update_agent'],
  ])('on the image %s, sophos-2023-03/%s finds what was planted', async (host, name) => {
    const query = sophos.find((one) => one.name === name)
    expect((await ask(host, query?.sql ?? '')).rows).not.toEqual([])
  })

  it.each(['clean', 'darwin clean'].flatMap((host) => sophos.map((query) => [host, query.name, query] as const)))(
    'on the image %s, sophos-2023-03/%s finds nothing',
    async (host, _name, query) => {
      expect((await ask(host, query.sql)).rows).toEqual([])
    },
  )

  it('as checks for Kolide give a row and the same columns on every host, FAIL for what was planted', async () => {
    const checks = renderers.find(({ target }) => target === 'kolide')?.render(rendered) ?? []
    expect(checks.length).toBeGreaterThan(8)
    for (const { path, text } of checks) {
      const [bad, clean] = await Promise.all([ask('compromised', text), ask('clean', text)])
      const statuses = (found: typeof bad) => [...new Set(found.rows.map((row) => row['KOLIDE_CHECK_STATUS']))]
      const isFound = (await ask('compromised', sqlOf(path))).rows.length > 0
      expect([path, statuses(bad)]).toEqual([path, [isFound ? 'FAIL' : 'PASS']])
      expect([path, statuses(clean)]).toEqual([path, ['PASS']])
      expect(bad.columns).toEqual(clean.columns)
    }
  })

  it('as policies for Fleet give no row for what was planted, and one on the clean twin', async () => {
    const files = renderers.find(({ target }) => target === 'fleet')?.render(rendered) ?? []
    const policies = files.filter(({ path }) => /^policies\/(threecx-hunt|sophos)/.test(path))
    const queries = policies.flatMap(({ text }) => parse(text) as { readonly name: string; readonly query: string }[])
    const failing: string[] = []
    for (const { name, query } of queries) {
      if ((await ask('compromised', query)).rows.length === 0) failing.push(name)
      expect([name, (await ask('clean', query)).rows.length]).toEqual([name, 1])
    }
    expect(failing.length).toBeGreaterThanOrEqual(8)
  })
})

/** The statement of a query by the path of its check. */
function sqlOf(path: string): string {
  const [pack, name] = path.replace('.sql', '').split('/')
  return ours.find((one) => one.name === pack)?.queries.find((one) => one.name === name)?.sql ?? ''
}
