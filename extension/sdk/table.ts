/**
 * Tables: declared once, typed by their columns, served by any engine.
 *
 * A table is a value: name, documentation, columns, identity, examples, and a generator that gets the query's context
 * and the services it was bound to. What a reader needs is required, not recommended.
 */
import type { Cell, Columns, Row, StoredRow } from './columns.ts'
import type { QueryContext } from './query-context.ts'
import { problemOf } from './table-rules.ts'

/** osquery's table attributes, by name. */
export const attributeBits = { utility: 1, cacheable: 2, event_based: 4, user_based: 8, kernel_required: 16 } as const

/** Name of an attribute. */
export type Attribute = keyof typeof attributeBits

/** osquery's platform names. */
export type TablePlatform = 'windows' | 'darwin' | 'linux'

/** A row whose keys are columns and nothing else. */
type Exactly<C extends Columns, R> = { [Key in keyof R]: Key extends keyof C ? R[Key] : never }

/** A table. */
export interface Table<C extends Columns = Columns, Services = unknown> {
  readonly name: string
  readonly description: string
  readonly platforms: readonly TablePlatform[]
  readonly columns: C
  /** Columns whose values tell one row from another: the source of the rowid. */
  readonly identity: readonly (keyof C & string)[]
  /** Queries that teach the table; tests run them. */
  readonly examples: readonly [string, ...string[]]
  /** Other names of the table. */
  readonly aliases?: readonly string[]
  readonly attributes?: readonly Attribute[]
  /** What a user should know beyond the description. */
  readonly notes?: string
  /** Where the table is documented. */
  readonly url?: string
  generate(context: QueryContext<C>, services: Services): AsyncIterable<Row<C>>
  /**
   * Adds a row. Its identity is new: otherwise the statement has failed already. Like the two below, this runs alone:
   * the changes of one table come one after the other. Throw ConstraintError for what the table's own rules forbid.
   */
  insert?(row: StoredRow<C>, services: Services, signal: AbortSignal): Promise<void> | void
  /** Puts a row in the place of the previous one; the identity may be another. */
  update?(row: StoredRow<C>, previous: StoredRow<C>, services: Services, signal: AbortSignal): Promise<void> | void
  /** Removes a row. */
  delete?(row: StoredRow<C>, services: Services, signal: AbortSignal): Promise<void> | void
}

/** Declares a table. Misspelt columns and wrong types do not compile; a bad declaration throws here, at once. */
export function defineTable<const C extends Columns, Services, R extends Row<C>>(
  table: Omit<Table<C, Services>, 'generate'> & {
    generate(context: QueryContext<C>, services: Services): AsyncIterable<R & Exactly<C, R>>
  },
): Table<C, Services> {
  const problem = problemOf(table)
  if (problem) throw new Error(`table ${JSON.stringify(table.name)}: ${problem}`)
  return Object.freeze({ ...table })
}

/** A row ready for an engine: its id, and a cell for every column in order. */
export interface BoundRow {
  readonly rowid: bigint
  readonly cells: readonly Cell[]
}
