/**
 * The statement of a constructed table, where it is the simple one: columns of one table, perhaps under other names.
 *
 * `SELECT url, title, last_visit_time AS visited FROM urls`. Conditions, joins and expressions belong into the query that
 * asks the table: osquery would run them here, but a reader that trusts no schema would not.
 */
import type { ConstructedTable } from '../domain/constructed-table.ts'

/** What is read, and how it is called. */
export interface Statement {
  readonly table: string
  readonly columns: readonly string[]
  readonly names: readonly string[]
}

const identifier = /^[A-Za-z_]\w{0,63}$/

/** Reads a definition's statement. Throws where it is another one, or lacks a column of the table. */
export function readStatement({ name, query, columns }: ConstructedTable): Statement {
  const refuse = (why: string) =>
    new Error(`table ${name}: ${why} in ${JSON.stringify(query)}; expected SELECT column [AS name], ... FROM table`)
  const [, list = '', table = ''] = /^\s*SELECT\s+([\w\s,]+?)\s+FROM\s+(\w+)\s*;?\s*$/i.exec(query) ?? []
  if (!identifier.test(table)) throw refuse('no columns of one table')
  const pairs = list.split(',').map((part) => {
    const [, column = '', alias] = /^\s*(\w+)(?:\s+AS\s+(\w+))?\s*$/i.exec(part) ?? []
    if (!identifier.test(column)) throw refuse(`${JSON.stringify(part.trim())} is no column`)
    return [column, alias ?? column] as const
  })
  const names = pairs.map(([, alias]) => alias)
  const missing = columns.find((column) => !names.includes(column))
  if (missing !== undefined) throw refuse(`no column ${missing}`)
  return { table, columns: pairs.map(([column]) => column), names }
}
