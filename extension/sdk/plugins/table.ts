/**
 * A table as a plugin: osquery's actions in, encoded rows out, and around every call what no table should do itself.
 *
 * Deadline, queue, budget, metrics and the wording of failures are here once. An answer that would pass its budget is
 * cut, and says so in each of its rows: the hidden column `_truncated` is 1. Rows are yielded to the event loop, so
 * that a long answer does not hold it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BoundTable } from '../bind.ts'
import { parseRequest, type TableRequest } from '../constraints.ts'
import { DeadlineError, withDeadline } from '../guard/deadline.ts'
import { BusyError, Gate, type GateLimits } from '../guard/gate.ts'
import { Meter, type Outcome, type TableMetrics } from '../guard/metrics.ts'
import { type Answer, failed, messageOf, type Plugin, type PluginRequest, succeeded } from '../plugin.ts'
import type { Route } from '../routes.ts'
import { okStatus } from '../wire/response.ts'
import { RowEncoder } from '../wire/rows.ts'
import { write } from './table-write.ts'

/** Bounds of every call of a table. */
export interface TableLimits extends GateLimits {
  /** Milliseconds for a call; osquery itself waits 300 s on POSIX and for ever on Windows. */
  readonly deadlineMs: number
  /** Rows of an answer; further ones are cut. */
  readonly maxRows: number
  /** Encoded bytes of an answer. */
  readonly maxBytes: number
}

/** Bounds unless told otherwise. */
export const defaultTableLimits: TableLimits = {
  deadlineMs: 60_000,
  concurrency: 4,
  queue: 16,
  maxRows: 1_000_000,
  maxBytes: 96 * 1024 * 1024,
}

/** A table that can be asked how it has been doing. */
export interface TablePlugin extends Plugin {
  readonly registry: 'table'
  metrics(): TableMetrics
}

/** The column that says an answer was cut. Only what leaves for osquery has it. */
const marker = '_truncated'
const markerRoute: Route = { id: 'column', name: marker, op: '16', type: 'INTEGER' }

/** Milliseconds of rows before others get a turn on the loop. */
const turnMs = 8
const rowsPerLook = 64

/** Makes a plugin of a bound table. */
export function tablePlugin(table: BoundTable, limits: Partial<TableLimits> = {}): TablePlugin {
  const bounds = { ...defaultTableLimits, ...limits }
  const gate = new Gate(`table ${table.name}`, bounds)
  const meter = new Meter()
  const routes = withMarker(table.routes)

  async function measured(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Encoded>): Promise<Answer> {
    const started = performance.now()
    const ended = (outcome: Outcome) => meter.ended(outcome, performance.now() - started)
    try {
      const late = () =>
        new DeadlineError(
          `table ${table.name} did not answer within ${bounds.deadlineMs / 1000} s; ask for less at once`,
        )
      const encoded = await gate.run(signal, () => withDeadline(bounds.deadlineMs, late, signal, work))
      const { rows, isTruncated } = encoded
      meter.ended('answered', performance.now() - started, { rows: rows.count, bytes: rows.bytes, isTruncated })
      return { status: okStatus, rows }
    } catch (error) {
      ended(error instanceof BusyError ? 'refused' : error instanceof DeadlineError ? 'late' : 'failed')
      return failed(messageOf(error))
    }
  }

  async function call(request: PluginRequest, signal: AbortSignal): Promise<Answer> {
    const { action = '' } = request
    switch (action) {
      case 'columns':
        return succeeded(routes)
      case 'generate':
        return await measured(signal, async (inTime) => {
          return await encodeRows(table, parseRequest(request['context'] ?? '{}'), bounds, inTime)
        })
      case 'insert':
      case 'update':
      case 'delete':
        return await measured(signal, async (inTime) => {
          return { rows: await write(table, action, request, inTime), isTruncated: false }
        })
      default:
        return failed(`Unknown table plugin action: ${action}`)
    }
  }

  return { registry: 'table', name: table.name, routes, call, metrics: () => meter.read(table.name, gate.running) }
}

/** After the columns, before aliases and attributes, as osquery orders them. */
function withMarker(routes: readonly Route[]): Route[] {
  const isColumn = (route: Route) => route['id'] === 'column'
  return [...routes.filter(isColumn), markerRoute, ...routes.filter((route) => !isColumn(route))]
}

interface Encoded {
  readonly rows: Answer['rows']
  readonly isTruncated: boolean
}

async function encodeRows(
  table: BoundTable,
  request: TableRequest,
  { maxRows, maxBytes }: TableLimits,
  signal: AbortSignal,
): Promise<Encoded> {
  const encoder = new RowEncoder([...table.columns.map((column) => column.name), 'rowid', marker])
  let turn = performance.now()
  for await (const { rowid, cells } of table.generate(request, signal)) {
    if (encoder.count >= maxRows || encoder.bytes >= maxBytes) return { rows: encoder.finish('1'), isTruncated: true }
    encoder.add(cells, [rowid, 0])
    if (encoder.count % rowsPerLook === 0 && performance.now() - turn > turnMs) {
      await nextTurn()
      signal.throwIfAborted()
      turn = performance.now()
    }
  }
  return { rows: encoder.finish(), isTruncated: false }
}
