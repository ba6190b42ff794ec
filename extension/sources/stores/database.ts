/**
 * A browser's database as a source: which tables are read, and what their rows say. The rest is done once for all.
 *
 * A database that SQLite refuses gives the addresses that are found in its pages, without times.
 */
import type { Evidence } from '../../domain/evidence.ts'
import type { Source, SourceAbout, SourceFile } from '../source.ts'
import { isDatabase } from '../sqlite/header.ts'
import type { SalvagedRow, TableQuery, Value } from '../sqlite/messages.ts'
import { databaseBesides, openStore } from '../sqlite/open-store.ts'
import { ofText, shown } from './contact.ts'

/** A row by column. */
export type Row = Readonly<Record<string, Value>>

/** What a record is, beside where it was found. */
export type StoredContact = Omit<Evidence, 'source' | 'path' | 'uid'>

/** A database of one kind. */
export interface DatabaseStore {
  readonly name: string
  readonly about: SourceAbout
  /** Names the file has in a profile. */
  readonly files: readonly string[]
  /** How its first page tells it under another name. */
  readonly schema: RegExp
  readonly queries: readonly TableQuery[]
  /** What rows say, by query. Those without observables are left out. */
  contacts(rows: readonly (readonly Row[])[]): Iterable<StoredContact>
}

/** Makes a source of it. */
export function databaseSource(store: DatabaseStore): Source {
  const names = new Set(store.files.map((name) => name.toLowerCase()))
  return {
    name: store.name,
    about: store.about,
    besides: databaseBesides,
    recognises: (file, head) =>
      isDatabase(head) &&
      (names.has(file.name.toLowerCase()) || store.schema.test(Buffer.from(head).toString('latin1'))),
    async *read(file, reader, needles, signal) {
      const { answer, problems } = await openStore(file, reader, store.queries, needles, signal)
      yield* problems
      if (answer === undefined) return
      const rows = store.queries.map(({ columns }, at) => (answer.rows[at] ?? []).map((row) => named(columns, row)))
      const seen = new Set(answer.rows.flat(2))
      for (const contact of [...store.contacts(rows), ...salvaged(answer.salvaged, seen)]) {
        if (contact.observables.length > 0) yield evidenceOf(store.name, file, contact)
      }
    },
  }
}

/** A contact with what is known of its file. */
export function evidenceOf(source: string, file: SourceFile, contact: StoredContact): Evidence {
  const user = contact.user ?? file.user
  return { source, path: file.path, ...contact, ...(user !== '' && { user }) }
}

/** The text of a value. */
export function text(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** A value that identifies or counts; undefined when it is no whole number. */
export function whole(value: Value | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined
}

/** Properties without those that are undefined or empty. */
export function present<T extends object>(properties: { [K in keyof T]: T[K] | undefined | '' }): T {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && value !== ''),
  ) as unknown as T
}

/** First, last and number of some times. */
export function spanOf(
  times: readonly (number | undefined)[],
  counted?: number,
): Pick<Evidence, 'time' | 'lastTime' | 'count'> {
  const known = times.filter((one) => one !== undefined)
  const count = Math.max(counted ?? 0, times.length)
  if (known.length === 0) return present({ count: count || undefined })
  const first = known.reduce((a, b) => Math.min(a, b))
  const last = known.reduce((a, b) => Math.max(a, b))
  return present({ time: first, lastTime: last > first ? last : undefined, count: count || undefined })
}

/** First and last of some times, where nothing was counted. */
export function lifeOf(times: readonly (number | undefined)[]): Pick<Evidence, 'time' | 'lastTime'> {
  const { count: _, ...life } = spanOf(times.filter((one) => one !== undefined))
  return life
}

/** Up to a few ids, as text. */
export function idsOf(rows: readonly Row[], column = 'id'): string {
  const ids = rows.slice(0, 20).map((row) => String(row[column]))
  return rows.length > ids.length ? `${ids.join(',')},...` : ids.join(',')
}

/** Rows by the value of a column. */
export function grouped(rows: readonly Row[], column: string): ReadonlyMap<Value, Row[]> {
  const groups = new Map<Value, Row[]>()
  for (const row of rows) {
    const key = row[column] ?? null
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return groups
}

function named(columns: readonly string[], values: readonly Value[]): Row {
  return Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null]))
}

function salvaged(rows: readonly SalvagedRow[], seen: ReadonlySet<unknown>): StoredContact[] {
  return rows.flatMap(({ page, rowid, texts }) =>
    texts
      .filter((one) => !seen.has(one))
      .map((one) => ({
        record: `page:${page}/row:${rowid}`,
        raw: shown(one),
        fields: { salvaged: true },
        observables: ofText(one),
      })),
  )
}
