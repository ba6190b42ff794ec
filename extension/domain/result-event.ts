/**
 * A line on its way out: what the daemon notices, spools and delivers.
 *
 * The line is osquery's own log line (JSON, no newline); the fields beside it are what spool, delivery and sinks need
 * without parsing it again. Sinks and the spool know events by this and by nothing else.
 */

/** Which of osquery's logs a line belongs to. */
export type ResultEventKind = 'result' | 'snapshot' | 'status'

/** One line, before it has a place in the spool. */
export interface ResultEvent {
  readonly kind: ResultEventKind
  /** Full name of the query, e.g. `pack_threecx-hunt_artifacts`; empty for status lines. */
  readonly query: string
  /** Unix seconds of the line. */
  readonly unixTime: number
  /** One JSON object in osquery's format, without a line end. */
  readonly line: string
}

/** One line with its place in the spool. */
export interface SpooledEvent extends ResultEvent {
  /** Place in the spool: a positive safe integer, given once, larger for every later event. */
  readonly sequence: number
  /** `<stream>-<sequence>`: permanent; a repeated delivery has the same. */
  readonly id: string
  /** CRC-32 of the line's UTF-8 bytes as it was spooled. */
  readonly checksum: number
}
