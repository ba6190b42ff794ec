/**
 * A trace: what one source says of one install, before several of them become one record.
 *
 * Sources yield traces and decide nothing about each other; whether an install is there, and which traces belong to
 * it, is decided in one place (join-traces.ts).
 */
import type { InstallEvidence, InstallScope } from '../domain/install.ts'
import type { PathText } from '../domain/path-text.ts'
import type { Platform } from '../domain/platform.ts'

/** What a trace proves. */
export type Proof =
  /** The app is there. */
  | 'there'
  /** Something of the app is or was there. */
  | 'something'
  /** A package that the updater keeps: of what was installed, or of what comes next. */
  | 'package'
  /** An installer for others. */
  | 'served'

/** One trace. */
export interface Trace extends InstallEvidence {
  readonly proof: Proof
  /** System the app is made for. */
  readonly platform: Platform
  readonly scope: InstallScope
  /** Empty when it does not tell whose it is. */
  readonly user: string
  readonly imagePath: PathText
  /** Folder or bundle of the app, as the examined system names it. */
  readonly home?: string
  readonly product?: string
  readonly signer?: string
}

/** Drops fields that are undefined, so that records compare and print as what they say. */
export function stated<T extends object>(
  fields: { [Key in keyof T]: T[Key] | Extract<undefined, T[Key]> | undefined },
): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

/** Unix seconds of a file time; undefined where the file system has none. */
export function secondsOf(ns: bigint): number | undefined {
  return ns > 0n ? Number(ns / 1_000_000_000n) : undefined
}
