/**
 * The indicator bundle in force on this host, as it is told: by tables, the log, `threecx doctor`.
 */
import type { ErrorCode } from './errors.ts'

/**
 * How the host stands.
 *
 * - `none`: nothing is installed; the indicators are those that ship with the program.
 * - `in_force`: the newest installed bundle is in force.
 * - `fallback`: the newest cannot be used, an older one is in force.
 * - `failed`: none of the installed ones can be used; those that ship with the program are in force.
 * - `file`: one that was named for this run is in force.
 * - `off`: bundles were not asked for.
 */
export const bundleStates = ['none', 'in_force', 'fallback', 'failed', 'file', 'off'] as const

/** One of the states. */
export type BundleState = (typeof bundleStates)[number]

/** Why an installed bundle is not in force. */
export interface BundleTrouble {
  readonly code: ErrorCode
  readonly message: string
  /** Absent: the trouble is with all of them. */
  readonly version?: number
}

/** The bundle in force, and why others are not. Times are unix seconds. */
export interface BundleStatus {
  readonly state: BundleState
  readonly bundle?: {
    readonly name: string
    readonly version: number
    readonly created: number
    readonly expires?: number
    /** Names of the trusted keys that signed it. */
    readonly signedBy: readonly string[]
    /** Of the file, hex. */
    readonly sha256: string
  }
  /** Of the newer ones that could not be used, newest first. */
  readonly troubles: readonly BundleTrouble[]
}
