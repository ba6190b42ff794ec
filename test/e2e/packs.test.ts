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
const hunts = packs.find(({ name }) => name === 'threecx-hunt')?.queries ?? []

interface Host {
  readonly catalogue: Catalogue
  readonly sql: SqlDatabase
}

let directory: string
const hosts = new Map<string, Host>()

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-packs-'))
  for (const name of ['compromised', 'clean']) {
    const root = join(directory, name)
    plantImage('windows', root, { clean: name === 'clean' })
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
  it.each(packs.flatMap(({ queries }) => queries).map((query) => [query.pack, query.name, query] as const))(
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
})
