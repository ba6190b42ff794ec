/**
 * What one stat call says, in the contract's types.
 *
 * Stats are read as bigints: a double holds neither a nanosecond time nor a 64-bit inode number.
 */
import type { BigIntStats } from 'node:fs'
import type { PathText } from '../../domain/path-text.ts'
import type { FileIdentity, WalkEntry } from '../engine.ts'
import { FileFailure } from './failure.ts'

/** The identity of a file's state. */
export function identityOf(stats: BigIntStats): FileIdentity {
  return {
    dev: stats.dev,
    ino: stats.ino,
    size: Number(stats.size),
    mtimeNs: knowable(stats.mtimeNs),
    ctimeNs: knowable(stats.ctimeNs),
  }
}

/** Whether two identities are of one state of one file. */
export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}

/** A regular file as a walk reports it. */
export function entryOf(root: number, path: PathText, rules: readonly number[], stats: BigIntStats): WalkEntry {
  return {
    root,
    path,
    rules,
    ...identityOf(stats),
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    nlink: Number(stats.nlink),
    atimeNs: knowable(stats.atimeNs),
    btimeNs: knowable(stats.birthtimeNs),
    blocks: Number(stats.blocks),
  }
}

const lastNs = 2n ** 63n - 1n

/** A file system may hold any 64-bit second; what 64 bits of nanoseconds cannot say is the last they can, in 2262. */
function knowable(ns: bigint): bigint {
  if (ns > lastNs) return lastNs
  return ns < -lastNs - 1n ? -lastNs - 1n : ns
}

/** Throws the failure of anything that is not a regular file. */
export function requireRegular(stats: BigIntStats): void {
  if (stats.isSymbolicLink()) throw new FileFailure('symlink', 'a symbolic link; links are not followed')
  if (!stats.isFile()) throw new FileFailure('not_regular', `${kindOf(stats)}, no regular file`)
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}
