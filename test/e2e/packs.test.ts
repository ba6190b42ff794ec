/** The shipped queries, asked of the sample images: planted rows on a compromised host, none on its clean twin. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalogue } from '../../extension/catalogue.ts'
import { openCatalogue } from '../../extension/catalogue.ts'
import { shippedPacks } from '../../extension/packs/load-packs.ts'
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
const hosts = new Map<string, Host>()

beforeAll(async () => {
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
})
