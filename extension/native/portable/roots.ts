/**
 * The roots of a request, checked before anything else is done.
 *
 * A root that is missing, unreadable, or neither directory nor file makes the whole request unusable, and that is the
 * one thing that rejects: somebody mistyped a directory, or an image is not mounted, and an empty answer would read
 * as "clean".
 */
import type { BigIntStats } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { HunterError } from '../../domain/errors.ts'
import type { PathText } from '../../domain/path-text.ts'
import { fileFailure } from './failure.ts'
import { rawPath } from './location.ts'

/** A root that exists. */
export interface Root {
  readonly path: Buffer
  readonly stats: BigIntStats
}

/** Looks at the roots; rejects for one that cannot be used. With `toList`, directories must be readable, too. */
export async function usableRoots(roots: readonly PathText[], { toList = false } = {}): Promise<Root[]> {
  return Promise.all(roots.map((root) => usableRoot(root, toList)))
}

async function usableRoot(root: PathText, toList: boolean): Promise<Root> {
  const path = rawPath(root)
  if (!isAbsolute(path.toString('latin1'))) throw unusable(root, 'the path is not absolute')
  const stats = await lstat(path, { bigint: true }).catch((error) => {
    throw unusable(root, fileFailure(error).message, error)
  })
  if (!stats.isDirectory() && !stats.isFile()) throw unusable(root, 'it is neither a directory nor a regular file')
  if (toList && stats.isDirectory()) {
    await opendir(path).then(
      (directory) => directory.close(),
      (error) => {
        throw unusable(root, fileFailure(error).message, error)
      },
    )
  }
  return { path, stats }
}

function unusable(root: PathText, reason: string, cause?: Error): HunterError {
  return new HunterError('root_unusable', `cannot use the root ${JSON.stringify(root)}: ${reason}`, { cause })
}
