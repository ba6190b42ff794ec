/**
 * Installs: a 3CX Desktop App on a host, what is left of one, or a client that a server hands out.
 *
 * One install is seen by many sources (the program, its uninstall entry, packages, caches of the system); they are one
 * record with a list of sources. Whether a version is affected is said by the version indicators in force, by platform
 * and the first three fields, because 18.11.1213 is compromised on macOS and clean on Windows.
 */
import type { PathText } from './path-text.ts'
import type { Platform } from './platform.ts'

/** Where an install can be seen, most telling first: of several sources the first gives path and name of the record. */
export const installSources = [
  'program', // the program file itself, with the version inside
  'info_plist', // the description of an app bundle
  'apps', // osquery's table of app bundles
  'programs', // osquery's table of installed programs
  'uninstall_entry', // what the system's list of programs says, from a registry hive or osquery
  'update_stub', // the updater beside an app that is not there
  'directory', // files in the folder of the app, without its program
  'squirrel_package', // packages the updater downloaded
  'amcache', // the system's record of programs it saw
  'prefetch', // the system's record of programs it started
  'app_data', // configuration, stores and logs of a user
  'preferences',
  'saved_state',
  'served_client', // an installer that a PBX server hands out
] as const

/** One of the sources. */
export type InstallSource = (typeof installSources)[number]

/** `present`: it is there. `removed`: it was there. `served`: it waits on a server for others to install. */
export const installStates = ['present', 'removed', 'served'] as const

/** One of the states. */
export type InstallState = (typeof installStates)[number]

/** Whom an install serves: one user, everybody on the machine, or clients of a server. */
export const installScopes = ['user', 'machine', 'server'] as const

/** One of the scopes. */
export type InstallScope = (typeof installScopes)[number]

/** One thing that shows an install. */
export interface InstallEvidence {
  readonly source: InstallSource
  /** File it was read from, on this machine; for osquery the path it states. */
  readonly path: PathText
  /** As stated: `18.12.416.0`. */
  readonly version?: string
  /** Registry key or the like inside the file. */
  readonly detail?: string
  /** Unix seconds. */
  readonly firstSeen?: number
  readonly lastSeen?: number
}

/** One install. */
export interface Install {
  /** The system the app is made for: a Windows client on a Linux server is `windows`. */
  readonly platform: Platform
  readonly path: PathText
  /** The same as the examined system names it. */
  readonly imagePath: PathText
  /** Folder or bundle of the app as the examined system names it; empty when nothing tells. */
  readonly home: string
  /** First three fields or as stated; absent when nothing states one. */
  readonly version?: string
  /** Absent: unknown, because there is no version. */
  readonly affected?: boolean
  readonly state: InstallState
  readonly user: string
  readonly scope: InstallScope
  readonly source: InstallSource
  /** At least one, most telling first. */
  readonly evidence: readonly InstallEvidence[]
  readonly product?: string
  /** Common name of the certificate; not verified. */
  readonly signer?: string
  /** Ids of the indicators that name this version. */
  readonly indicators: readonly string[]
  /** Earliest time of the evidence that states this version, unix seconds. */
  readonly firstSeen?: number
  /** Latest time of all evidence, unix seconds. */
  readonly lastSeen?: number
}

/** The first release with a new signing certificate, on both platforms: what to update to at least. */
export const fixedVersion = '18.12.425'
