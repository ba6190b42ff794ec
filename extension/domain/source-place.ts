/**
 * Places where a source of contacts or executions keeps its records. Data: iocs/sources.json.
 */
import type { Platform } from './platform.ts'

/** One place. */
export interface SourcePlace {
  readonly id: string
  /** System of the volume. */
  readonly platform: Platform
  /** Pattern of domain/glob.ts below the root of a volume; the component `<user>` is any, and names the user. */
  readonly pattern: string
  readonly what: string
  /** Name of the source that reads it; `auto`: whichever recognises it. */
  readonly source: string
  /** Account the place belongs to, where the pattern does not name it. */
  readonly user?: string
}
