/**
 * Whether somebody else could put something else at a path.
 *
 * What lies there, and every directory on the way, belongs to root or to the user of this process, and others cannot
 * write to it; a link on the way is refused, because it is a second path that would have to be proved. Root is trusted:
 * it owns the process anyway. On Windows there are no such bits: access lists are not looked at here.
 */
import { type BigIntStats, lstatSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Throws with the reason when somebody else could put something else at the path. A sticky directory of root (/tmp) may
 * be passed through: nobody can exchange what lies in it but its owner.
 */
export function checkGuarded(path: string): void {
  for (const step of stepsTo(resolve(path))) checkOwned(step)
}

/** Throws with the reason when what lies at the path itself is a link, or another's, or open to others. */
export function checkOwned(path: string): void {
  refuseDistrusted(path, lookNotLink(path), true)
}

/** Throws with the reason unless a path is a directory of ours or root's, in which anybody else can put nothing. */
export function checkClosedDirectory(path: string): void {
  const found = lookNotLink(path)
  if (!found.isDirectory()) throw new Error(`${path} is no directory`)
  refuseDistrusted(path, found, false)
}

/** Throws when owner or mode of what was found at a path cannot be trusted. */
export function refuseDistrusted(path: string, found: BigIntStats, mayBeSticky: boolean): void {
  const why = distrust(found, mayBeSticky)
  if (why !== undefined) throw new Error(`${path} ${why}`)
}

/** Every directory from the root to a path, the path included. */
export function stepsTo(path: string): string[] {
  const above = dirname(path)
  return above === path ? [path] : [...stepsTo(above), path]
}

function lookNotLink(path: string): BigIntStats {
  const found = lstatSync(path, { bigint: true })
  if (found.isSymbolicLink()) throw new Error(`${path} is a symbolic link; give the path it leads to`)
  return found
}

function distrust(found: BigIntStats, mayBeSticky: boolean): string | undefined {
  const { uid, gid, mode } = found
  const own = process.getuid?.()
  if (own === undefined) return undefined
  if (uid !== 0n && uid !== BigInt(own)) return `belongs to uid ${uid}, neither root nor us`
  if (mayBeSticky && (mode & 0o1000n) !== 0n && uid === 0n && found.isDirectory()) return undefined
  const shown = `(mode ${(mode & 0o7777n).toString(8)})`
  if ((mode & 0o002n) !== 0n) return `can be written to by everybody ${shown}`
  return (mode & 0o020n) !== 0n && gid !== 0n ? `can be written to by group ${gid} ${shown}` : undefined
}
