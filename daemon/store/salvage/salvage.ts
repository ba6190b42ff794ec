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
import { Remains } from './remains.ts'

/** Damaged files that are kept for a look at them; they cost disk. */
const maxKept = 2

/** Saves what can be saved. Throws what the file system throws; the damaged file is then still in its place. */
export function salvage(path: string, parts: readonly StorePart[], found: string): StoreDamage {
  const remains = new Remains(path)
  const carried: Record<string, number> = {}
  try {
    makeFile(`${path}.salvaged`, parts, (database) => {
      for (const part of parts) {
        if (typeof part.salvage === 'function') part.salvage(remains, database)
        else if (part.salvage === 'rows') Object.assign(carried, carry(part, remains, database))
      }
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

/** Every readable row of a part's tables, in a table by rowid or in one without. */
function carry(part: StorePart, remains: Remains, database: DatabaseSync): Record<string, number> {
  const carried: Record<string, number> = {}
  for (const table of tablesOf(part)) {
    const columns = columnsOf(database, table)
    const insert = database.prepare(
      `INSERT OR IGNORE INTO "${table}" VALUES (${columns.names.map(() => '?').join(', ')})`,
    )
    let count = 0
    for (const { rowid, values } of remains.rows(table)) {
      const row = columns.names.map((_, at) => asInput(values[columns.places[at] ?? at], at === columns.rowid, rowid))
      if (row.some((value) => value === undefined)) continue
      try {
        count += Number(insert.run(...row.map((value) => value ?? null)).changes)
      } catch {
        // A row that breaks a constraint was not written as it stands there.
      }
    }
    carried[table] = count
  }
  return carried
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

/** Names in their order, where each stands in a record, and which is the rowid (-1: none). */
function columnsOf(database: DatabaseSync, table: string): { names: string[]; places: number[]; rowid: number } {
  const rows = database.prepare('SELECT name, type, pk FROM pragma_table_info(?)').all(table)
  const names = rows.map((row) => String(row['name']))
  const keys = rows.filter((row) => Number(row['pk']) > 0).sort((a, b) => Number(a['pk']) - Number(b['pk']))
  const listed = database.prepare("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?").get(table)
  if (Number(listed?.['wr']) === 1) {
    const key = keys.map((row) => String(row['name']))
    const stored = [...key, ...names.filter((name) => !key.includes(name))]
    return { names, places: names.map((name) => stored.indexOf(name)), rowid: -1 }
  }
  const [only] = keys
  const isRowid = keys.length === 1 && String(only?.['type']).toUpperCase() === 'INTEGER'
  return {
    names,
    places: names.map((_, at) => at),
    rowid: isRowid ? names.indexOf(String(only?.['name'])) : -1,
  }
}
