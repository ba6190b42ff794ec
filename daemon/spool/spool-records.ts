/**
 * What the spool remembers besides events: itself, its sinks, and which events a sink lacks out of order.
 *
 * Records are frozen values; a change is a new value, so that a transaction that is taken back is taken back in memory
 * by keeping the old one. How they stand in rows is `CheckedText` of the store.
 */
import type { CheckedText } from '../store/checked-record.ts'
import { checkedText, readChecked } from '../store/checked-record.ts'

/** The spool itself. */
export interface SpoolRecord {
  /** 16 hexadecimal digits. */
  readonly stream: string
  readonly newest: number
  /** Bytes of all lines that were ever kept. */
  readonly bytes: number
  /** Every sink has, or will never get, what is not above. A lower bound. */
  readonly floor: number
  /** How many sinks there are: fewer rows mean that some were lost. -1: nobody knows. */
  readonly sinks: number
}

/** An event behind a sink's cursor that it is to get again. */
export interface AgainEntry {
  readonly row: number
  readonly sequence: number
  readonly bytes: number
  readonly unixTime: number
}

/** One sink. */
export interface SinkRecord {
  readonly row: number
  readonly name: string
  /** Sequence up to which everything is settled or among `again`. */
  readonly cursor: number
  /** Bytes of lines up to the cursor, counted as `SpoolRecord.bytes`. */
  readonly passed: number
  /** How many sequences beyond the cursor are known to be lost, and counted. */
  readonly lostAhead: number
  readonly delivered: number
  readonly dropped: number
  readonly deadLetters: number
  readonly damaged: number
  readonly again: readonly AgainEntry[]
}

/** A sink that gets what comes after a place. */
export function sinkFrom(row: number, name: string, cursor: number, passed: number): SinkRecord {
  const zero = { delivered: 0, dropped: 0, deadLetters: 0, damaged: 0 }
  return { row, name, cursor, passed, lostAhead: 0, ...zero, again: [] }
}

/** The spool's row. */
export function spoolText(spool: SpoolRecord): CheckedText {
  return checkedText({ kind: 'spool', ...spool })
}

/** The row of a sink. How many events it is to get again is noted, so that lost ones are missed. */
export function sinkText({ row: _, again, ...sink }: SinkRecord): CheckedText {
  return checkedText({ kind: 'sink', ...sink, again: again.length })
}

/** The row of an event that a sink is to get again. */
export function againText(sink: string, { row: _, ...entry }: AgainEntry): CheckedText {
  return checkedText({ kind: 'again', sink, ...entry })
}

/** The row of an event that a sink will never take. */
export function deadText(sink: string, reason: string): CheckedText {
  return checkedText({ kind: 'dead', sink, reason })
}

/** A row of any table of records. */
export type AnyRecord =
  | { readonly kind: 'spool'; readonly spool: SpoolRecord }
  | { readonly kind: 'sink'; readonly sink: Omit<SinkRecord, 'row' | 'again'>; readonly again: number }
  | { readonly kind: 'again'; readonly sink: string; readonly entry: Omit<AgainEntry, 'row'> }
  | { readonly kind: 'dead'; readonly sink: string; readonly reason: string }

/** Reads a row; undefined when it is not what was written. */
export function readRecordRow(record: unknown, sum: unknown): AnyRecord | undefined {
  const value = readChecked(record, sum)
  if (!value) return undefined
  const number = (key: string) => (typeof value[key] === 'number' ? value[key] : 0)
  const text = (key: string) => (typeof value[key] === 'string' ? value[key] : '')
  switch (value['kind']) {
    case 'spool': {
      const counts = { newest: number('newest'), bytes: number('bytes'), floor: number('floor') }
      return { kind: 'spool', spool: { stream: text('stream'), ...counts, sinks: number('sinks') } }
    }
    case 'sink': {
      const place = { cursor: number('cursor'), passed: number('passed'), lostAhead: number('lostAhead') }
      const counts = {
        delivered: number('delivered'),
        dropped: number('dropped'),
        deadLetters: number('deadLetters'),
        damaged: number('damaged'),
      }
      return { kind: 'sink', sink: { name: text('name'), ...place, ...counts }, again: number('again') }
    }
    case 'again': {
      const entry = { sequence: number('sequence'), bytes: number('bytes'), unixTime: number('unixTime') }
      return { kind: 'again', sink: text('sink'), entry }
    }
    case 'dead':
      return { kind: 'dead', sink: text('sink'), reason: text('reason') }
    default:
      return undefined
  }
}
