/**
 * What `threecx_extension` may ask. Counts are since the start of the process.
 */

/** The extension as it is now, in the columns of the table. */
export interface ExtensionHealth {
  read(): Promise<{
    readonly version: string
    readonly engine: string
    readonly engine_reason: string
    readonly pid: number
    readonly uptime: number
    readonly uuid: string
    readonly registrations: number
    readonly calls: number
    readonly rows: number
    readonly errors: number
    readonly late: number
    readonly refused: number
    readonly truncated: number
    readonly p50_ms: number
    readonly p99_ms: number
    readonly rss: number
    readonly cache_hits: number
    readonly bundle: string
    readonly bundle_version: number | null
    readonly bundle_state: string
    readonly bundle_created: number | null
    readonly bundle_expires: number | null
    readonly bundle_problem: string
    readonly tables: string
  }>
}
