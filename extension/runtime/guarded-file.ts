/**
 * Reading a file whose content is believed because of who could have written it: see `guarded-path.ts`. On Windows the
 * directory must be one that only administrators write to, which is not checked here.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { checkGuarded, refuseDistrusted } from './guarded-path.ts'
import { readToEnd } from './read-to-end.ts'

/** The bytes of a guarded regular file of at most so many bytes. Throws with the reason. */
export function readGuarded(path: string, maxBytes: number): Uint8Array {
  checkGuarded(path)
  return readOwned(path, maxBytes)
}

/** The same of a file whose directory was checked: nothing above it is looked at. */
export function readOwned(path: string, maxBytes: number): Uint8Array {
  const handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    const found = fstatSync(handle, { bigint: true })
    if (!found.isFile()) throw new Error(`${path} is no regular file`)
    refuseDistrusted(path, found, false)
    if (found.size > BigInt(maxBytes)) throw new Error(`${path} has ${found.size} bytes; expected at most ${maxBytes}`)
    const bytes = readToEnd(handle, maxBytes)
    if (!bytes) throw new Error(`${path} grows; expected at most ${maxBytes} bytes`)
    return bytes
  } finally {
    closeSync(handle)
  }
}
