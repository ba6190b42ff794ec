/**
 * From indicators and places to what a sweep selects and reads.
 *
 * The art is in not reading: an indicator knows names, kinds and sizes of the files it can mean, so that a whole-disk
 * sweep decides by name, then by size, then by the first bytes, and digests almost nothing. An indicator that knows
 * none of these (a bare hash from somebody's list) makes every file worth reading; `readsEverything` says so.
 */
import { type FileKind, magics } from '../domain/file-kind.ts'
import { verdictOf } from '../domain/finding.ts'
import type { Indicator, SizeRange } from '../domain/indicator.ts'
import { type DigestAlgorithm, digestAlgorithms } from '../domain/observable.ts'
import { pathPatterns } from '../domain/path-pattern.ts'
import type { Platform } from '../domain/platform.ts'
import type { DigestClass, SelectRule } from '../native/engine.ts'
import type { Selection } from '../native/selection.ts'
import type { Place } from './places.ts'

/** Files that carry the version of the product, whatever their digest: their head is always worth a look. */
const versionBearers = ['**/*3cx*.exe', '**/*3cx*desktop*app*', '**/*.app/Contents/Info.plist']

/**
 * Selects inside the places where the product and its later stages live. Every file there gets its SHA-256, the other
 * digests only where an indicator written in them could mean it.
 */
export function selectPlaces(
  indicators: readonly Indicator[],
  places: readonly Place[],
  platform: Platform | undefined,
): Selection {
  const build = new SelectionBuilder()
  digestBelow(build, indicators, [...patternsOf(places, platform), ...pathsOf(indicators, platform)])
  return build.selection()
}

/**
 * Selects everywhere below a root, by what the indicators know of their files, and all of the places; `examined` are
 * files that somebody wants to look into, of which only the first bytes are read.
 */
export function selectEverywhere(
  indicators: readonly Indicator[],
  places: readonly Place[],
  platform: Platform | undefined,
  examined: readonly SelectRule[] = [],
): Selection {
  const build = new SelectionBuilder()
  for (const indicator of indicators) {
    if (!isDigest(indicator.type) || verdictOf(indicator) === undefined) continue
    const digests = build.digestClass(classOf(indicator.type, indicator.kinds))
    for (const name of indicator.names ?? ['']) {
      build.rule(sized(name === '' ? '**' : `**/${name}`, indicator.size), [digests], true)
    }
  }
  const names = indicators.filter((one) => one.type === 'filename' && verdictOf(one) !== undefined)
  const named = names.map((one) => `**/${one.value}`)
  digestBelow(build, indicators, [...named, ...patternsOf(places, platform), ...pathsOf(indicators, platform)])
  const headOnly = build.digestClass({ algorithms: [] })
  for (const pattern of versionBearers) build.rule({ pattern }, [headOnly])
  for (const rule of examined) build.rule(rule, [headOnly])
  return build.selection()
}

/** Selects exactly the files a pattern names. */
export function selectPattern(indicators: readonly Indicator[], patterns: readonly string[]): Selection {
  const build = new SelectionBuilder()
  digestBelow(build, indicators, patterns)
  return build.selection()
}

/** Digest indicators that know neither name nor size: with one of these in force, a full sweep reads every file. */
export function readsEverything(indicators: readonly Indicator[]): Indicator[] {
  return indicators.filter(
    (one) => isDigest(one.type) && verdictOf(one) !== undefined && !one.names && one.size === undefined,
  )
}

function isDigest(type: Indicator['type']): type is DigestAlgorithm {
  return (digestAlgorithms as readonly string[]).includes(type)
}

function isOn(one: Platform, wanted: Platform | undefined): boolean {
  return wanted === undefined || one === wanted
}

function patternsOf(places: readonly Place[], platform: Platform | undefined): string[] {
  return places.filter((place) => isOn(place.platform, platform)).map((place) => place.pattern)
}

/** Patterns of the path indicators that make findings on a platform. */
function pathsOf(indicators: readonly Indicator[], platform: Platform | undefined): string[] {
  return indicators
    .filter((one) => one.type === 'path' && verdictOf(one) !== undefined)
    .filter((one) => one.platform === undefined || isOn(one.platform, platform))
    .flatMap((one) => pathPatterns(one.value, one.platform))
}

/**
 * SHA-256 of everything the patterns select, because reports need one name for a file; SHA-1 and MD5 of those files
 * that an indicator written in them could mean by name, size and kind.
 */
function digestBelow(build: SelectionBuilder, indicators: readonly Indicator[], patterns: readonly string[]): void {
  const strong = build.digestClass({ algorithms: ['sha256'] })
  const named = weakFiles(build, indicators, (one) => one.names ?? ['*'])
  const sizes = weakFiles(build, indicators, () => [''])
  for (const pattern of patterns) {
    build.rule({ pattern }, [strong])
    // A pattern that ends in `**` is narrowed to their names; another already says which names it means.
    const isTree = pattern === '**' || pattern.endsWith('/**')
    for (const { name, size, classes } of isTree ? named : sizes) {
      build.rule(sized(isTree ? `${pattern}/${name}` : pattern, size), classes)
    }
  }
}

/** Files that indicators in SHA-1 and MD5 could mean, each name and size once: times the patterns they are thousands. */
function weakFiles(
  build: SelectionBuilder,
  indicators: readonly Indicator[],
  namesOf: (one: Indicator) => readonly string[],
): readonly WeakFile[] {
  const files = new Map<string, WeakFile>()
  for (const one of indicators) {
    if ((one.type !== 'sha1' && one.type !== 'md5') || verdictOf(one) === undefined) continue
    const digests = build.digestClass(classOf(one.type, one.kinds))
    for (const name of namesOf(one)) {
      const key = keyOf(sized(name, one.size))
      const file = files.get(key) ?? { name, size: one.size, classes: new Set() }
      file.classes.add(digests)
      files.set(key, file)
    }
  }
  return [...files.values()]
}

/** A name, a size, and the digest classes of the indicators that know a file by them. */
interface WeakFile {
  readonly name: string
  readonly size: SizeRange | undefined
  readonly classes: Set<number>
}

function classOf(algorithm: DigestAlgorithm, kinds: readonly FileKind[] | undefined): DigestClass {
  const algorithms: DigestAlgorithm[] = algorithm === 'sha256' ? ['sha256'] : ['sha256', algorithm]
  const known = kinds?.flatMap((kind) => (kind === 'unknown' ? [] : magics[kind]))
  return known && known.length > 0 && !kinds?.includes('unknown') ? { magics: known, algorithms } : { algorithms }
}

function sized(pattern: string, size: SizeRange | undefined): SelectRule {
  return {
    pattern,
    ...(size?.min === undefined ? {} : { minSize: size.min }),
    ...(size?.max === undefined ? {} : { maxSize: size.max }),
  }
}

/** Rules with the same key select the same files. */
function keyOf({ pattern, minSize, maxSize }: SelectRule): string {
  return `${minSize ?? ''} ${maxSize ?? ''} ${pattern}`
}

/** Collects rules and classes, each only once. */
class SelectionBuilder {
  readonly #rules: SelectRule[] = []
  readonly #classesOfRule: number[][] = []
  readonly #contentOnly: boolean[] = []
  readonly #classes: DigestClass[] = []
  readonly #ruleIndex = new Map<string, number>()
  readonly #classIndex = new Map<string, number>()

  digestClass(wanted: DigestClass): number {
    const key = JSON.stringify([wanted.magics ?? null, wanted.algorithms])
    const known = this.#classIndex.get(key)
    if (known !== undefined) return known
    this.#classIndex.set(key, this.#classes.length)
    return this.#classes.push(wanted) - 1
  }

  /** `isForContent`: no name is sought by it. */
  rule(wanted: SelectRule, classes: Iterable<number>, isForContent = false): void {
    const key = keyOf(wanted)
    let at = this.#ruleIndex.get(key)
    if (at === undefined) {
      at = this.#rules.push(wanted) - 1
      this.#ruleIndex.set(key, at)
      this.#classesOfRule.push([])
      this.#contentOnly.push(true)
    }
    if (!isForContent) this.#contentOnly[at] = false
    const has = this.#classesOfRule[at] ?? []
    for (const one of classes) if (!has.includes(one)) has.push(one)
  }

  selection(): Selection {
    return {
      rules: this.#rules,
      classes: this.#classes,
      classesOfRule: this.#classesOfRule,
      contentOnly: this.#contentOnly,
    }
  }
}
