/**
 * Times of records against the life of the file they are in: a record cannot be younger than the last change of its file.
 *
 * A clock that was ahead, or somebody who forged a record, gives such times. They are no times of an event, and a search for
 * what is new may leave out files that were not changed since.
 */
import type { Fields } from './trait.ts'

/** What has a first and a last time, unix seconds. */
interface Timed {
  readonly time?: number
  readonly lastTime?: number
  readonly fields?: Fields
}

/** The record without times behind `latest`; what it states stays among its fields. Unchanged where nothing is known. */
export function withPossibleTimes<T extends Timed>(record: T, latest: number | undefined): T {
  const { time, lastTime = time } = record
  if (latest === undefined || lastTime === undefined || lastTime <= latest) return record
  const { time: _, lastTime: __, ...rest } = record
  const kept = time !== undefined && time <= latest ? { time } : {}
  return { ...rest, ...kept, fields: { ...record.fields, stated_time: lastTime } } as unknown as T
}
