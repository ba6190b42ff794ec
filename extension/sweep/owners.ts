/**
 * Names of file owners, from the examined system's own passwd file.
 *
 * An image's uids mean what the image's passwd says, not ours. Windows volumes mounted elsewhere have no meaningful
 * uid, and macOS keeps its people in a directory service: both give no name rather than a wrong one.
 */
import type { PathText } from '../domain/path-text.ts'
import type { ScanEngine } from '../native/engine.ts'

/** Looks up the name of a uid; empty when unknown. */
export type Owners = (uid: number) => string

/** A passwd file of more than this is not one. */
const maxPasswdBytes = 4 * 1024 * 1024

/** Reads `etc/passwd` below a root; a missing or unreadable one knows nobody. */
export async function readOwners(engine: ScanEngine, root: PathText): Promise<Owners> {
  const bytes = await engine.read([root], { root: 0, path: 'etc/passwd' }, 0, maxPasswdBytes).catch(() => undefined)
  const names = bytes ? parsePasswd(new TextDecoder().decode(bytes)) : new Map<number, string>()
  return (uid) => names.get(uid) ?? ''
}

/** name:password:uid:... lines; the first name of a uid wins, as in the C library. passwd(5). */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':')
    if (!name || name.startsWith('#') || !/^\d{1,10}$/.test(uid ?? '')) continue
    if (!names.has(Number(uid))) names.set(Number(uid), name)
  }
  return names
}
