/**
 * Every table, in the order of the documentation.
 */
import { type BoundTable, bind, bindLate, type Columns, type Table } from '../sdk/index.ts'
import type { ExtensionHealth } from './extension-health.ts'
import type { HuntServices } from './services.ts'
import { threecxArtifacts } from './threecx-artifacts.ts'
import { threecxC2Hits } from './threecx-c2-hits.ts'
import { threecxExecutions } from './threecx-executions.ts'
import { threecxExtension } from './threecx-extension.ts'
import { threecxFindings } from './threecx-findings.ts'
import { threecxIndicators } from './threecx-indicators.ts'
import { threecxInstalls } from './threecx-installs.ts'
import { threecxPayloads } from './threecx-payloads.ts'
import { threecxProcesses } from './threecx-processes.ts'
import { threecxScans } from './threecx-scans.ts'
import { threecxTimeline } from './threecx-timeline.ts'
import { threecxVerdict } from './threecx-verdict.ts'

/** All tables. */
export const tables = [
  threecxVerdict,
  threecxArtifacts,
  threecxPayloads,
  threecxInstalls,
  threecxProcesses,
  threecxExecutions,
  threecxC2Hits,
  threecxFindings,
  threecxTimeline,
  threecxIndicators,
  threecxScans,
  threecxExtension,
] as const

/** What all tables together answer from. */
export interface TableServices {
  readonly hunt: HuntServices
  readonly health: ExtensionHealth
}

/** All tables, answering from one hunt. */
export function bindTables({ hunt, health }: TableServices): BoundTable[] {
  return each(
    (table) => bind(table, hunt),
    (table) => bind(table, health),
  )
}

/** All tables, described now, answering from what the first call opens. */
export function bindTablesLate(open: () => Promise<TableServices>): BoundTable[] {
  return each(
    (table) => bindLate(table, async () => (await open()).hunt),
    (table) => bindLate(table, async () => (await open()).health),
  )
}

/** Each table with what it asks of. */
function each(
  hunt: <C extends Columns>(table: Table<C, HuntServices>) => BoundTable,
  health: <C extends Columns>(table: Table<C, ExtensionHealth>) => BoundTable,
): BoundTable[] {
  return [
    hunt(threecxVerdict),
    hunt(threecxArtifacts),
    hunt(threecxPayloads),
    hunt(threecxInstalls),
    hunt(threecxProcesses),
    hunt(threecxExecutions),
    hunt(threecxC2Hits),
    hunt(threecxFindings),
    hunt(threecxTimeline),
    hunt(threecxIndicators),
    hunt(threecxScans),
    health(threecxExtension),
  ]
}
