/**
 * Rows of a system's database for readers of executions.
 */
import type { Needles, SourceFile, SourceProblem } from '../sources/source.ts'
import type { TableQuery } from '../sources/sqlite/messages.ts'
import { openStore } from '../sources/sqlite/open-store.ts'
import type { Row } from '../sources/stores/database.ts'
import type { ExecutionAccess } from './reader.ts'

/** Rows of one table that may matter, and what could not be read. */
export async function rowsOf(
  file: SourceFile,
  access: ExecutionAccess,
  query: TableQuery,
  needles: Needles,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly Row[]; readonly problems: readonly SourceProblem[] }> {
  const { answer, problems } = await openStore(file, access, [query], needles, signal)
  const rows = (answer?.rows[0] ?? []).map((row) =>
    Object.fromEntries(query.columns.map((name, at) => [name, row[at] ?? null])),
  )
  return { rows, problems }
}

/** Whether a file begins as a database does. */
export function isDatabaseNamed(name: string, head: Uint8Array, names: RegExp): boolean {
  return names.test(name) && Buffer.from(head.subarray(0, 15)).toString('latin1') === 'SQLite format 3'
}
