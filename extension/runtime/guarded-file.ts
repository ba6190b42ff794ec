/**
 * Reading a file whose content is believed because of who could have written it.
 *
 * Such a file, and every directory on the way to it, belongs to root or to the user of this process, and others cannot
 * write to it; a link on the way is refused, because it is a second path that would have to be proved. A sticky
 * directory of root (/tmp) may be passed through: nobody can exchange what lies in it but its owner. On Windows there
 * are no such bits: the directory must be one that only administrators write to, which is not checked here.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Throws with the reason when somebody else could put something else at the path. */
export function checkGuarded(path: string): void {
  for (const step of stepsTo(resolve(path))) checkOwned(step)
}

/** Throws with the reason when what lies at the path itself is a link, or another's, or open to others. */
export function checkOwned(path: string): void {
  const found = lstatSync(path, { bigint: true })
  if (found.isSymbolicLink()) throw new Error(`${path} is a symbolic link; give the path it leads to`)
  const why = distrust(found)
  if (why !== undefined) throw new Error(`${path} ${why}`)
}

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
    const why = distrust(found)
    if (why !== undefined) throw new Error(`${path} ${why}`)
    if (found.size > BigInt(maxBytes)) throw new Error(`${path} has ${found.size} bytes; expected at most ${maxBytes}`)
    const bytes = Buffer.alloc(maxBytes + 1)
    let length = 0
    for (;;) {
      const read = readSync(handle, bytes, length, bytes.length - length, null)
      length += read
      if (read === 0) return bytes.subarray(0, length)
      if (length > maxBytes) throw new Error(`${path} grows; expected at most ${maxBytes} bytes`)
    }
  } finally {
    closeSync(handle)
  }
}

/** Why owner and mode of something on the way cannot be trusted, or undefined. */
function distrust(found: BigIntStats): string | undefined {
  const { uid, gid, mode } = found
  const own = process.getuid?.()
  if (own === undefined) return undefined
  if (uid !== 0n && uid !== BigInt(own)) return `belongs to uid ${uid}, neither root nor us`
  const isSticky = (mode & 0o1000n) !== 0n && uid === 0n && found.isDirectory()
  const shown = `(mode ${(mode & 0o7777n).toString(8)})`
  if ((mode & 0o002n) !== 0n && !isSticky) return `can be written to by everybody ${shown}`
  return (mode & 0o020n) !== 0n && gid !== 0n && !isSticky ? `can be written to by group ${gid} ${shown}` : undefined
}

/** Every directory from the root to a path, the path included. */
function stepsTo(path: string): string[] {
  const above = dirname(path)
  return above === path ? [path] : [...stepsTo(above), path]
}
