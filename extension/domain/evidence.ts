/**
 * Evidence: one record found on a host, with its address, its time and the observables in it.
 *
 * A source yields evidence and never compares; `match` compares and never reads.
 */
import type { Observable } from './observable.ts'
import type { PathText } from './path-text.ts'
import type { Platform } from './platform.ts'
import type { Fields } from './trait.ts'

/** One record. Observables must be canonical. */
export interface Evidence {
  /** Name of the evidence source, snake_case. */
  readonly source: string
  /** The file or store the record was found in. */
  readonly path?: PathText
  /** Byte offset or row number inside `path`. */
  readonly offset?: number
  /** Bytes it takes there. */
  readonly length?: number
  /** Path inside the container that `path` is. */
  readonly member?: string
  /** What else was read there, for an analyst. */
  readonly fields?: Fields
  /** Row or record id inside `path`, where a byte offset says nothing: `visits:4711`. */
  readonly record?: string
  /** As found, cut at some kilobytes. */
  readonly raw?: string
  /** When it happened, unix seconds UTC; with a fraction where the source is that precise. */
  readonly time?: number
  /** When it happened last, where one record stands for several. */
  readonly lastTime?: number
  /** How often, where one record stands for several; once unless told. */
  readonly count?: number
  /** Whose doing it was, as the source names them: a user, a client's address, a process. */
  readonly user?: string
  readonly uid?: number
  readonly client?: string
  readonly process?: string
  readonly pid?: number
  /** It names the other side and does not say that anybody spoke with it, as a setting does. */
  readonly isOnlyNamed?: boolean
  /** Platform the record speaks of, not the one it was found on: a Windows installer on a Linux server is `windows`. */
  readonly platform?: Platform
  readonly observables: readonly Observable[]
}
