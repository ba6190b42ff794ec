/**
 * Schema export: what a table says about itself, in the forms other tools read.
 *
 * `tableSpec` has the JSON of osquery-go's `Plugin.Spec()`, which launcher-style tooling collects; `fleetTable` has the
 * keys of a file in Fleet's `schema/tables`. Both are plain values: writing them as JSON or YAML is the caller's. What a
 * format cannot say (collations, aliases, row ids) is not there.
 */
import type { Column, Columns, ColumnType } from './columns.ts'
import type { Table, TablePlatform } from './table.ts'

/** A table as osquery-go writes it. */
export interface TableSpec {
  readonly name: string
  readonly description: string
  readonly url: string
  readonly platforms: readonly TablePlatform[]
  readonly evented: boolean
  readonly cacheable: boolean
  readonly notes?: string
  readonly examples: readonly string[]
  readonly columns: readonly ColumnSpec[]
}

/** osquery-go writes types in lower case, with `_` for a blank. */
export type SpecType = 'text' | 'integer' | 'bigint' | 'unsigned_bigint' | 'double' | 'blob'

/** A column of it. */
export interface ColumnSpec {
  readonly name: string
  readonly type: SpecType
  readonly description: string
  readonly index: boolean
  readonly required: boolean
  readonly additional: boolean
  readonly optimized: boolean
  readonly hidden: boolean
}

/** A table of Fleet's schema. */
export interface FleetTable {
  readonly name: string
  readonly description: string
  readonly platforms: readonly TablePlatform[]
  readonly evented: boolean
  readonly notes?: string
  /** Markdown: each query in a fence of its own. */
  readonly examples: string
  readonly columns: readonly FleetColumn[]
}

/** A column of it. */
export interface FleetColumn {
  readonly name: string
  readonly description: string
  readonly type: 'text' | 'integer' | 'bigint' | 'double' | 'blob'
  readonly required: boolean
  /** Only where it is true. */
  readonly hidden?: true
}

type Described = Pick<
  Table,
  'name' | 'description' | 'platforms' | 'columns' | 'examples' | 'attributes' | 'notes' | 'url'
>

/** The table for osquery-go's readers. */
export function tableSpec(table: Described): TableSpec {
  return {
    name: table.name,
    description: table.description,
    url: table.url ?? '',
    platforms: table.platforms,
    evented: table.attributes?.includes('event_based') ?? false,
    cacheable: table.attributes?.includes('cacheable') ?? false,
    ...(table.notes !== undefined && { notes: table.notes }),
    examples: table.examples,
    columns: columnsOf(table.columns, (name, { type, description, options }) => ({
      name,
      type: specTypes[type],
      description,
      index: options.index === true,
      required: options.required === true,
      additional: options.additional === true,
      optimized: options.optimized === true,
      hidden: options.hidden === true,
    })),
  }
}

/** The table for Fleet. */
export function fleetTable(table: Described): FleetTable {
  return {
    name: table.name,
    description: table.description,
    platforms: table.platforms,
    evented: table.attributes?.includes('event_based') ?? false,
    ...(table.notes !== undefined && { notes: table.notes }),
    examples: table.examples.map((sql) => `\`\`\`\n${sql}\n\`\`\``).join('\n\n'),
    columns: columnsOf(table.columns, (name, { type, description, options }) => ({
      name,
      description,
      type: fleetTypes[type],
      required: options.required === true,
      ...(options.hidden && { hidden: true as const }),
    })),
  }
}

const specTypes: Readonly<Record<ColumnType, SpecType>> = {
  TEXT: 'text',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  'UNSIGNED BIGINT': 'unsigned_bigint',
  DOUBLE: 'double',
  BLOB: 'blob',
}

const fleetTypes: Readonly<Record<ColumnType, FleetColumn['type']>> = {
  TEXT: 'text',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  'UNSIGNED BIGINT': 'bigint',
  DOUBLE: 'double',
  BLOB: 'blob',
}

function columnsOf<T>(columns: Columns, write: (name: string, column: Column) => T): T[] {
  return Object.entries(columns).map(([name, column]) => write(name, column))
}
