/**
 * Tables over other programs' databases, as osquery constructs them from its configuration: `auto_table_construction`.
 *
 * A pack cannot carry the definition for osquery, which reads it from the configuration alone; so it is data beside the
 * pack, and rendered for whoever writes that configuration. The names are osquery's.
 * https://osquery.readthedocs.io/en/stable/deployment/configuration/#automatic-table-construction
 */
import type { Platform } from './platform.ts'

/** One such table. */
export interface ConstructedTable {
  readonly name: string
  /** The statement that is run in each database. */
  readonly query: string
  /** The databases; `%` is any run of characters within a component, `%%` at the end any number of components. */
  readonly path: string
  /** All are text. `path`, that of the database, comes by itself. */
  readonly columns: readonly string[]
  readonly platform: Platform
}
