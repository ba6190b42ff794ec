/**
 * The one directory we write to.
 *
 * Private to its owner, because what lies in it is believed later: a cached digest decides whether a file is read.
 * A directory that others can write to, or that belongs to somebody else, is refused rather than repaired.
 */
import { lstatSync, mkdirSync } from 'node:fs'
import { HunterError } from '../domain/errors.ts'

export { defaultStateDir } from './state-location.mjs'

/** Makes the directory if it is missing and checks that it is ours alone. */
export function openStateDir(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const found = lstatSync(path)
    if (!found.isDirectory()) throw new Error('it is no directory')
    if (process.getuid && found.uid !== process.getuid()) throw new Error(`it belongs to uid ${found.uid}`)
    if (process.getuid && (found.mode & 0o022) !== 0) throw new Error('others can write to it')
    return path
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HunterError('state_unusable', `cannot use state directory ${path}: ${why}`, { cause })
  }
}
