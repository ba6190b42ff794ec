/**
 * What a package puts on a machine, as data, and on disk for the tool that packs it.
 *
 * Owners are the format's business (root everywhere); modes and times are set here, so that neither the umask nor the
 * clock of the builder is part of the result.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** One thing at an absolute path. */
export type Entry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'copy'; readonly path: string; readonly from: string; readonly mode: number }
  | { readonly kind: 'text'; readonly path: string; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

/** Writes entries below a new directory, with every time the same. */
export function stage(entries: readonly Entry[], root: string, epoch: number): void {
  mkdirSync(root, { recursive: true })
  for (const entry of entries) put(entry, join(root, entry.path))
  settle(root, epoch)
}

function put(entry: Entry, path: string): void {
  mkdirSync(entry.kind === 'directory' ? path : dirname(path), { recursive: true })
  if (entry.kind === 'copy') copyFileSync(entry.from, path, constants.COPYFILE_FICLONE)
  if (entry.kind === 'text') writeFileSync(path, entry.text)
  if (entry.kind === 'link') symlinkSync(entry.to, path)
  if ('mode' in entry) chmodSync(path, entry.mode)
}

/** Times from the leaves up, because a new entry changes its directory's; modes of directories. */
function settle(path: string, epoch: number): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name)
    if (entry.isDirectory()) settle(below, epoch)
    else if (entry.isSymbolicLink()) lutimesSync(below, epoch, epoch)
    else utimesSync(below, epoch, epoch)
  }
  chmodSync(path, 0o755)
  utimesSync(path, epoch, epoch)
}
