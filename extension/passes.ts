/**
 * From a question about files to the passes that answer it.
 *
 * A pass is one sweep over one volume, or over single files, together with the names its files are shown under.
 * Directories the user names may be symbolic links: they are resolved here, once, and only inside their volume.
 */
import { realpath } from 'node:fs/promises'
import type { Indicator } from './domain/indicator.ts'
import { isWindowsPath, type PathText, pathFromBytes, pathToBytes } from './domain/path-text.ts'
import type { FileQuestion, NamedFiles, PathStretch } from './domain/question.ts'
import type { Examiner } from './examining/examiner.ts'
import type { FileNames } from './findings.ts'
import { selectEverywhere, selectPattern, selectPlaces } from './indicators/compile.ts'
import type { Place } from './indicators/places.ts'
import type { FileRef, ScanEngine, WalkPlan } from './native/engine.ts'
import { fileSweep, type SweepLimits, type SweepRequest, treeSweep } from './sweep/request.ts'
import { displayPath, imagePath, kernelTrees, relativeTo, type Volume } from './sweep/volume.ts'

/** One sweep and the names of its files. */
export interface Pass {
  readonly scan: FileQuestion['kind']
  readonly volume: Volume
  /** What is shown as the root of the pass. */
  readonly root: PathText
  readonly request: SweepRequest
  readonly names: (ref: FileRef) => FileNames
}

/** What passes are planned from. */
export interface PassPlan {
  readonly engine: ScanEngine
  readonly volumes: readonly Volume[]
  readonly indicators: readonly Indicator[]
  readonly places: readonly Place[]
  readonly examiner: Examiner
  readonly limits: SweepLimits
  readonly mounts: WalkPlan['mounts']
}

/** Plans the passes of a question. */
export async function planPasses(plan: PassPlan, question: FileQuestion): Promise<Pass[]> {
  if (question.kind === 'named') return namedPasses(plan, question)
  return plan.volumes.map((volume) => volumePass(plan, volume, question.kind))
}

function volumePass(plan: PassPlan, volume: Volume, scan: 'places' | 'full'): Pass {
  const { indicators, places } = plan
  const selection =
    scan === 'full'
      ? selectEverywhere(indicators, places, volume.platform, plan.examiner.files)
      : selectPlaces(indicators, places, volume.platform)
  const walk = { roots: [volume.canonical], ignoreCase: true, skip: skipped(volume), mounts: plan.mounts }
  const request = treeSweep(plan.engine, walk, selection, plan.limits)
  return { scan, volume, root: volume.display, request, names: (ref) => namesOf(volume, ref.path) }
}

function skipped(volume: Volume): readonly PathText[] {
  return volume.isImage || volume.platform === 'windows' ? [] : kernelTrees
}

function namesOf(volume: Volume, relative: PathText): FileNames {
  return { path: displayPath(volume, relative), imagePath: imagePath(volume, relative), relative }
}

async function namedPasses(plan: PassPlan, question: NamedFiles): Promise<Pass[]> {
  const passes: Pass[] = []
  for (const volume of plan.volumes) {
    const single = await singleFiles(plan, volume, question.paths)
    if (single) passes.push(single)
    for (const directory of question.directories) {
      const resolved = await resolveInside(volume, directory)
      if (resolved) passes.push(subtree(plan, volume, resolved, ['*'], question.keep))
    }
    for (const stretch of question.stretches)
      passes.push(...(await stretchPasses(plan, volume, stretch, question.keep)))
  }
  return passes
}

/** A directory as named and as it really is, both below a volume. */
interface Directory {
  readonly relative: PathText
  readonly canonical: PathText
}

async function resolveInside(volume: Volume, directory: PathText): Promise<Directory | undefined> {
  const relative = relativeTo(volume, `${directory}/`)
  if (relative === undefined && directory !== volume.display) return undefined
  const wanted = relative ? joined(volume.canonical, relative) : volume.canonical
  try {
    const canonical = pathFromBytes(await realpath(Buffer.from(pathToBytes(wanted)), 'buffer'))
    const isInside = canonical === volume.canonical || canonical.startsWith(joined(volume.canonical, ''))
    return isInside ? { relative: relative ?? '', canonical } : undefined
  } catch {
    return undefined // a directory that is not there has no files
  }
}

async function singleFiles(plan: PassPlan, volume: Volume, paths: readonly PathText[]): Promise<Pass | undefined> {
  const roots: PathText[] = []
  const files: FileRef[] = []
  const names: FileNames[] = []
  for (const path of paths) {
    const relative = relativeTo(volume, path)
    if (relative === undefined || relative === '') continue
    const cut = relative.lastIndexOf('/')
    const parent = await resolveInside(volume, cut < 0 ? volume.display : displayPath(volume, relative.slice(0, cut)))
    if (!parent) continue
    files.push({ root: roots.push(parent.canonical) - 1, path: relative.slice(cut + 1) })
    names.push({ ...namesOf(volume, relative), path })
  }
  if (files.length === 0) return undefined
  const request = fileSweep(plan.engine, roots, files, selectPattern(plan.indicators, ['**']), plan.limits)
  const fallback = namesOf(volume, '')
  return { scan: 'named', volume, root: volume.display, request, names: (ref) => names[ref.root] ?? fallback }
}

function subtree(
  plan: PassPlan,
  volume: Volume,
  at: Directory,
  patterns: readonly string[],
  keep: NamedFiles['keep'],
): Pass {
  const names = (ref: FileRef) => namesOf(volume, at.relative === '' ? ref.path : `${at.relative}/${ref.path}`)
  const skip = at.canonical === '/' ? kernelTrees : []
  const walk: Pick<WalkPlan, 'roots' | 'ignoreCase' | 'skip' | 'mounts'> = {
    roots: [at.canonical],
    ignoreCase: true,
    skip,
    mounts: skip.length > 0 ? plan.mounts : 'all',
  }
  const selection = selectPattern(plan.indicators, patterns)
  const request = treeSweep(plan.engine, walk, selection, plan.limits, (entry) => keep(names(entry).path))
  return { scan: 'named', volume, root: displayPath(volume, at.relative), request, names }
}

/**
 * A wildcard pattern ignores case and file systems may not, so the walk starts at the volume and lets the pattern lead
 * it down. When the literal directory is a link, what it points to is walked as well, under the name that was used.
 */
async function stretchPasses(
  plan: PassPlan,
  volume: Volume,
  stretch: PathStretch,
  keep: NamedFiles['keep'],
): Promise<Pass[]> {
  const cut = (text: string) => text.lastIndexOf(isWindowsPath(volume.display) ? '\\' : '/') + 1
  const literal = stretch.prefix.slice(0, cut(stretch.prefix))
  const base = joined(volume.display, '')
  const below = relativeTo(volume, literal) ?? (literal.toLowerCase() === base.toLowerCase() ? '' : undefined)
  const leads = leadingPatterns(stretch.suffix, cut(stretch.suffix))
  if (below === undefined) {
    const reaches = base.toLowerCase().startsWith(stretch.prefix.toLowerCase())
    return reaches ? [subtree(plan, volume, rootOf(volume), leads, keep)] : []
  }
  const prefix = below === '' ? '' : `${below}/`
  const passes = [
    subtree(
      plan,
      volume,
      rootOf(volume),
      leads.map((lead) => prefix + lead),
      keep,
    ),
  ]
  const resolved = below === '' ? undefined : await resolveInside(volume, displayPath(volume, below))
  if (resolved && resolved.canonical !== joined(volume.canonical, below)) {
    passes.push(subtree(plan, volume, resolved, leads, keep))
  }
  return passes
}

function rootOf(volume: Volume): Directory {
  return { relative: '', canonical: volume.canonical }
}

/** Everything below, narrowed by the literal end of the pattern: a whole name when it has a slash, else its ending. */
function leadingPatterns(suffix: string, cut: number): string[] {
  const name = suffix.slice(cut)
  return [name === '' ? '**' : cut > 0 ? `**/${name}` : `**/*${name}`]
}

/** In the spelling of the root, as the system gives real paths. */
function joined(root: PathText, relative: PathText): PathText {
  const isWindows = isWindowsPath(root)
  const separator = isWindows ? '\\' : '/'
  const below = isWindows ? relative.replaceAll('/', '\\') : relative
  return root.endsWith(separator) ? root + below : `${root}${separator}${below}`
}
