/**
 * Events that a sink will never take, kept for a person to look at: the newest of each sink, within bounds.
 *
 * How many there ever were is counted with the sink; what is pushed out here is not lost from that count.
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { eventOf, frameAt } from './event-frame.ts'
import type { DeadLetter } from './spool.ts'
import { deadText, readRecordRow } from './spool-records.ts'
import type { SpoolTables } from './spool-tables.ts'

/** Letters kept of one sink. */
export const maxLetters = 1_000
/** Bytes kept of one sink; the newest letter is kept whatever it has. */
export const maxLetterBytes = 8 * 1024 * 1024
const maxReason = 1_000

interface Kept {
  readonly row: number
  readonly bytes: number
}

/** The table and what it holds, by sink, oldest first. */
export class DeadLetters {
  readonly #tables: SpoolTables
  #kept: ReadonlyMap<string, readonly Kept[]>

  constructor(tables: SpoolTables) {
    this.#tables = tables
    this.#kept = load(tables)
  }

  /** For a transaction that is taken back: what was held before it. */
  get held(): ReadonlyMap<string, readonly Kept[]> {
    return this.#kept
  }

  restore(held: ReadonlyMap<string, readonly Kept[]>): void {
    this.#kept = held
  }

  /** Keeps a letter and pushes out the oldest beyond the bounds. Inside a transaction. */
  add(sink: string, reason: string, frame: Buffer): void {
    const row = this.#tables.dead.insert(deadText(sink, reason.slice(0, maxReason)), frame)
    const kept = [...(this.#kept.get(sink) ?? []), { row, bytes: frame.length }]
    let bytes = kept.reduce((sum, one) => sum + one.bytes, 0)
    while (kept.length > 1 && (kept.length > maxLetters || bytes > maxLetterBytes)) {
      const oldest = kept.shift()
      if (!oldest) break
      bytes -= oldest.bytes
      this.#tables.dead.delete(oldest.row)
    }
    this.#set(sink, kept)
  }

  /** Forgets a sink's letters. Inside a transaction. */
  forget(sink: string): void {
    for (const { row } of this.#kept.get(sink) ?? []) this.#tables.dead.delete(row)
    this.#set(sink, [])
  }

  /** The newest letters, newest first. */
  list(sink: string | undefined, limit: number): DeadLetter[] {
    const reasons = new Map(this.#tables.dead.all().map((row) => [row.id, readRecordRow(row.record, row.sum)]))
    const rows = [...this.#kept]
      .filter(([name]) => sink === undefined || name === sink)
      .flatMap(([, kept]) => kept.map(({ row }) => row))
      .sort((a, b) => b - a)
    const letters: DeadLetter[] = []
    for (const row of rows) {
      if (letters.length >= limit) break
      const record = reasons.get(row)
      const event = readFrame(this.#tables.dead.frame(row))
      if (record?.kind === 'dead' && event) letters.push({ sink: record.sink, reason: record.reason, event })
    }
    return letters
  }

  #set(sink: string, kept: readonly Kept[]): void {
    const next = new Map(this.#kept)
    if (kept.length > 0) next.set(sink, kept)
    else next.delete(sink)
    this.#kept = next
  }
}

function load(tables: SpoolTables): Map<string, Kept[]> {
  const kept = new Map<string, Kept[]>()
  const sizes = tables.dead.sizes()
  for (const { id, record, sum } of tables.dead.all()) {
    const letter = readRecordRow(record, sum)
    if (letter?.kind !== 'dead') continue
    const entry = { row: id, bytes: sizes.get(id) ?? 0 }
    const list = kept.get(letter.sink)
    if (list) list.push(entry)
    else kept.set(letter.sink, [entry])
  }
  return kept
}

/** The event of a frame in a row of its own; undefined when it is damaged. */
export function readFrame(bytes: Buffer): SpooledEvent | undefined {
  const frame = frameAt(bytes, 0)
  return frame && !frame.isLost ? eventOf(bytes, frame) : undefined
}
