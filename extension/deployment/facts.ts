/**
 * Everything the rules want to know about a host, as one plain frozen value.
 *
 * Gathered once, then judged by pure functions: rules for Windows and macOS run and are tested on Linux, and a report
 * never contradicts itself because something changed in between. No methods, no handles, nothing to close.
 */
import type { BundleStatus } from '../domain/bundle.ts'
import type { Platform } from '../domain/platform.ts'
import type { BinaryFormat } from './binary-format.ts'
import type { FlagsText } from './flags-file.ts'
import type { Layout } from './layout.ts'
import type { LoadFileText } from './load-file.ts'

/** What lies at a path. `dangling` is a link to nothing. */
export type FileNature = 'missing' | 'unreadable' | 'dangling' | 'file' | 'directory' | 'socket' | 'other'

/** One file, links followed, as osquery follows them. */
export interface FileFacts {
  readonly path: string
  readonly nature: FileNature
  /** The system's word, when nature is `unreadable`. */
  readonly reason?: string
  readonly isLink: boolean
  /** Path without links; absent when missing. */
  readonly realPath?: string
  /** Device and inode: two paths with the same identity are one file. */
  readonly identity?: string
  readonly uid: number
  readonly gid: number
  /** Permission bits with set-id and sticky, 0o7777. */
  readonly mode: number
  readonly size: number
  /** Security descriptor; Windows, and only where it could be read. */
  readonly sddl?: string
}

/** The executable and its surroundings. */
export interface ProgramFacts extends FileFacts {
  readonly parent: FileFacts
  readonly format?: BinaryFormat
  /** Whether the interpreter of a script is there. */
  readonly hasInterpreter?: boolean
  /** Options of the mount it lies on; absent where they cannot be asked. */
  readonly mountOptions?: readonly string[]
}

/** One line of the load file, and what it leads to. */
export interface EntryFacts {
  readonly line: number
  readonly path: string
  readonly isAbsolute: boolean
  readonly found: FileFacts
  /** Files with osquery's suffix below it, when it is a directory. */
  readonly below: readonly FileFacts[]
  /** More files below it than were looked at. */
  readonly isCut: boolean
}

/** The load file. */
export interface LoadFileFacts extends FileFacts {
  readonly text?: LoadFileText
  readonly entries: readonly EntryFacts[]
}

/** The flags file, those it names included. */
export interface FlagsFileFacts extends FileFacts {
  readonly text?: FlagsText
  /** Whether the caller named it; a missing default is normal. */
  readonly isNamed: boolean
}

/** How a connection to the manager's socket went; nothing is sent over it. */
export type Connection = 'answered' | 'refused' | 'denied' | 'timeout' | 'missing' | 'failed' | 'not_tried'

/** The manager's socket. */
export interface SocketFacts extends FileFacts {
  readonly parent: FileFacts
  readonly connection: Connection
  /** Whether the caller named it. */
  readonly isNamed: boolean
}

/** Indicator bundles: what is in force, and who may sign them. */
export interface BundleFacts {
  readonly status: BundleStatus
  /** Files and directories of trusted keys. */
  readonly trust: readonly string[]
  /** Names of the keys that are trusted. */
  readonly keys: readonly string[]
  /** Why others are not. */
  readonly keyProblems: readonly string[]
  /** When the status was taken, unix seconds. */
  readonly now: number
}

/** The host, as the rules see it. */
export interface HostFacts {
  readonly platform: Platform
  /** `process.arch`. */
  readonly arch: string
  /** Who asks; -1 where there are no numbers. */
  readonly uid: number
  /** The SID of who asks; Windows only. */
  readonly sid?: string
  readonly layout: Layout
  readonly program: ProgramFacts
  readonly loadFile: LoadFileFacts
  readonly flagsFile: FlagsFileFacts
  readonly socket: SocketFacts
  readonly state: FileFacts
  readonly bundle: BundleFacts
}
