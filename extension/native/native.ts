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
import { type ContentsData, contentsData, decodeContents } from './container.ts'
import {
  type DigestRequest,
  type DigestResult,
  type EngineError,
  type EngineErrorCode,
  engineErrorCodes,
  type FileIdentity,
  type FileRef,
  type Pace,
  type ScanEngine,
  type SearchRequest,
  type SearchResult,
  type WalkBatch,
  type WalkEntry,
  type WalkPlan,
} from './engine.ts'
import { type EventsAddon, nativeEvents } from './native-events.ts'
import { type LinesAddon, nativeLines } from './native-lines.ts'
import { type NativeSettled, NativeSettledFiles, type SettledAddon } from './native-settled.ts'
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
const layout = 9

/** What the add-on exports. */
interface Addon extends LinesAddon<FilesData>, EventsAddon<FilesData>, SettledAddon {
  readonly LAYOUT: number
  readonly NativeWalk: new (plan: PlanData, settled?: NativeSettled) => NativeWalk
  readonly CancelFlag: new () => CancelFlag
  digest(data: DigestData, cancel: CancelFlag): Promise<Uint8Array | null>
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
  yield* pulled(new addon.NativeWalk(planData(plan), settled), decodeBatch, signal)
}

async function digest(addon: Addon, request: DigestRequest, signal: AbortSignal): Promise<readonly DigestResult[]> {
  const packed = await cancellable(addon, signal, (flag) => addon.digest(digestData(request), flag))
  return packed === null ? [] : decodeDigests(packed)
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
    magics: classes.map((wanted) => wanted.magics ?? []),
    anyHead: classes.map((wanted) => wanted.magics === undefined),
    algorithms: classes.map((wanted) => wanted.algorithms.reduce((bits, name) => bits | algorithmBit(name), 0)),
    maxFileBytes: request.maxFileBytes,
    fileTimeoutMs: request.fileTimeoutMs,
    ...(request.pace && { pace: request.pace }),
  }
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

function algorithmBit(name: DigestAlgorithm): number {
  return 1 << digestAlgorithms.indexOf(name)
}

/** Reads columns off a buffer, in the order they were written. */
class Columns {
  readonly #bytes: Buffer
  #at = 0

  constructor(packed: Uint8Array) {
    const aligned = packed.byteOffset % 8 === 0 ? packed : packed.slice()
    this.#bytes = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.byteLength)
  }

  floats(length: number): Float64Array {
    return new Float64Array(this.#bytes.buffer, this.#take(length * 8), length)
  }

  unsigned(length: number): BigUint64Array {
    return new BigUint64Array(this.#bytes.buffer, this.#take(length * 8), length)
  }

  signed(length: number): BigInt64Array {
    return new BigInt64Array(this.#bytes.buffer, this.#take(length * 8), length)
  }

  integers(length: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#take(length * 4), length)
  }

  /** The next bytes, not copied. */
  bytes(length: number): Buffer {
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  /** All bytes that are left, not copied. */
  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at)
  }

  #take(length: number): number {
    const from = this.#bytes.byteOffset + this.#at
    this.#at += length
    return from
  }
}

/** Throws what failed the whole request; otherwise reads the rest of the header. */
function header(columns: Columns, fields: number): Float64Array {
  const [status = 1] = columns.floats(1)
  if (status === 0) return columns.floats(fields)
  const [code = -1, length = 0] = columns.floats(2)
  throw failure(codeAt(code), columns.bytes(length).toString())
}

function failure(code: EngineErrorCode, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function codeAt(index: number): EngineErrorCode {
  return engineErrorCodes[index] ?? 'io'
}

function decodeBatch(packed: Uint8Array): WalkBatch {
  const columns = new Columns(packed)
  const [n = 0, m = 0, r = 0, textLength = 0, ...totals] = header(columns, 11)
  const [directories = 0, names = 0, files = 0, selected = 0, settled = 0, truncated = 0, firstTicket = -1] = totals
  const dev = columns.unsigned(n)
  const ino = columns.unsigned(n)
  const mtimeNs = columns.signed(n)
  const ctimeNs = columns.signed(n)
  const atimeNs = columns.signed(n)
  const btimeNs = columns.signed(n)
  const size = columns.floats(n)
  const blocks = columns.floats(n)
  const root = columns.integers(n)
  const mode = columns.integers(n)
  const uid = columns.integers(n)
  const gid = columns.integers(n)
  const nlink = columns.integers(n)
  const pathEnds = columns.integers(n)
  const ruleEnds = columns.integers(n)
  const rules = columns.integers(r)
  const errorColumns = {
    root: columns.integers(m),
    code: columns.integers(m),
    ends: [columns.integers(m), columns.integers(m)],
  }
  const text = columns.bytes(textLength)
  const entries: WalkEntry[] = []
  let pathStart = 0
  let ruleStart = 0
  for (let i = 0; i < n; i++) {
    const pathEnd = pathEnds[i] ?? 0
    const ruleEnd = ruleEnds[i] ?? 0
    entries.push({
      root: root[i] ?? 0,
      path: text.toString('utf8', pathStart, pathEnd),
      rules: Array.from(rules.subarray(ruleStart, ruleEnd)),
      dev: dev[i] ?? 0n,
      ino: ino[i] ?? 0n,
      size: size[i] ?? 0,
      mtimeNs: mtimeNs[i] ?? 0n,
      ctimeNs: ctimeNs[i] ?? 0n,
      atimeNs: atimeNs[i] ?? 0n,
      btimeNs: btimeNs[i] ?? 0n,
      blocks: blocks[i] ?? 0,
      mode: mode[i] ?? 0,
      uid: uid[i] ?? 0,
      gid: gid[i] ?? 0,
      nlink: nlink[i] ?? 0,
      ...(firstTicket >= 0 && { ticket: firstTicket + i }),
    })
    pathStart = pathEnd
    ruleStart = ruleEnd
  }
  return {
    entries,
    errors: decodeErrors(errorColumns.root, errorColumns.code, errorColumns.ends, columns.rest()),
    progress: { directories, entries: names, files, selected, settled, truncated: truncated === 1 },
  }
}

function decodeErrors(
  root: Uint32Array,
  code: Uint32Array,
  [pathEnds, messageEnds]: readonly Uint32Array[],
  text: Buffer,
): EngineError[] {
  const errors: EngineError[] = []
  let start = 0
  for (let i = 0; i < root.length; i++) {
    const pathEnd = pathEnds?.[i] ?? 0
    const messageEnd = messageEnds?.[i] ?? 0
    errors.push({
      root: root[i] ?? 0,
      path: text.toString('utf8', start, pathEnd),
      code: codeAt(code[i] ?? -1),
      message: text.toString('utf8', pathEnd, messageEnd),
    })
    start = messageEnd
  }
  return errors
}

/** A lookup's only rule is the index of its file; the errors are those of the other files, in order. */
function decodeStat(packed: Uint8Array, files: readonly FileRef[]): (WalkEntry | EngineError)[] {
  const { entries, errors } = decodeBatch(packed)
  const found = new Map(entries.map((entry) => [entry.rules[0], entry]))
  const failed = errors.values()
  return files.map((file, i) => {
    const outcome = found.get(i) ?? failed.next().value
    if (outcome === undefined) throw failure('io', 'the native engine left a file out of its answer')
    return 'code' in outcome ? { ...outcome, path: file.path } : { ...outcome, path: file.path, rules: [] }
  })
}

/** A single number. */
function decodeCount(packed: Uint8Array): number {
  return header(new Columns(packed), 1)[0] ?? 0
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

const hexLengths: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha1: 40, md5: 32 }

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
    if ((computed & algorithmBit(name)) === 0) continue
    digests[name] = text.toString('latin1', at, at + hexLengths[name])
    at += hexLengths[name]
  }
  return digests
}
