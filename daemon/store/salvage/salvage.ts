/**
 * A new file from what can be read of a damaged one, which is kept aside.
 *
 * The new file is made beside the old one and takes its place in steps that can be ended anywhere: while it is being
 * made it has another name; once it is whole, the next open only finishes the exchange.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'
import type { StoreDamage, StorePart } from '../store.ts'
import { makeFile, syncPath } from '../store-file.ts'
import { type RemainingRow, Remains } from './remains.ts'

/** Damaged files that are kept for a look at them; they cost disk. */
const maxKept = 2

/** Saves what can be saved. Throws what the file system throws; the damaged file is then still in its place. */
export function salvage(path: string, parts: readonly StorePart[], found: string): StoreDamage {
  const remains = new Remains(path)
  const carried: Record<string, number> = {}
  try {
    makeFile(`${path}.salvaged`, parts, (database) => {
      Object.assign(carried, carry(parts, remains, database))
      for (const part of parts) if (typeof part.salvage === 'function') part.salvage(remains, database)
    })
  } finally {
    remains.close()
  }
  const dropped = parts.filter((part) => part.salvage === 'drop').map((part) => part.name)
  const keptAs = exchange(path)
  return { found, keptAs, unreadablePages: remains.unreadablePages, carried, dropped }
}

/** Ends an exchange that was under way when the process ended. */
export function finishExchange(path: string): void {
  if (existsSync(`${path}.salvaged`)) exchange(path)
}

/** Puts the damaged file aside and the new one in its place; says where the damaged one is. */
function exchange(path: string): string {
  const directory = dirname(path)
  const prefix = `${basename(path)}.damaged-`
  const numbers = readdirSync(directory)
    .filter((name) => name.startsWith(prefix) && !name.endsWith('-wal'))
    .map((name) => Number(name.slice(prefix.length)))
    .filter(Number.isSafeInteger)
    .sort((a, b) => a - b)
  // A number whose file is there while the damaged file is not: the exchange was ended after its first step.
  const isBegun = !existsSync(path) && existsSync(`${path}-wal`) && numbers.length > 0
  const number = isBegun ? (numbers.at(-1) ?? 1) : (numbers.at(-1) ?? 0) + 1
  const keptAs = join(directory, `${prefix}${number}`)
  if (existsSync(path)) renameSync(path, keptAs)
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${keptAs}-wal`)
  rmSync(`${path}-shm`, { force: true })
  syncPath(directory)
  renameSync(`${path}.salvaged`, path)
  syncPath(directory)
  const kept = [...new Set([...numbers, number])]
  for (const old of kept.slice(0, Math.max(0, kept.length - maxKept))) {
    for (const suffix of ['', '-wal']) rmSync(join(directory, `${prefix}${old}${suffix}`), { force: true })
  }
  return keptAs
}

/** How a table is written, and how many columns its rows have in the file. */
interface Target {
  readonly part: StorePart
  readonly table: string
  readonly hasRowid: boolean
  readonly columns: number
  /** Whether the row was taken. */
  readonly put: (row: RemainingRow) => boolean
}

/** Every readable row of the tables of parts that want them, those that lost the tree above them included. */
function carry(parts: readonly StorePart[], remains: Remains, database: DatabaseSync): Record<string, number> {
  const targets = parts.flatMap((part) => tablesOf(part).map((table) => targetOf(part, table, database)))
  const wanted = targets.filter(({ part }) => part.salvage === 'rows')
  const carried = Object.fromEntries(wanted.map(({ table }) => [table, 0]))
  const take = ({ table, put }: Target, row: RemainingRow) => {
    if (put(row)) carried[table] = (carried[table] ?? 0) + 1
  }
  for (const target of wanted) for (const row of remains.rows(target.table)) take(target, row)
  const broken = targets.filter(({ table }) => !remains.isWhole(table))
  if (!broken.some(({ part }) => part.salvage === 'rows')) return carried
  const indices = indexShapes(database)
  for (const row of remains.orphans()) {
    // A row that could be of two tables, or of an index, is of none.
    const fitting = broken.filter(({ hasRowid, columns }) => hasRowid === row.hasRowid && columns === row.values.length)
    const [only] = fitting
    const isIndex = !row.hasRowid && indices.has(row.values.length)
    if (only && fitting.length === 1 && !isIndex && only.part.salvage === 'rows') take(only, row)
  }
  return carried
}

function targetOf(part: StorePart, table: string, database: DatabaseSync): Target {
  const { names, places, rowid, hasRowid } = columnsOf(database, table)
  const insert = database.prepare(`INSERT OR IGNORE INTO "${table}" VALUES (${names.map(() => '?').join(', ')})`)
  const put = (found: RemainingRow) => {
    const row = names.map((_, at) => asInput(found.values[places[at] ?? at], at === rowid, found.rowid))
    try {
      return Number(insert.run(...row.map((value) => value ?? null)).changes) > 0
    } catch {
      return false // It breaks a constraint, so it was not written as it stands there.
    }
  }
  return { part, table, hasRowid, columns: names.length, put }
}

/** Numbers of columns that rows of indices have. */
function indexShapes(database: DatabaseSync): Set<number> {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index'").all()
  const columns = database.prepare('SELECT count(*) count FROM pragma_index_xinfo(?)')
  return new Set(names.map((row) => Number(columns.get(String(row['name']))?.['count'])))
}

function asInput(value: SQLOutputValue | undefined, isRowid: boolean, rowid: number): SQLInputValue | undefined {
  return isRowid && value === null ? rowid : value
}

function tablesOf(part: StorePart): string[] {
  const fresh = new DatabaseSync(':memory:')
  try {
    fresh.exec(part.schema)
    const rows = fresh.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
    return rows.map((row) => String(row['name']))
  } finally {
    fresh.close()
  }
}

interface Columns {
  readonly names: readonly string[]
  /** Where each stands in a record. */
  readonly places: readonly number[]
  /** Which is the rowid; -1: none. */
  readonly rowid: number
  readonly hasRowid: boolean
}

function columnsOf(database: DatabaseSync, table: string): Columns {
  const rows = database.prepare('SELECT name, type, pk FROM pragma_table_info(?)').all(table)
  const names = rows.map((row) => String(row['name']))
  const keys = rows.filter((row) => Number(row['pk']) > 0).sort((a, b) => Number(a['pk']) - Number(b['pk']))
  const listed = database.prepare("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?").get(table)
  if (Number(listed?.['wr']) === 1) {
    const key = keys.map((row) => String(row['name']))
    const stored = [...key, ...names.filter((name) => !key.includes(name))]
    return { names, places: names.map((name) => stored.indexOf(name)), rowid: -1, hasRowid: false }
  }
  const [only] = keys
  const isRowid = keys.length === 1 && String(only?.['type']).toUpperCase() === 'INTEGER'
  return {
    names,
    places: names.map((_, at) => at),
    rowid: isRowid ? names.indexOf(String(only?.['name'])) : -1,
    hasRowid: true,
  }
}
