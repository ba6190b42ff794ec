/**
 * A logger: where osquery's results and its own log lines go.
 *
 * osquery ends itself when a logger refuses a result (`Error logging the results of query`), and what it wanted to
 * write is lost by then. So a logger here never refuses: what a handler throws goes to `failed`, and osquery is told
 * that all is well. Keep a line durably first, then return. The call holds osquery's scheduler: do not wait for a
 * receiver. `osquery/core/plugins/logger.cpp`.
 */
import { type Answer, type Plugin, type PluginRequest, succeeded } from '../plugin.ts'
import { noRows } from '../wire/rows.ts'
import { parseStatusLines, type StatusLine } from './status-lines.ts'

/** What a logger does with what it gets. Every handler may be left out but `string`. */
export interface LoggerHandlers {
  readonly name: string
  /** One result line, JSON text. `category` is `event` for differential results. */
  string(line: string, category: string): Promise<void> | void
  /** One snapshot, JSON text; without a handler it goes to `string` with category `snapshot`. */
  snapshot?(line: string): Promise<void> | void
  /** The first call: `osqueryd` or `osqueryi`, with the lines that were written before. */
  init?(process: string, lines: readonly StatusLine[]): Promise<void> | void
  /** osquery's own log lines. With a handler they are asked for. */
  status?(lines: readonly StatusLine[]): Promise<void> | void
  /** Events in the order of publishers. With a handler they are asked for. */
  event?(line: string): Promise<void> | void
  /** Called with what another handler threw, and the request it was given. Must not throw. */
  failed(error: unknown, request: PluginRequest): void
}

const logsStatus = 1
const logsEvents = 2

/** Makes a plugin of the handlers. */
export function loggerPlugin(logger: LoggerHandlers): Plugin {
  async function call(request: PluginRequest): Promise<Answer> {
    if (request['action'] === 'features') {
      // The bits travel in the status code; a failure cannot be told apart from them.
      const code = (logger.status ? logsStatus : 0) | (logger.event ? logsEvents : 0)
      return { status: { code, message: 'OK' }, rows: noRows }
    }
    try {
      await handle(logger, request)
    } catch (error) {
      logger.failed(error, request)
    }
    return succeeded()
  }
  return { registry: 'logger', name: logger.name, routes: [], call }
}

/** The first key that is there tells the kind, in osquery's own order. */
async function handle(logger: LoggerHandlers, request: PluginRequest): Promise<void> {
  const { string, string_batch: batch, snapshot, init, status, event, log = '', category = '' } = request
  if (string !== undefined) await logger.string(string, category)
  else if (batch !== undefined) for (const line of linesOf(batch)) await logger.string(line, category)
  else if (snapshot !== undefined) await takeSnapshot(logger, snapshot)
  else if (init !== undefined) await logger.init?.(init, parseStatusLines(log))
  else if (status !== undefined) await logger.status?.(parseStatusLines(log))
  else if (event !== undefined) await logger.event?.(event)
  else throw new Error(`a logger was called with ${Object.keys(request).join(', ') || 'nothing'}; none of it is known`)
}

async function takeSnapshot(logger: LoggerHandlers, line: string): Promise<void> {
  if (logger.snapshot) await logger.snapshot(line)
  else await logger.string(line, 'snapshot')
}

/** A batch is a JSON array of lines, or lines one below the other. */
function linesOf(batch: string): string[] {
  try {
    const lines: unknown = JSON.parse(batch)
    if (Array.isArray(lines)) return lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  } catch {
    // Not an array: lines.
  }
  return batch.split('\n').filter((line) => line !== '')
}
