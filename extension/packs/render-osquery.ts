/**
 * Packs as osquery's configuration has them. https://osquery.readthedocs.io/en/stable/deployment/configuration/
 *
 * osquery knows no cron expressions: a query of that kind gets the interval of a day, which is the longest gap that an
 * expression of ours has.
 */
import type { ConstructedTable } from '../domain/constructed-table.ts'
import type { HuntingPack, HuntingQuery } from '../domain/hunting-query.ts'

/** One query of an osquery pack. */
export interface OsqueryQuery {
  readonly query: string
  readonly interval: number
  readonly platform: string
  /** The oldest release of osquery that schedules it. */
  readonly version?: string
  readonly snapshot?: true
  readonly removed?: false
  readonly description: string
  /** What a person does about a row; osquery ignores it. */
  readonly value: string
}

/** An osquery pack. */
export interface OsqueryPack {
  readonly discovery: readonly string[]
  readonly queries: Readonly<Record<string, OsqueryQuery>>
}

/** The interval that stands for a cron expression, seconds: a day, the longest gap of ours. */
export const cronInterval = 86_400

/** A pack in osquery's shape. */
export function osqueryPack({ discovery, queries }: HuntingPack): OsqueryPack {
  return { discovery, queries: Object.fromEntries(queries.map((query) => [query.name, osqueryQuery(query)])) }
}

/** Tables over databases, as a member of osquery's configuration; a pack cannot have them. */
export function tableConstruction(tables: readonly ConstructedTable[]) {
  const entries = tables.map(({ name, query, path, columns, platform }) => [name, { query, path, columns, platform }])
  return { auto_table_construction: Object.fromEntries(entries) as Readonly<Record<string, unknown>> }
}

/** The interval of a query, seconds. */
export function intervalOf({ schedule }: HuntingQuery): number {
  return 'everySeconds' in schedule ? schedule.everySeconds : cronInterval
}

function osqueryQuery(one: HuntingQuery): OsqueryQuery {
  const { sql, platforms, osquery, mode, description, resolution } = one
  return {
    query: `${sql};`,
    interval: intervalOf(one),
    platform: platforms.join(','),
    ...(osquery !== undefined && { version: osquery }),
    ...(mode === 'snapshot' && { snapshot: true }),
    ...(mode === 'differential_ignore_removals' && { removed: false }),
    description,
    value: resolution,
  }
}
