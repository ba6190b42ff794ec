/**
 * Who answers the queries of packs for `threecx packs run`: the embedded engine over our tables and osquery's own as far
 * as they can be answered without one, or an osquery.
 */
import type { Catalogue } from '../extension/catalogue.ts'
import type { ConstructedTable } from '../extension/domain/constructed-table.ts'
import { HunterError } from '../extension/domain/errors.ts'
import type { HuntingQuery } from '../extension/domain/hunting-query.ts'
import type { Platform } from '../extension/domain/platform.ts'
import { isBlinding } from '../extension/domain/scan.ts'
import type { LoadedPacks } from '../extension/packs/load-packs.ts'
import type { Answerer } from '../extension/packs/run-packs.ts'
import { needsExtension } from '../extension/packs/statement-tables.ts'
import { ManagerClient } from '../extension/sdk/client.ts'
import { openSql } from '../extension/sdk/sql/index.ts'
import type { Terminal } from './command.ts'
import { openForHunt } from './hunting.ts'
import type { huntOptions, OptionValues } from './options.ts'
import { tellTableProblems } from './table-problems.ts'

/** An answerer and what belongs to it. */
export interface OpenAnswerer {
  readonly answerer: Answerer
  /** Queries for other platforms are not asked; undefined where our tables answer for any. */
  readonly platform: Platform | undefined
  /** Whether everything that was promised was examined; asked at the end. */
  isComplete(): Promise<boolean>
  close(): Promise<void>
}

type Options = OptionValues<typeof huntOptions> & { readonly socket: string | undefined }

/** Opens what the options name, for the queries of some packs. */
export async function openAnswerer(terminal: Terminal, options: Options, loaded: LoadedPacks): Promise<OpenAnswerer> {
  const { socket } = options
  if (socket === undefined) return await embedded(terminal, options, loaded)
  if (options.root !== undefined) throw new HunterError('usage', '--root and --socket exclude each other')
  return await overSocket(socket, terminal.signal)
}

async function embedded(terminal: Terminal, options: Options, { packs }: LoadedPacks): Promise<OpenAnswerer> {
  const catalogue = await openForHunt(terminal, options, [])
  const { sql, problems } = await openTables(
    catalogue,
    packs.flatMap(({ constructed }) => constructed),
  ).catch((error: unknown) => {
    catalogue.close()
    throw error
  })
  return {
    answerer: {
      ask: async (statement, limits, signal) => await sql.query(statement, { asText: true, limits, signal }),
      hasDiscovery: false,
      refusal: (query) => (needsExtension(query.sql) ? undefined : elsewhere(query, catalogue)),
    },
    platform: undefined,
    isComplete: async () => {
      const { rows } = await sql.query('SELECT 1 FROM threecx_scans WHERE complete = 0 LIMIT 1')
      tellTableProblems(problems, terminal)
      return rows.length === 0 && problems.dropped === 0 && !problems.all.some(isBlinding)
    },
    close: async () => {
      await sql.close()
      catalogue.close()
    },
  }
}

async function openTables(catalogue: Catalogue, constructed: readonly ConstructedTable[]) {
  const { tables, problems } = catalogue.osqueryTables(constructed)
  return { sql: await openSql([...catalogue.tables, ...tables]), problems }
}

/** Our tables answer for any system anywhere; osquery's are those of the one that is looked at. */
function elsewhere({ platforms }: HuntingQuery, { volumes }: Catalogue): string | undefined {
  const platform = volumes[0]?.platform
  const isHere = platform === undefined || platforms.includes(platform)
  return isHere ? undefined : `asks osquery's tables of ${platforms.join(', ')}; this is ${platform}`
}

/** The exchange wants a deadline of its own; the signal of each query is the one that counts. */
const timeoutMs = 2 ** 31 - 1

/** osquery answers from memory; a busy one takes seconds. */
const helloMs = 30_000

async function overSocket(path: string, signal: AbortSignal): Promise<OpenAnswerer> {
  const client = new ManagerClient(path, { timeoutMs })
  try {
    await client.extensions({ signal: AbortSignal.any([signal, AbortSignal.timeout(helloMs)]) })
  } catch (cause) {
    signal.throwIfAborted()
    const why = cause instanceof Error ? cause.message : String(cause)
    const remedy = 'check that osqueryd runs with this extensions_socket and that this user may open it'
    throw new HunterError('sql_failed', `no osquery answers at ${JSON.stringify(path)} (${why}); ${remedy}`, { cause })
  }
  return {
    answerer: {
      ask: async (statement, limits, signal) => await client.queryWithin(statement, limits, { signal }),
      hasDiscovery: true,
      refusal: () => undefined,
    },
    platform: here(),
    isComplete: async () => true,
    close: async () => {},
  }
}

/** Anything that is neither Windows nor macOS counts as Linux: osquery has no other packages. */
function here(): Platform {
  if (process.platform === 'win32') return 'windows'
  return process.platform === 'darwin' ? 'darwin' : 'linux'
}
