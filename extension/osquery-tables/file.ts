/**
 * osquery's table `file`: what the file system and, on Windows, the version resource say of regular files.
 *
 * A file of Windows has no owner that could be told from outside, and a copied tree has birth times of the copy: both
 * are left empty. So are attributes, links and shortcuts, which the queries of the packs do not ask for.
 */
import { boundedFile } from '../decoders/bounded-file.ts'
import { readPe } from '../decoders/pe.ts'
import { type PeVersion, readPeVersion } from '../decoders/pe-version.ts'
import { isRefusal } from '../decoders/refusal.ts'
import { splitPath } from '../domain/path-text.ts'
import { type NamedFile, namedFiles } from './named-files.ts'
import type { OsqueryServices, OsqueryTable } from './services.ts'

const stated = ['file_version', 'product_version', 'original_filename']

/** The table. */
export const file: OsqueryTable = {
  name: 'file',
  async *rows(context, services) {
    const wantsVersion = stated.some((column) => context.uses(column))
    for await (const found of namedFiles('file', context, services)) {
      const version = wantsVersion && isWindows(found) ? await versionOf(found, services) : undefined
      yield { ...row(found), ...version }
    }
  },
}

function isWindows({ volume: { platform } }: NamedFile): boolean {
  return platform === 'windows' || platform === undefined
}

function row({ volume, entry, path, directory }: NamedFile) {
  const split = splitPath(path)
  const hasOwner = volume.platform !== 'windows'
  return {
    path,
    directory: directory ?? split.directory,
    filename: split.name,
    inode: entry.ino,
    uid: hasOwner ? entry.uid : null,
    gid: hasOwner ? entry.gid : null,
    mode: (entry.mode & 0o7777).toString(8).padStart(4, '0'),
    device: entry.dev,
    size: entry.size,
    atime: seconds(entry.atimeNs),
    mtime: seconds(entry.mtimeNs),
    ctime: seconds(entry.ctimeNs),
    btime: volume.isCopy ? 0n : seconds(entry.btimeNs),
    hard_links: entry.nlink,
    symlink: 0,
    type: 'regular',
  }
}

function seconds(ns: bigint): bigint {
  return ns / 1_000_000_000n
}

/** A file that cannot be read, or is no program, states nothing. */
async function versionOf({ volume, entry }: NamedFile, { engine }: OsqueryServices) {
  const read = (offset: number, length: number) => engine.read([volume.canonical], entry, offset, length)
  try {
    const bounded = boundedFile({ size: entry.size, read })
    const image = await readPe(bounded)
    const version: PeVersion | undefined = isRefusal(image) ? undefined : sound(await readPeVersion(bounded, image))
    return {
      file_version: version?.fileVersion ?? '',
      product_version: version?.productVersion ?? version?.fileVersion ?? '',
      original_filename: version?.strings['OriginalFilename'] ?? '',
    }
  } catch {
    return undefined
  }
}

function sound<T extends object>(value: T | { readonly problem: string } | undefined): T | undefined {
  return value === undefined || isRefusal(value) ? undefined : (value as T)
}
