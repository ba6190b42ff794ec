/**
 * Files by a condition on `path` or `directory`, with the meaning that osquery gives it.
 *
 * `=` is one file. LIKE is first a pattern of the file system, `%` for any run of characters within one component and
 * `%%` at the end for everything below; SQLite then compares the paths once more. A pattern must begin at a root, and
 * `_` is itself there. Paths are those of the examined system (docs/decisions/0024): inside a Windows image they begin
 * with `C:\`. Directories and links are no rows here.
 */
import type { PathText } from '../domain/path-text.ts'
import { ignoresCase } from '../domain/platform.ts'
import type { EngineErrorCode, WalkEntry } from '../native/engine.ts'
import type { Columns, QueryContext } from '../sdk/index.ts'
import { displayPath, kernelTrees, relativeTo, type Volume } from '../sweep/volume.ts'
import type { OsqueryServices } from './services.ts'

/** One file. */
export interface NamedFile {
  readonly volume: Volume
  readonly entry: WalkEntry
  /** As the condition writes it, or as the examined system does. */
  readonly path: PathText
  /** As the condition writes it; absent: that of the path. */
  readonly directory?: PathText
}

/** Files of one condition: enough for every profile of a large server, little enough to keep. */
const maxFiles = 50_000
const batch = 512
/** What a walk meets on every host: nothing is missing from an answer because of it. */
const isExpected = new Set<EngineErrorCode>(['vanished', 'skipped', 'other_filesystem', 'symlink', 'not_regular'])

/** The files that a query names; none where it names none, as in osquery. Rejects with the signal's reason. */
export async function* namedFiles(
  table: string,
  context: QueryContext<Columns>,
  services: OsqueryServices,
): AsyncGenerator<NamedFile, void, undefined> {
  const { signal } = context
  const paths = context.equals('path')
  if (paths) {
    yield* singleFiles(table, services, [...new Set(paths)], signal)
    return
  }
  for (const directory of new Set(context.equals('directory') ?? [])) {
    for await (const file of walked(table, services, [`${withoutEnd(directory)}/`, '*'], signal)) {
      yield { ...file, directory }
    }
  }
  if (context.equals('directory')) return
  const [pattern] = context.likes('path')
  if (pattern !== undefined) yield* walked(table, services, [pattern, ''], signal)
  else {
    const [directories] = context.likes('directory')
    if (directories !== undefined) yield* walked(table, services, [`${withoutEnd(directories)}/`, '*'], signal)
  }
}

/** Files below a pattern of osquery, for tables that are about the files of a place. */
export async function* filesLike(
  table: string,
  services: OsqueryServices,
  pattern: string,
  signal: AbortSignal,
): AsyncGenerator<NamedFile, void, undefined> {
  yield* walked(table, services, [pattern, ''], signal)
}

function withoutEnd(directory: string): string {
  return directory.replace(/[\\/]+$/, '')
}

async function* singleFiles(
  table: string,
  services: OsqueryServices,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<NamedFile, void, undefined> {
  const { engine } = services
  for (const volume of services.volumes) {
    for (let at = 0; at < paths.length; at += batch) {
      signal.throwIfAborted()
      const some = paths.slice(at, at + batch).flatMap((path) => {
        const below = relativeTo(volume, path) ?? place(volume, path)?.below
        return below === undefined || below === '' ? [] : [{ path, below }]
      })
      const refs = some.map(({ below }) => ({ root: 0, path: below }))
      for (const [index, entry] of (await engine.stat([volume.canonical], refs)).entries()) {
        const { path = '', below = '' } = some[index] ?? {}
        if (!('code' in entry)) yield { volume, entry, path }
        else if (entry.code === 'vanished' && foldsCase(volume) && !below.includes('*')) {
          for await (const found of walk(table, services, volume, below, signal)) yield { volume, entry: found, path }
        }
      }
    }
  }
}

/** `parts`: a pattern with osquery's wildcards, and the end of one in our own language. */
async function* walked(
  table: string,
  services: OsqueryServices,
  [pattern, end]: readonly [string, string],
  signal: AbortSignal,
): AsyncGenerator<NamedFile, void, undefined> {
  let count = 0
  for (const volume of services.volumes) {
    const at = place(volume, pattern)
    if (at === undefined) continue
    const wanted = `${wildcards(at.below)}${end === '' ? '' : `/${end}`}`
    for await (const entry of walk(table, services, volume, wanted, signal)) {
      if (++count > maxFiles) {
        const message = `more than ${maxFiles} files fit ${pattern}; the others are left out`
        services.problems.add({ table, path: pattern, code: 'too_many', message })
        return
      }
      yield { volume, entry, path: at.name(entry.path) }
    }
  }
}

/** Where a pattern points in a volume, and how files there are named; undefined where it points elsewhere. */
function place(volume: Volume, pattern: string): { below: string; name: (relative: PathText) => PathText } | undefined {
  const drive = /^[A-Za-z](?=:[\\/])/.exec(pattern)?.[0]
  if (drive !== undefined) {
    const ownDrive = volume.platform === 'windows' ? volume.imageRoot.slice(0, 1) : 'C'
    const isHere = volume.platform === 'windows' || volume.platform === undefined
    if (!isHere || drive.toLowerCase() !== ownDrive.toLowerCase()) return undefined
    const name = (relative: PathText) => `${ownDrive}:\\${relative.replaceAll('/', '\\')}`
    return { below: pattern.slice(3).replaceAll('\\', '/').replace(/\/+/g, '/').replace(/\/$/, ''), name }
  }
  if (!pattern.startsWith('/') || volume.platform === 'windows') return undefined
  return { below: pattern.replace(/\/+/g, '/').replace(/^\/|\/$/g, ''), name: (relative) => `/${relative}` }
}

function wildcards(below: string): string {
  const isDeep = below.endsWith('%%')
  return `${below.replace(/%+/g, '*')}${isDeep ? '/**' : ''}`
}

/** Windows and macOS find a name in any case; what system a volume is of may not be known. */
function foldsCase({ platform }: Volume): boolean {
  return platform === undefined || ignoresCase(platform)
}

async function* walk(
  table: string,
  { engine, limits, mounts, problems }: OsqueryServices,
  volume: Volume,
  pattern: string,
  signal: AbortSignal,
): AsyncGenerator<WalkEntry, void, undefined> {
  const skip = volume.isImage || volume.platform === 'windows' ? [] : kernelTrees
  const plan = { roots: [volume.canonical], rules: [{ pattern }], ignoreCase: foldsCase(volume), skip, mounts }
  for await (const { entries, errors } of engine.walk({ ...plan, ...limits }, signal)) {
    for (const { path, code, message } of errors) {
      if (!isExpected.has(code)) problems.add({ table, path: displayPath(volume, path), code, message })
    }
    yield* entries
  }
  signal.throwIfAborted()
}
