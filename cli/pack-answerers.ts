/**
 * Who answers the queries of packs for `threecx packs run`: the embedded engine over our tables, or an osquery.
 */
import { HunterError } from '../extension/domain/errors.ts'
import type { Platform } from '../extension/domain/platform.ts'
import type { Answerer } from '../extension/packs/run-packs.ts'
import { needsExtension } from '../extension/packs/statement-tables.ts'
import { ManagerClient } from '../extension/sdk/client.ts'
import { openSql } from '../extension/sdk/sql/index.ts'
import type { Terminal } from './command.ts'
import { openForHunt } from './hunting.ts'
import type { huntOptions, OptionValues } from './options.ts'

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

/** Opens what the options name. */
export async function openAnswerer(terminal: Terminal, options: Options): Promise<OpenAnswerer> {
  const { socket } = options
  if (socket === undefined) return await embedded(terminal, options)
  if (options.root !== undefined) throw new HunterError('usage', '--root and --socket exclude each other')
  return await overSocket(socket, terminal.signal)
}

async function embedded(terminal: Terminal, options: Options): Promise<OpenAnswerer> {
  const catalogue = await openForHunt(terminal, options, [])
  const sql = await openSql(catalogue.tables).catch((error: unknown) => {
    catalogue.close()
    throw error
  })
  return {
    answerer: {
      ask: async (statement, limits, signal) => await sql.query(statement, { asText: true, limits, signal }),
      hasDiscovery: false,
      refusal: (query) => (needsExtension(query.sql) ? undefined : 'on tables of osquery: give --socket PATH'),
    },
    platform: undefined,
    isComplete: async () => {
      const { rows } = await sql.query('SELECT 1 FROM threecx_scans WHERE complete = 0 LIMIT 1')
      return rows.length === 0
    },
    close: async () => {
      await sql.close()
      catalogue.close()
    },
  }
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
