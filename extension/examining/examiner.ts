/**
 * Examines files that a sweep selected: which decoders and rules see them, and what these say.
 *
 * The order is by cost. What a name and the first bytes rule out costs nothing; a native search for needles leaves few
 * files; decoders read parts of those, rules all of them. Nothing is judged here.
 */
import { createHash } from 'node:crypto'
import packageFile from '../../package.json' with { type: 'json' }
import type { Decoder, FileHints, FilePattern } from '../decoders/decoder.ts'
import { decodersFor, examineFile, isWanted } from '../decoders/examine.ts'
import { decodersRevision } from '../decoders/index.ts'
import { type Examination, joined, nothingSeen } from '../domain/examination.ts'
import type { RandomAccess } from '../domain/random-access.ts'
import type { FileIdentity, FileRef, Pace, ScanEngine } from '../native/engine.ts'
import type { RuleMatch, RuleSearch } from '../rules/rule-search.ts'
import { bufferedFile } from './buffered-file.ts'
import {
  containerKind,
  type ExaminedMember,
  examineMembers,
  memberLimits,
  packageNeedles,
  wantedMembers,
} from './container.ts'
import { ExaminationMemory } from './memory.ts'
import { Needles } from './needles.ts'
import { withNeighbourKeys } from './neighbour-keys.ts'

/** One file of a batch. */
export interface FileToExamine {
  readonly ref: FileRef
  readonly identity: FileIdentity
  readonly hints: FileHints
}

/** What was seen in one file. */
export interface Examined {
  readonly examination: Examination
  readonly rules: readonly RuleMatch[]
  /** Members of the installer the file is. */
  readonly members: readonly ExaminedMember[]
}

/** Where the files of a batch are, and how gently they are read. */
export interface ExaminedPlace {
  readonly roots: readonly string[]
  readonly limits: { readonly maxFileBytes: number; readonly fileTimeoutMs: number; readonly pace?: Pace }
}

/** Nothing seen, of a file that was looked at or that nobody wants. */
export const unremarkable: Examined = Object.freeze({ examination: nothingSeen, rules: [], members: [] })

/** Of a file that could not be searched: it may be worth another look. */
const notSearched: Examined = Object.freeze({
  ...unremarkable,
  examination: { ...nothingSeen, refusals: ['the file: it could not be searched'] },
})

/** Files examined side by side. */
const width = 8
/** A rule reads the whole file at once; the largest file that one of ours is about has some 10 MB. */
const maxRuleBytes = 64 << 20
/** Bytes of one read for a rule: what a read sets aside at once. */
const readLength = 4 << 20

interface Wanted {
  readonly file: FileToExamine
  readonly decoders: readonly Decoder[]
  readonly isRuled: boolean
  readonly container: ReturnType<typeof containerKind>
}

/** Needles found in a file; `unread`: it could not be searched; undefined: nobody needed that. */
type Searched = ReadonlySet<number> | 'unread' | undefined

/** Examines over one engine. */
export class Examiner {
  readonly #engine: ScanEngine
  readonly #rules: RuleSearch
  /** Changes when a file in which nothing was seen must be examined again. */
  readonly version: number
  /** What a sweep of everything selects so that decoders see it. */
  readonly files: readonly FilePattern[]
  readonly #needles: Needles
  readonly #memory = new ExaminationMemory()

  /** `indicatorsVersion`: what is found in a file and inside installers depends on the indicators too. */
  constructor(engine: ScanEngine, decoders: readonly Decoder[], rules: RuleSearch, indicatorsVersion: string) {
    this.#engine = engine
    this.#rules = rules
    this.version = versionOf(decoders, rules, indicatorsVersion)
    this.files = decoders.flatMap((one) => one.files ?? [])
    this.#needles = new Needles([...decoders.flatMap((one) => one.patterns ?? []), ...rules.needles, ...packageNeedles])
  }

  /** Whether any decoder or rule wants such a file. */
  wants(hints: FileHints): boolean {
    const isContainer = containerKind(hints) !== undefined
    return isContainer || isWanted(hints) || this.#rules.wants(hints.kind, hints.size)
  }

  /** One answer per file, in order. Rejects with the signal's reason when aborted. */
  async examine(
    files: readonly FileToExamine[],
    place: ExaminedPlace,
    signal: AbortSignal,
  ): Promise<readonly Examined[]> {
    const known = new Map(files.map((file) => [file, this.#memory.get(file)]))
    const unknown = files.filter((file) => known.get(file) === undefined)
    const wanted = unknown.map(
      (file): Wanted => ({
        file,
        decoders: decodersFor(file.hints),
        isRuled: this.#rules.wants(file.hints.kind, file.hints.size) && file.hints.size <= maxRuleBytes,
        container: containerKind(file.hints),
      }),
    )
    const found = await this.#search(wanted, place, signal)
    for (let at = 0; at < wanted.length; at += width) {
      signal.throwIfAborted()
      const some = wanted.slice(at, at + width)
      const seen = await Promise.all(some.map((one, index) => this.#one(one, found[at + index], place, signal)))
      for (const [index, one] of seen.entries()) {
        const file = some[index]?.file
        if (file === undefined) continue
        known.set(file, one)
        if (one !== unremarkable && found[at + index] !== 'unread') this.#memory.put(file, one)
      }
    }
    return files.map((file) => known.get(file) ?? unremarkable)
  }

  /** Which needles are in which file; undefined: it was not searched, because nobody needs it. */
  async #search(wanted: readonly Wanted[], place: ExaminedPlace, signal: AbortSignal): Promise<readonly Searched[]> {
    const { patterns } = this.#needles
    const numbers = wanted.flatMap(({ decoders, isRuled, container }, number) =>
      isRuled || container === 'package' || decoders.some((one) => one.patterns) ? [number] : [],
    )
    const found = new Array<Searched>(wanted.length)
    if (numbers.length === 0) return found
    const items = numbers.flatMap((number) => {
      const one = wanted[number]
      return one ? [{ ...one.file.ref, expected: one.file.identity }] : []
    })
    const results = await this.#engine.search({ roots: place.roots, items, patterns, ...place.limits }, signal)
    for (const [at, result] of results.entries()) {
      const number = numbers[at]
      if (number !== undefined) found[number] = 'found' in result ? new Set(result.found) : 'unread'
    }
    return found
  }

  async #one(wanted: Wanted, searched: Searched, place: ExaminedPlace, signal: AbortSignal): Promise<Examined> {
    const { file, isRuled, container } = wanted
    const found = searched === 'unread' ? undefined : searched
    const has = (needles: readonly string[]) => found !== undefined && this.#needles.isAny(needles, found)
    const decoders = wanted.decoders.filter((one) => one.patterns === undefined || has(one.patterns))
    const { kind, size } = file.hints
    const isScanned = isRuled && this.#rules.mayMatch(kind, size, has)
    const isOpened = container === 'disk_image' || (container === 'package' && has(packageNeedles))
    const otherwise = searched === 'unread' ? notSearched : unremarkable
    if (decoders.length === 0 && !isScanned && !isOpened) return otherwise
    const access: RandomAccess = {
      size,
      read: (offset, length) => this.#engine.read(place.roots, file.ref, offset, length),
    }
    const seen = await Promise.all([
      decoders.length > 0 && guarded('the file', () => this.#decoded(access, file, decoders, place)),
      isScanned && guarded('rules', async () => ({ ...unremarkable, rules: await this.#scan(access) })),
      isOpened && guarded('the installer', () => this.#inside(file, place, signal)),
    ])
    signal.throwIfAborted()
    return together([otherwise, ...seen.filter((one) => one !== false)])
  }

  async #decoded(
    access: RandomAccess,
    { ref, hints }: FileToExamine,
    decoders: readonly Decoder[],
    { roots }: ExaminedPlace,
  ): Promise<Examined> {
    const file = bufferedFile(access)
    const seen = await examineFile(file, hints, decoders)
    return { ...unremarkable, examination: await withNeighbourKeys(this.#engine, roots, ref, file, seen) }
  }

  async #inside({ ref }: FileToExamine, { roots, limits }: ExaminedPlace, signal: AbortSignal): Promise<Examined> {
    const { fileTimeoutMs, pace } = limits
    const request = { wanted: wantedMembers, limits: memberLimits, fileTimeoutMs, ...(pace && { pace }) }
    const contents = await this.#engine.contents(roots, ref, request, signal)
    if ('problem' in contents) {
      const trait = { name: 'container_unread', fields: { reason: contents.problem } } as const
      const refusals = [`not opened: ${contents.problem}`]
      return { ...unremarkable, examination: { traits: [trait], payloads: [], refusals } }
    }
    const inside = await examineMembers(contents.members, this.#rules)
    const refusals = [...contents.problems, ...(contents.truncated ? ['not all of its members were read'] : [])]
    return { ...inside, examination: joined([inside.examination, { ...nothingSeen, refusals }]) }
  }

  async #scan(access: RandomAccess): Promise<readonly RuleMatch[]> {
    return await this.#rules.scan(await wholeFile(access))
  }
}

/** Whatever goes wrong with one way of looking leaves the others, and is said. */
async function guarded(what: string, look: () => Promise<Examined>): Promise<Examined> {
  try {
    return await look()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return { ...unremarkable, examination: { ...nothingSeen, refusals: [`${what}: ${reason}`] } }
  }
}

/** Nothing seen is always the same object, so that callers can tell. */
function together(all: readonly Examined[]): Examined {
  const examination = joined(all.map((one) => one.examination))
  const rules = all.flatMap((one) => one.rules)
  const members = all.flatMap((one) => one.members)
  const isEmpty = examination === nothingSeen && rules.length === 0 && members.length === 0
  return isEmpty ? unremarkable : { examination, rules, members }
}

/**
 * 48 bits over everything that decides what is seen: the program's release stands for the decoders' code. A cache
 * needs no more, and SQLite and JavaScript agree on such a number.
 */
function versionOf(decoders: readonly Decoder[], rules: RuleSearch, indicatorsVersion: string): number {
  const names = decoders.map(({ name, patterns = [] }) => [name, ...patterns])
  const text = JSON.stringify([packageFile.version, decodersRevision, names, rules.version, indicatorsVersion])
  return Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 12), 16)
}

async function wholeFile(file: RandomAccess): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.size)
  for (let at = 0; at < file.size; at += readLength) {
    bytes.set(await file.read(at, Math.min(readLength, file.size - at)), at)
  }
  return bytes
}
