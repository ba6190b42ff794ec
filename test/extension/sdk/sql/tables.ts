/**
 * Tables for the tests of the embedded engine.
 */
import {
  type BoundTable,
  bind,
  type Columns,
  defineTable,
  type QueryContext,
  type Row,
} from '../../../../extension/sdk/index.ts'
import { openSql, type SqlDatabase, type SqlOptions } from '../../../../extension/sdk/sql/index.ts'

/** What a call of `generate` got: `[column, op, expr]` for each constraint, and the columns that were wanted. */
export interface RecordedCall {
  readonly table: string
  readonly constraints: readonly (readonly [column: string, op: number, expr: string])[]
  readonly used: readonly string[]
}

/** A table over a generator. */
export function tableOf<const C extends Columns>(
  name: string,
  columns: C,
  identity: readonly (keyof C & string)[],
  generate: (context: QueryContext<C>) => AsyncIterable<Row<C>>,
  aliases: readonly string[] = [],
): BoundTable {
  const table = defineTable<C, undefined, Row<C>>({
    name,
    description: 'A table of a test.',
    platforms: ['linux'],
    columns,
    identity,
    examples: [`SELECT * FROM ${name}`],
    aliases,
    generate: (context) => generate(context) as never, // rows of tests are as loose as Row allows
  })
  return bind(table, undefined)
}

/** A table that gives all rows whatever it is asked, and notes what it was asked. */
export function recordingTable<const C extends Columns>(
  name: string,
  columns: C,
  identity: readonly (keyof C & string)[],
  rows: readonly Row<C>[],
  calls: RecordedCall[],
): BoundTable {
  return tableOf(name, columns, identity, async function* (context) {
    const names = Object.keys(columns)
    calls.push({
      table: name,
      constraints: names.flatMap((column) =>
        (context.constraints[column] ?? []).map(({ op, expr }) => [column, op, expr] as const),
      ),
      used: names.filter((column) => context.uses(column)),
    })
    yield* rows
  })
}

/** Opens a database for one piece of work and closes it. */
export async function withSql<T>(
  tables: readonly BoundTable[],
  work: (database: SqlDatabase) => Promise<T>,
  options?: SqlOptions,
): Promise<T> {
  const database = await openSql(tables, options)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
