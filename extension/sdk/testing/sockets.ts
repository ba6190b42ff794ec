/**
 * Socket files of a core: where they are, and how they vanish, or do not.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** A path of its own, short enough for `<path>.<uuid>`; on Windows the name of a pipe. */
export function temporarySocket(): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\core-${process.pid}-${Date.now().toString(36)}`
  return join(mkdtempSync(join(shortTemporary(), 'core-')), 'em')
}

/** macOS has long temporary paths. */
function shortTemporary(): string {
  return tmpdir().length > 40 ? '/tmp' : tmpdir()
}

/** Removes `<manager>` and `<manager>.*`, as osquery does when it starts and when it stops. */
export function removeSockets(manager: string): void {
  if (process.platform === 'win32') return
  rmSync(manager, { force: true })
  for (const name of namesIn(dirname(manager))) {
    if (name.startsWith(`${basename(manager)}.`)) rmSync(join(dirname(manager), name), { force: true })
  }
}

/**
 * Runs what closes a listener, and leaves its socket file behind, as a killed process does. The runtime removes the
 * path a server was bound to; it does not find the file under another name.
 */
export async function leavingSocket(path: string, close: () => Promise<void>): Promise<void> {
  if (process.platform === 'win32') {
    await close()
    return
  }
  const aside = join(dirname(path), `left-${basename(path)}`)
  renameSync(path, aside)
  await close()
  renameSync(aside, path)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
