/** Images that osquery's tables are asked over: one database per system, opened by the first question. */
import { type Catalogue, openCatalogue } from '../../../extension/catalogue.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import type { TableProblems } from '../../../extension/osquery-tables/index.ts'
import { openLog } from '../../../extension/runtime/log.ts'
import { openSql, type SqlDatabase } from '../../../extension/sdk/sql/index.ts'

interface Host {
  readonly catalogue: Catalogue
  readonly problems: TableProblems
  readonly database: SqlDatabase
}

/** The images below the roots that `rootOf` tells. */
export class AskedImages {
  readonly #hosts = new Map<Platform, Promise<Host>>()
  readonly #rootOf: (platform: Platform) => string

  constructor(rootOf: (platform: Platform) => string) {
    this.#rootOf = rootOf
  }

  /** The rows of a statement, and everything that the tables could not look into so far. */
  async ask(platform: Platform, sql: string) {
    const host = this.#hosts.get(platform) ?? this.#open(platform)
    this.#hosts.set(platform, host)
    const { database, problems } = await host
    return { rows: (await database.query(sql)).rows, problems: problems.all }
  }

  async close(): Promise<void> {
    for (const host of this.#hosts.values()) {
      const { database, catalogue } = await host
      await database.close()
      catalogue.close()
    }
  }

  async #open(platform: Platform): Promise<Host> {
    const root = this.#rootOf(platform)
    const catalogue = await openCatalogue({ root, platform, scope: 'places' }, openLog('silent'))
    const { tables, problems } = catalogue.osqueryTables([])
    return { catalogue, problems, database: await openSql(tables) }
  }
}
