/**
 * The native engine: the Rust add-on behind the contract of engine.ts.
 *
 * It lays requests out flat, decodes the buffers that come back (binding/src/pack.rs describes them; change both
 * together) and ties abort signals to the add-on's own. It decides nothing. An add-on that is absent, broken or built
 * from other sources is a problem in words, not an exception: the portable engine does the same work more slowly.
 */
import { headLength } from '../domain/file-kind.ts'
import { type DigestAlgorithm, digestAlgorithms } from '../domain/observable.ts'
import type { PathText } from '../domain/path-text.ts'
import { loadAddon, otherBuild, type Problem } from './addon.ts'
import { Columns, codeAt, decodeCount, failure, header } from './columns.ts'
import { type ContentsData, contentsData, decodeContents } from './container.ts'
import { bitOf, digestLengths } from './digest-record.ts'
import { type DigestRecords, digestRecords, type EntriesRequest } from './digest-records.ts'
import type {
  DigestRequest,
  DigestResult,
  EngineError,
  FileIdentity,
  FileRef,
  Pace,
  ScanEngine,
  SearchRequest,
  SearchResult,
  WalkBatch,
  WalkEntry,
  WalkPlan,
} from './engine.ts'
import { type EventsAddon, nativeEvents } from './native-events.ts'
import { type LinesAddon, nativeLines } from './native-lines.ts'
import { type NativeSettled, NativeSettledFiles, type SettledAddon } from './native-settled.ts'
import { PackedBatch, PackedEntries } from './packed-batch.ts'
import { answered } from './portable/patience.ts'
import { pulled } from './pulled.ts'
import {
  type RegistryAnswer,
  type RegistryQuery,
  type RegistryQueryData,
  registryKeys,
  registryQueryData,
} from './registry.ts'

/** The layout this file reads; the add-on exports the one it writes. Raised together in binding/src/lib.rs. */
const layout = 10

/** What the add-on exports. */
interface Addon extends LinesAddon<FilesData>, EventsAddon<FilesData>, SettledAddon {
  readonly LAYOUT: number
  readonly NativeWalk: new (plan: PlanData, settled?: NativeSettled) => NativeWalk
  readonly CancelFlag: new () => CancelFlag
  digest(data: DigestData, cancel: CancelFlag): Promise<Uint8Array | null>
  readonly NativeSelection: new (data: SelectionData) => NativeSelection
  digestEntries(data: EntriesData, selection: NativeSelection, cancel: CancelFlag): Promise<Uint8Array | null>
  search(data: SearchData, cancel: CancelFlag): Promise<Uint8Array | null>
  stat(files: FilesData): Promise<Uint8Array>
  read(files: FilesData, offset: number, length: number): Promise<Uint8Array>
  registry(files: FilesData, queries: readonly RegistryQueryData[], cancel: CancelFlag): Promise<Uint8Array>
  contents(data: ContentsData, cancel: CancelFlag): Promise<Uint8Array | null>
  release(): void
}

interface NativeWalk {
  next(): Promise<Uint8Array | null>
  cancel(): void
}

interface CancelFlag {
  set(): void
}

interface PlanData {
  readonly roots: readonly string[]
  readonly patterns: readonly string[]
  readonly minSizes: readonly number[]
  readonly maxSizes: readonly number[]
  readonly ignoreCase: boolean
  readonly skip: readonly string[]
  readonly mounts: string
  readonly maxDepth: number
  readonly maxEntries: number
  readonly pace?: Pace
}

interface FilesData {
  readonly roots: readonly string[]
  readonly paths: string
  readonly rootOf: Uint32Array
}

interface DigestData {
  readonly files: FilesData
  readonly expected: BigInt64Array
  readonly expectedSizes: Float64Array
  readonly classEnds: Uint32Array
  readonly classesOf: Uint32Array
  readonly magics: readonly (readonly string[])[]
  readonly anyHead: readonly boolean[]
  readonly algorithms: readonly number[]
  readonly maxFileBytes: number
  readonly fileTimeoutMs: number
  readonly pace?: Pace
}

interface EntriesData extends Pick<DigestData, 'maxFileBytes' | 'fileTimeoutMs' | 'pace'> {
  readonly roots: readonly string[]
  /** Answers of a walk, as they came. */
  readonly batches: readonly Uint8Array[]
  readonly chosen: Uint32Array
  readonly chosenEnds: Uint32Array
}

interface SelectionData extends Pick<DigestData, 'magics' | 'anyHead' | 'algorithms'> {
  readonly ruleClasses: Uint32Array
  readonly ruleEnds: Uint32Array
}

/** The add-on's own object. */
interface NativeSelection {
  readonly constructor: unknown
}

interface SearchData extends Pick<DigestData, 'files' | 'expected' | 'expectedSizes' | 'maxFileBytes'> {
  readonly patterns: readonly Buffer[]
  readonly fileTimeoutMs: number
  readonly pace?: Pace
}

/** Loads the native engine, or says why there is none. */
export function loadNative(stateDir?: string): ScanEngine | Problem {
  const loaded = loadAddon(stateDir)
  if ('problem' in loaded) return loaded
  const addon = loaded.exports as Partial<Addon>
  if (addon.LAYOUT !== layout) return otherBuild(loaded.path, addon.LAYOUT, layout)
  return nativeEngine(addon as Addon)
}

function nativeEngine(addon: Addon): ScanEngine {
  return {
    name: 'native',
    walk: (plan, signal) => walk(addon, plan, signal),
    settled: (path, scope, nowMs) => NativeSettledFiles.open(addon, path, scope, nowMs, decodeCount),
    digest: (request, signal) => digest(addon, request, signal),
    digestEntries: (request, signal) => digestEntries(addon, request, signal),
    search: (request, signal) => search(addon, request, signal),
    contents: (roots, file, request, signal) =>
      cancellable(addon, signal, (flag) =>
        addon.contents(contentsData(filesData(roots, [file]), request), flag).then(decodeContents),
      ),
    lines: (roots, item, request, signal) =>
      nativeLines(addon, filesData(roots, [item]), expectations([item]), request, signal),
    events: (roots, item, request, signal) =>
      nativeEvents(addon, filesData(roots, [item]), expectations([item]), request, signal),
    release: () => addon.release(),
    stat: async (roots, files) => decodeStat(await addon.stat(filesData(roots, files)), files),
    read: async (roots, file, offset, length) =>
      decodeRead(await answered(addon.read(filesData(roots, [file]), offset, length)), file),
    registry: (roots, file, queries, signal) => registry(addon, roots, file, queries, signal),
  }
}

async function* walk(addon: Addon, plan: WalkPlan, signal: AbortSignal): AsyncGenerator<WalkBatch, void, undefined> {
  signal.throwIfAborted()
  const settled = plan.settled instanceof NativeSettledFiles ? plan.settled.native : undefined
  yield* pulled(new addon.NativeWalk(planData(plan), settled), (packed) => new PackedBatch(packed), signal)
}

async function digest(addon: Addon, request: DigestRequest, signal: AbortSignal): Promise<readonly DigestResult[]> {
  const packed = await cancellable(addon, signal, (flag) => addon.digest(digestData(request), flag))
  return packed === null ? [] : decodeDigests(packed)
}

/** Entries that lie in columns of the add-on go back to it as they came; others become items. */
async function digestEntries(addon: Addon, request: EntriesRequest, signal: AbortSignal): Promise<DigestRecords> {
  const data = entriesData(request)
  if (data === undefined) {
    return await digestRecords({ digest: (items, aborted) => digest(addon, items, aborted) }, request, signal)
  }
  const selection = nativeSelection(addon, request.selection)
  const packed = await cancellable(addon, signal, (flag) => addon.digestEntries(data, selection, flag))
  if (packed === null) throw signal.reason
  return new PackedRecords(packed)
}

async function search(addon: Addon, request: SearchRequest, signal: AbortSignal): Promise<readonly SearchResult[]> {
  const packed = await cancellable(addon, signal, (flag) => addon.search(searchData(request), flag))
  return packed === null ? [] : decodeSearched(packed)
}

async function registry(
  addon: Addon,
  roots: readonly PathText[],
  file: FileRef,
  queries: readonly RegistryQuery[],
  signal: AbortSignal,
): Promise<RegistryAnswer> {
  const data = queries.map(registryQueryData)
  const packed = await cancellable(addon, signal, (flag) => addon.registry(filesData(roots, [file]), data, flag))
  try {
    return registryKeys(decodeRead(packed, file))
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : String(cause) }
  }
}

/** Ties a call of the add-on to a signal: an abort sets its flag and is not waited for. */
async function cancellable<T>(addon: Addon, signal: AbortSignal, call: (flag: CancelFlag) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const flag = new addon.CancelFlag()
  const aborted = Promise.withResolvers<never>()
  const cancel = (): void => {
    flag.set()
    aborted.reject(signal.reason)
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const answer = await Promise.race([call(flag), aborted.promise])
    signal.throwIfAborted()
    return answer
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

function planData(plan: WalkPlan): PlanData {
  return {
    roots: plan.roots.map(sendable),
    patterns: plan.rules.map((rule) => rule.pattern),
    minSizes: plan.rules.map((rule) => rule.minSize ?? 0),
    maxSizes: plan.rules.map((rule) => rule.maxSize ?? Number.POSITIVE_INFINITY),
    ignoreCase: plan.ignoreCase,
    skip: plan.skip.map(sendable),
    mounts: plan.mounts,
    maxDepth: plan.maxDepth,
    maxEntries: plan.maxEntries,
    ...(plan.pace && { pace: plan.pace }),
  }
}

function filesData(roots: readonly PathText[], files: readonly FileRef[]): FilesData {
  return {
    roots: roots.map(sendable),
    paths: files.map((file) => sendable(file.path)).join('\0'),
    rootOf: Uint32Array.from(files, (file) => file.root),
  }
}

/** NUL separates paths on the way; inside one it goes as an escape, for the engine to refuse. */
function sendable(path: PathText): string {
  return path.includes('\0') ? path.replaceAll('\0', '\\x00') : path
}

function digestData(request: DigestRequest): DigestData {
  const { items, classes } = request
  const classEnds = new Uint32Array(items.length)
  const classesOf: number[] = []
  items.forEach((item, i) => {
    classesOf.push(...item.classes)
    classEnds[i] = classesOf.length
  })
  return {
    files: filesData(request.roots, items),
    ...expectations(items),
    classEnds,
    classesOf: Uint32Array.from(classesOf),
    ...classesData(classes),
    maxFileBytes: request.maxFileBytes,
    fileTimeoutMs: request.fileTimeoutMs,
    ...(request.pace && { pace: request.pace }),
  }
}

function classesData(classes: DigestRequest['classes']): Pick<DigestData, 'magics' | 'anyHead' | 'algorithms'> {
  return {
    magics: classes.map((wanted) => wanted.magics ?? []),
    anyHead: classes.map((wanted) => wanted.magics === undefined),
    algorithms: classes.map((wanted) => wanted.algorithms.reduce((bits, name) => bits | bitOf(name), 0)),
  }
}

/** Undefined when not all entries are the add-on's own. */
function entriesData(request: EntriesRequest): EntriesData | undefined {
  const { roots, parts, maxFileBytes, fileTimeoutMs, pace } = request
  const batches: Uint8Array[] = []
  for (const { columns } of parts) {
    if (!(columns instanceof PackedEntries)) return undefined
    batches.push(columns.packed)
  }
  return {
    roots: roots.map(sendable),
    batches,
    chosen: Uint32Array.from(parts.flatMap(({ chosen }) => chosen)),
    chosenEnds: endsOf(parts.map(({ chosen }) => chosen)),
    maxFileBytes,
    fileTimeoutMs,
    ...(pace && { pace }),
  }
}

/** What the add-on made of selections, each once: a sweep has hundreds of batches of one. */
const nativeSelections = new WeakMap<object, NativeSelection>()

function nativeSelection(addon: Addon, selection: EntriesRequest['selection']): NativeSelection {
  const known = nativeSelections.get(selection)
  if (known) return known
  const { classes, classesOfRule } = selection
  const data = {
    ruleClasses: Uint32Array.from(classesOfRule.flat()),
    ruleEnds: endsOf(classesOfRule),
    ...classesData(classes),
  }
  const made = new addon.NativeSelection(data)
  nativeSelections.set(selection, made)
  return made
}

/** Where each list ends when they lie behind each other. */
function endsOf(lists: readonly (readonly number[])[]): Uint32Array {
  let end = 0
  return Uint32Array.from(lists, (list) => {
    end += list.length
    return end
  })
}

function searchData({ roots, items, patterns, maxFileBytes, fileTimeoutMs, pace }: SearchRequest): SearchData {
  return {
    files: filesData(roots, items),
    ...expectations(items),
    patterns: patterns.map((one) => Buffer.from(one)),
    maxFileBytes,
    fileTimeoutMs,
    ...(pace && { pace }),
  }
}

/** Four numbers and a size for every item; a negative size where nothing is expected. */
function expectations(items: readonly { readonly expected?: FileIdentity }[]) {
  const expected = new BigInt64Array(items.length * 4)
  const expectedSizes = new Float64Array(items.length).fill(-1)
  for (const [i, item] of items.entries()) {
    if (item.expected === undefined) continue
    const { dev, ino, size, mtimeNs, ctimeNs } = item.expected
    expectedSizes[i] = size
    expected.set([dev, ino, mtimeNs, ctimeNs], 4 * i)
  }
  return { expected, expectedSizes }
}

/** A lookup's only rule is the index of its file; the errors are those of the other files, in order. */
function decodeStat(packed: Uint8Array, files: readonly FileRef[]): (WalkEntry | EngineError)[] {
  const { entries, errors } = new PackedBatch(packed)
  const found = new Map(entries.map((entry) => [entry.rules[0], entry]))
  const failed = errors.values()
  return files.map((file, i) => {
    const outcome = found.get(i) ?? failed.next().value
    if (outcome === undefined) throw failure('io', 'the native engine left a file out of its answer')
    return 'code' in outcome ? { ...outcome, path: file.path } : { ...outcome, path: file.path, rules: [] }
  })
}

function decodeRead(packed: Uint8Array, file: FileRef): Uint8Array {
  const columns = new Columns(packed)
  try {
    header(columns, 0)
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    cause.message = `cannot read ${JSON.stringify(file.path)}: ${cause.message}`
    throw cause
  }
  return columns.rest()
}

/** Records in the add-on's own layout. */
class PackedRecords implements DigestRecords {
  readonly bytesRead: number
  readonly #status: Uint32Array
  readonly #recordEnds: Uint32Array
  readonly #textEnds: Uint32Array
  readonly #records: Buffer
  readonly #text: Buffer

  constructor(packed: Uint8Array) {
    const columns = new Columns(packed)
    const [n = 0, bytesRead = 0, recordsLength = 0] = header(columns, 3)
    this.bytesRead = bytesRead
    this.#status = columns.integers(n)
    this.#recordEnds = columns.integers(n)
    this.#textEnds = columns.integers(n)
    this.#records = columns.bytes(recordsLength)
    this.#text = columns.rest()
  }

  record(at: number): Buffer | undefined {
    if (this.#status[at] !== 0) return undefined
    return this.#records.subarray(at === 0 ? 0 : this.#recordEnds[at - 1], this.#recordEnds[at])
  }

  error(at: number): ReturnType<DigestRecords['error']> {
    const status = this.#status[at] ?? 0
    if (status === 0) return undefined
    const message = this.#text.toString('utf8', at === 0 ? 0 : this.#textEnds[at - 1], this.#textEnds[at])
    return { code: codeAt(status - 1), message }
  }
}

function decodeDigests(packed: Uint8Array): DigestResult[] {
  const columns = new Columns(packed)
  const [n = 0] = header(columns, 1)
  const dev = columns.unsigned(n)
  const ino = columns.unsigned(n)
  const mtimeNs = columns.signed(n)
  const ctimeNs = columns.signed(n)
  const size = columns.floats(n)
  const bytesRead = columns.floats(n)
  const status = columns.integers(n)
  const headLengths = columns.integers(n)
  const computed = columns.integers(n)
  const textEnds = columns.integers(n)
  const heads = columns.bytes(n * headLength)
  const text = columns.rest()
  const results: DigestResult[] = []
  let start = 0
  for (let i = 0; i < n; i++) {
    const end = textEnds[i] ?? 0
    const failed = status[i] ?? 0
    if (failed > 0) {
      results.push({ error: codeAt(failed - 1), message: text.toString('utf8', start, end) })
    } else {
      const headStart = i * headLength
      const identity: FileIdentity = {
        dev: dev[i] ?? 0n,
        ino: ino[i] ?? 0n,
        size: size[i] ?? 0,
        mtimeNs: mtimeNs[i] ?? 0n,
        ctimeNs: ctimeNs[i] ?? 0n,
      }
      results.push({
        head: Uint8Array.prototype.slice.call(heads, headStart, headStart + (headLengths[i] ?? 0)),
        identity,
        digests: decodeHex(text, start, computed[i] ?? 0),
        bytesRead: bytesRead[i] ?? 0,
      })
    }
    start = end
  }
  return results
}

function decodeSearched(packed: Uint8Array): SearchResult[] {
  const columns = new Columns(packed)
  const [n = 0] = header(columns, 1)
  const status = columns.integers(n)
  const ends = columns.integers(n)
  const textEnds = columns.integers(n)
  const found = columns.integers(ends[n - 1] ?? 0)
  const text = columns.rest()
  return Array.from({ length: n }, (_, i): SearchResult => {
    const failed = status[i] ?? 0
    if (failed === 0) return { found: [...found.subarray(ends[i - 1] ?? 0, ends[i])] }
    return { error: codeAt(failed - 1), message: text.toString('utf8', textEnds[i - 1] ?? 0, textEnds[i]) }
  })
}

function decodeHex(text: Buffer, start: number, computed: number): Partial<Record<DigestAlgorithm, string>> {
  const digests: Partial<Record<DigestAlgorithm, string>> = {}
  let at = start
  for (const name of digestAlgorithms) {
    if ((computed & bitOf(name)) === 0) continue
    digests[name] = text.toString('latin1', at, at + 2 * digestLengths[name])
    at += 2 * digestLengths[name]
  }
  return digests
}
