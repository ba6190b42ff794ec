/**
 * Changes and snapshots as osquery's log lines, byte for byte (`osquery/core/query.cpp`).
 *
 * Three forms: a line per row, a line per run (`diffResults`), a snapshot; the order of members, of columns (by the bytes
 * of their names) and of actions (removed first) is osquery's. Lines come one by one, so that a million rows need not be
 * a million lines in memory. What has changed is `result-state.ts`'s business, where lines go is the spool's.
 */
import type { ResultEvent, ResultEventKind } from '../../extension/domain/result-event.ts'
import type { ResultColumn, ResultRow } from '../engine/engine.ts'
import { calendarTime } from './calendar-time.ts'
import { JsonMembers, jsonText, printable } from './json-text.ts'
import { isNumeric, jsonNumber } from './number-text.ts'
import type { ResultChange } from './result-state.ts'
import { compareBytes } from './row-text.ts'

/** How lines are written; the names of osquery's flags stand behind. */
export interface LineOptions {
  /** A line per changed row, or one per run: `logger_event_type`. */
  readonly changes: 'event' | 'batch'
  /** A line per snapshot, or one per row of it: `logger_snapshot_event_type`. */
  readonly snapshots: 'whole' | 'event'
  /** Numbers as JSON numbers: `logger_numerics`. */
  readonly numerics: boolean
  /** Decorations beside the other members: `decorations_top_level`. */
  readonly decorationsTopLevel: boolean
  /** Characters of the longest line; what is longer is refused. */
  readonly maxLineCharacters?: number
}

/** What all lines of a run have in common. */
export interface LineContext {
  /** `hostIdentifier`. */
  readonly host: string
  readonly unixTime: number
  readonly decorations?: Readonly<Record<string, string>>
}

/** A notice of the daemon's own. */
export interface StatusNotice {
  /** glog's: 0 info, 1 warning, 2 error, 3 fatal. */
  readonly severity: 0 | 1 | 2 | 3
  readonly filename: string
  readonly line: number
  readonly message: string
  /** Version of this program. */
  readonly version: string
}

/** A line that no receiver, and not even a string, would hold. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError'
}

/** Well below the longest string of the engine (2^29 characters) even with proof and framing around it. */
const longest = 2 ** 28

/** Writes lines of one form. */
export class ResultLines {
  readonly #options: LineOptions
  readonly #longest: number

  constructor(options: LineOptions) {
    this.#options = options
    this.#longest = Math.min(options.maxLineCharacters ?? longest, longest)
  }

  /**
   * Lines of a change. Nothing for a change without rows, except that the first result of a series is told in batch form
   * even when it is empty. Throws `LineTooLongError`.
   */
  *changes(
    query: { readonly name: string; readonly removed: boolean },
    change: ResultChange,
    context: LineContext,
  ): Iterable<ResultEvent> {
    const row = this.#rowWriter(query.name, change.columns, printable)
    const removed = query.removed ? change.removed : []
    const event = (line: string) => this.#event('result', query.name, context, line)
    if (this.#options.changes === 'batch') {
      const rows = this.#rows(query.name, removed, row)
      const added = this.#rows(query.name, change.added, row)
      if (rows === '[]' && added === '[]' && change.counter !== 0) return
      const members = new JsonMembers().set('diffResults', `{"removed":${rows},"added":${added}}`)
      yield event(this.#checked(query.name, this.#common(members, query.name, change, context).toString()))
      return
    }
    for (const [action, rows] of [
      ['removed', removed],
      ['added', change.added],
    ] as const) {
      const { before, behind } = this.#eventFrame(query.name, change, context, action)
      for (const one of rows) yield event(this.#checked(query.name, before + row(one) + behind))
    }
  }

  /** Lines of a snapshot: one, of an empty result too; or one per row. Throws `LineTooLongError`. */
  *snapshot(
    query: { readonly name: string },
    result: { readonly columns: readonly ResultColumn[]; readonly rows: Iterable<ResultRow> },
    run: { readonly epoch: number },
    context: LineContext,
  ): Iterable<ResultEvent> {
    const row = this.#rowWriter(query.name, result.columns, (value) => value)
    const series = { epoch: run.epoch, counter: 0 }
    const event = (line: string) => this.#event('snapshot', query.name, context, line)
    if (this.#options.snapshots === 'event') {
      const { before, behind } = this.#eventFrame(query.name, series, context, 'snapshot')
      for (const one of result.rows) yield event(this.#checked(query.name, before + row(one) + behind))
      return
    }
    const members = new JsonMembers()
      .set('snapshot', this.#rows(query.name, result.rows, row))
      .set('action', '"snapshot"')
    yield event(this.#checked(query.name, this.#common(members, query.name, series, context).toString()))
  }

  /** A notice, as osquery's buffered loggers (TLS among them) send status lines. */
  status(notice: StatusNotice, context: LineContext): ResultEvent {
    const members = new JsonMembers()
      .set('hostIdentifier', jsonText(context.host))
      .set('calendarTime', jsonText(calendarTime(context.unixTime)))
      .set('unixTime', String(context.unixTime))
      .set('severity', String(notice.severity))
      .set('filename', jsonText(notice.filename))
      .set('line', String(notice.line))
      .set('message', jsonText(notice.message))
      .set('version', jsonText(notice.version))
    this.#decorate(members, context)
    return this.#event('status', '', context, this.#checked('status', members.toString()))
  }

  #eventFrame(name: string, series: Series, context: LineContext, action: string): { before: string; behind: string } {
    return this.#common(new JsonMembers(), name, series, context)
      .set('columns', '')
      .set('action', jsonText(action))
      .around('columns')
  }

  #common(members: JsonMembers, name: string, series: Series, context: LineContext): JsonMembers {
    members
      .set('name', jsonText(name))
      .set('hostIdentifier', jsonText(context.host))
      .set('calendarTime', jsonText(calendarTime(context.unixTime)))
      .set('unixTime', String(context.unixTime))
      .set('epoch', String(series.epoch))
      .set('counter', String(series.counter))
      .set('numerics', String(this.#options.numerics))
    this.#decorate(members, context)
    return members
  }

  /** osquery lets a decoration take the place of the rows themselves; that one is left out here. */
  #decorate(members: JsonMembers, context: LineContext): void {
    const decorations = Object.entries(context.decorations ?? {}).sort(([one], [other]) => compareBytes(one, other))
    if (decorations.length === 0) return
    const target = this.#options.decorationsTopLevel ? members : new JsonMembers()
    for (const [name, value] of decorations) {
      const isRows = target === members && (name === 'snapshot' || name === 'diffResults')
      if (!isRows) target.set(name, jsonText(value))
    }
    if (target !== members) members.set('decorations', target.toString())
  }

  /** Writes a row as an object, columns by the bytes of their names. */
  #rowWriter(
    query: string,
    columns: readonly ResultColumn[],
    shown: (value: string) => string,
  ): (row: ResultRow) => string {
    const types = new Map(columns.map((column) => [column.name, column.type]))
    const written = [...types]
      .sort(([one], [other]) => compareBytes(one, other))
      .map(([name, type], at) => ({
        name,
        key: `${at === 0 ? '' : ','}${jsonText(name)}:`,
        isNumber: this.#options.numerics && isNumeric(type),
      }))
    return (row) => {
      let line = '{'
      for (const { name, key, isNumber } of written) {
        const value = row[name] ?? ''
        if (line.length + value.length > this.#longest) throw this.#tooLong(query)
        try {
          line += key + ((isNumber ? jsonNumber(value) : undefined) ?? jsonText(shown(value)))
        } catch (error) {
          throw error instanceof RangeError ? this.#tooLong(query) : error // escapes make it longer than a string may be
        }
      }
      return `${line}}`
    }
  }

  #rows(query: string, rows: Iterable<ResultRow>, write: (row: ResultRow) => string): string {
    const written: string[] = []
    let characters = 0
    for (const row of rows) {
      const one = write(row)
      characters += one.length + 1
      if (characters > this.#longest) throw this.#tooLong(query)
      written.push(one)
    }
    return `[${written.join(',')}]`
  }

  #checked(query: string, line: string): string {
    if (line.length > this.#longest) throw this.#tooLong(query)
    return line
  }

  #tooLong(query: string): LineTooLongError {
    return new LineTooLongError(
      `cannot write a line of ${JSON.stringify(query)}: it has more than ${this.#longest} characters; lower the query's budget, or log a line per row`,
    )
  }

  #event(kind: ResultEventKind, query: string, context: LineContext, line: string): ResultEvent {
    return { kind, query, unixTime: context.unixTime, line }
  }
}

interface Series {
  readonly epoch: number
  readonly counter: number
}
