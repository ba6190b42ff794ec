/**
 * What osquery's tables could not look into, on stderr: data stays data.
 */
import type { TableProblems } from '../extension/osquery-tables/index.ts'
import type { Terminal } from './command.ts'
import { printable } from './output/printable.ts'

/** Writes a line for each. */
export function tellTableProblems({ all, dropped }: TableProblems, { stderr }: Terminal): void {
  for (const { table, path, code, message } of all)
    stderr.write(`${printable(`${table}: ${path}: ${code}: ${message}`)}\n`)
  if (dropped > 0) stderr.write(`${dropped} more files could not be looked into\n`)
}
