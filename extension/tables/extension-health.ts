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
    readonly tables: string
  }>
}
