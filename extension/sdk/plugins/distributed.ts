/**
 * A distributed plugin: questions for this host now, and their answers.
 *
 * `osquery/distributed/distributed.cpp`. osquery must run with `--disable_distributed=false`.
 */
import { type Answer, failed, messageOf, type Plugin, type PluginRequest, succeeded } from '../plugin.ts'

/** Questions by name. */
export interface DistributedQueries {
  readonly queries: Readonly<Record<string, string>>
  /** By the name of a query: it is asked only where this one gives a row. */
  readonly discovery?: Readonly<Record<string, string>>
  /** Seconds for which osquery asks for questions more often. */
  readonly accelerate?: number
}

/** What a question cost, where osquery said so. */
export interface DistributedStats {
  readonly wallTimeMs: number
  readonly userTime: number
  readonly systemTime: number
  readonly memory: number
}

/** One answer. `status` is SQLite's result code: 0 is success. */
export interface DistributedResult {
  readonly name: string
  readonly status: number
  readonly message: string
  readonly rows: readonly Readonly<Record<string, string>>[]
  readonly stats: DistributedStats | undefined
}

/** Where questions come from and answers go. What a handler throws is logged by osquery, which goes on. */
export interface DistributedHandlers {
  readonly name: string
  getQueries(): Promise<DistributedQueries> | DistributedQueries
  writeResults(results: readonly DistributedResult[]): Promise<void> | void
}

/** Makes a plugin of the handlers. */
export function distributedPlugin(handlers: DistributedHandlers): Plugin {
  async function call(request: PluginRequest): Promise<Answer> {
    const { action = '', results = '' } = request
    try {
      if (action === 'getQueries') {
        return succeeded([{ results: JSON.stringify(await handlers.getQueries()) }])
      }
      if (action !== 'writeResults') return failed(`Unknown distributed plugin action: ${action}`)
      await handlers.writeResults(parseResults(results))
      return succeeded()
    } catch (error) {
      return failed(`distributed ${handlers.name}: ${messageOf(error)}`)
    }
  }
  return { registry: 'distributed', name: handlers.name, routes: [], call }
}

/** Reads what osquery writes; a query that has a status and no rows is an answer too. */
export function parseResults(json: string): DistributedResult[] {
  const parts = objectOf(JSON.parse(json))
  const [queries, statuses, messages, stats] = ['queries', 'statuses', 'messages', 'stats'].map((key) =>
    objectOf(parts[key]),
  )
  const names = new Set([...Object.keys(queries ?? {}), ...Object.keys(statuses ?? {})])
  return [...names].map((name) => ({
    name,
    status: number(statuses?.[name]),
    message: String(messages?.[name] ?? ''),
    rows: rowsOf(queries?.[name]),
    stats: statsOf(stats?.[name]),
  }))
}

function rowsOf(value: unknown): Readonly<Record<string, string>>[] {
  if (!Array.isArray(value)) return []
  return value.map((row) =>
    Object.fromEntries(Object.entries(objectOf(row)).map(([column, cell]) => [column, String(cell ?? '')])),
  )
}

function statsOf(value: unknown): DistributedStats | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const found = objectOf(value)
  return {
    wallTimeMs: number(found['wall_time_ms']),
    userTime: number(found['user_time']),
    systemTime: number(found['system_time']),
    memory: number(found['memory']),
  }
}

function number(value: unknown): number {
  const found = Number(value ?? 0)
  return Number.isFinite(found) ? found : 0
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}
