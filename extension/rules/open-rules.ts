/**
 * The rules in force: those that ship with the program, and those of the operator.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { HunterError } from '../domain/errors.ts'
import type { FileKind } from '../domain/file-kind.ts'
import type { IndicatorSet, Provenance } from '../domain/indicator.ts'
import { shippedFiles, shippedText } from '../runtime/resources.ts'
import { type Rule, type RuleBook, type RuleProblem, type RuleSource, readRules } from './rule-book.ts'
import type { RuleMatch, RuleSearch } from './rule-search.ts'
import { RuleScanner, type ScannerLimits } from './scanner.ts'

const folder = 'iocs/yara/'
/** The whole of the best known public collection is 6 MB in 700 files. */
const maxFileBytes = 4 << 20
const maxFiles = 2000
const endings = new Set(['.yar', '.yara'])

const ours: Provenance = {
  publisher: 'threecx-hunter',
  url: 'https://example.invalid/mechanics',
  retrieved: '2026-11-24',
  licence: 'Apache-2.0',
}

/** Rules of an indicator bundle; each file replaces the shipped one of its name. */
export interface DeliveredRules {
  /** Name and version of the bundle. */
  readonly name: string
  readonly version: number
  /** Unix seconds. */
  readonly created: number
  readonly rules: readonly { readonly name: string; readonly text: string }[]
}

/** The rules that ship with the program. */
export function bundledRules(): RuleBook {
  return shippedRules(undefined)
}

/** The same, with those of a bundle. */
export function shippedRules(bundle: DeliveredRules | undefined): RuleBook {
  const replaced = new Set(bundle?.rules.map(({ name }) => setOf(name)))
  const shipped = shippedFiles(folder)
    .filter((file) => endings.has(extname(file)))
    .map((file): RuleSource => {
      return { file, set: setOf(basename(file, extname(file))), text: shippedText(file), source: ours }
    })
    .filter(({ set }) => !replaced.has(set))
  const kept = readRules(shipped)
  if (bundle === undefined) return kept
  const delivered = deliveredRules(bundle)
  return {
    rules: [...kept.rules, ...delivered.rules],
    sets: [...kept.sets, ...delivered.sets],
    problems: [...kept.problems, ...delivered.problems],
  }
}

/** The rules of a bundle alone. */
export function deliveredRules({ name, version, created, rules }: DeliveredRules): RuleBook {
  const retrieved = new Date(created * 1000).toISOString().slice(0, 10)
  const source: Provenance = { publisher: name, url: 'file:///', retrieved, licence: 'not stated' }
  const book = readRules(
    rules.map((one) => ({ file: `${name}/yara/${one.name}.yar`, set: setOf(one.name), text: one.text, source })),
  )
  const origin = Object.freeze({ kind: 'bundle' as const, name, version })
  return { ...book, sets: book.sets.map((set) => Object.freeze({ ...set, origin })) }
}

function setOf(name: string): string {
  return `yara/${name}`
}

/** Rules of an operator: files, and directories of them. Throws when a path cannot be read; what is in it may be bad. */
export function operatorRules(paths: readonly string[]): RuleBook {
  const book = readRules(paths.flatMap(sourcesAt))
  const origin = Object.freeze({ kind: 'operator' as const })
  return { ...book, sets: book.sets.map((set) => Object.freeze({ ...set, origin })) }
}

function sourcesAt(path: string): RuleSource[] {
  try {
    if (!statSync(path).isDirectory()) return [sourceOf(path)]
    const files = readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && endings.has(extname(entry.name).toLowerCase()))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
    if (files.length === 0)
      throw new HunterError('rules_invalid', `cannot read rules in ${path}: no file ends in .yar or .yara`)
    if (files.length > maxFiles) {
      throw new HunterError(
        'rules_invalid',
        `cannot read rules in ${path}: ${files.length} files; expected at most ${maxFiles}`,
      )
    }
    return files.map(sourceOf)
  } catch (cause) {
    if (cause instanceof HunterError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HunterError('rules_invalid', `cannot read rules in ${path}: ${reason}`, { cause })
  }
}

function sourceOf(path: string): RuleSource {
  const { size } = statSync(path)
  if (size > maxFileBytes) {
    throw new HunterError(
      'rules_invalid',
      `cannot read rules in ${path}: ${size} bytes; expected at most ${maxFileBytes}`,
    )
  }
  const name = path.replaceAll('\\', '/').replace(/^[./]+|\.[^./]*$/g, '')
  return {
    file: path,
    set: `rules/${name.toLowerCase().replace(/[^a-z0-9._/-]+/g, '-')}`,
    text: readFileSync(path, 'utf8'),
    source: {
      publisher: 'operator',
      url: 'file:///',
      retrieved: new Date().toISOString().slice(0, 10),
      licence: 'not stated',
    },
  }
}

/** Books in force together, ready to be searched with. */
export class Rulebook implements RuleSearch {
  readonly version: string
  readonly needles: readonly string[]
  readonly sets: readonly IndicatorSet[]
  /** Pieces of files that are no rules; those that do not compile are told by `check`. */
  readonly problems: readonly RuleProblem[]
  readonly #rules: readonly Rule[]
  readonly #scanner: RuleScanner

  constructor(books: readonly RuleBook[], limits: Partial<ScannerLimits> = {}) {
    this.#rules = books.flatMap((one) => one.rules)
    this.sets = books.flatMap((one) => one.sets)
    this.problems = books.flatMap((one) => one.problems)
    this.needles = this.#rules.flatMap((one) => one.needles ?? [])
    this.version = this.sets.map((set) => set.version).join(' ')
    this.#scanner = new RuleScanner(this.#rules, limits)
  }

  /** Compiles all rules; answers every problem there is. */
  async check(): Promise<readonly RuleProblem[]> {
    if (this.#rules.length === 0) return this.problems
    return [...this.problems, ...(await this.#scanner.problems())]
  }

  wants(kind: FileKind, size: number): boolean {
    return size > 0 && this.#rules.some((rule) => looksAt(rule, kind, size))
  }

  mayMatch(kind: FileKind, size: number, has: (needles: readonly string[]) => boolean): boolean {
    return (
      size > 0 &&
      this.#rules.some((rule) => looksAt(rule, kind, size) && (rule.needles === undefined || has(rule.needles)))
    )
  }

  async scan(bytes: Uint8Array): Promise<readonly RuleMatch[]> {
    return await this.#scanner.scan(bytes)
  }

  async close(): Promise<void> {
    await this.#scanner.close()
  }
}

/** Private rules serve others and look at nothing by themselves. */
function looksAt({ isPrivate, kinds, maxSize }: Rule, kind: FileKind, size: number): boolean {
  return !isPrivate && (kinds === undefined || kinds.includes(kind)) && (maxSize === undefined || size <= maxSize)
}
