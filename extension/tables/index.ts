/**
 * Every table, in the order of the documentation.
 */
import { type BoundTable, bind } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'
import { threecxArtifacts } from './threecx-artifacts.ts'
import { threecxIndicators } from './threecx-indicators.ts'
import { threecxScans } from './threecx-scans.ts'
import { threecxVerdict } from './threecx-verdict.ts'

/** All tables. */
export const tables = [threecxVerdict, threecxArtifacts, threecxIndicators, threecxScans] as const

/** All tables, answering from one hunt. */
export function bindTables(services: HuntServices): BoundTable[] {
  return [
    bind(threecxVerdict, services),
    bind(threecxArtifacts, services),
    bind(threecxIndicators, services),
    bind(threecxScans, services),
  ]
}
