/**
 * A hunt: answers a question about files with artifacts, and says how complete the answer is.
 *
 * Values are pulled: progress while it lasts, artifacts as they are found, one scan record per pass at the end. An
 * aborted hunt ends with the scans it had, marked `aborted`; a pass that fails is a `failed` scan and the others go on.
 */

import type { FileHints } from './decoders/decoder.ts'
import { isThreeCxDesktopApp, readProduct } from './decoders/product.ts'
import type { Artifact } from './domain/artifact.ts'
import { HunterError } from './domain/errors.ts'
import { fileKind } from './domain/file-kind.ts'
import type { InstallPlace } from './domain/install-place.ts'
import type { Matcher } from './domain/match.ts'
import type { OsqueryTables } from './domain/osquery-tables.ts'
import type { PathText } from './domain/path-text.ts'
import type { Product } from './domain/product.ts'
import type { FileQuestion } from './domain/question.ts'
import type { RandomAccess } from './domain/random-access.ts'
import { isBlinding, maxScanErrors, type Scan, type ScanError, type ScanState } from './domain/scan.ts'
import type { SourcePlace } from './domain/source-place.ts'
import { type Examined, type FileToExamine, unremarkable } from './examining/examiner.ts'
import type { ExecutionReader } from './executions/reader.ts'
import { type FileNames, type Judge, judgeFile, mayCarryProduct } from './findings.ts'
import type { FileIdentity, WalkEntry } from './native/engine.ts'
import { type Pass, type PassPlan, planPasses } from './passes.ts'
import type { Clock } from './runtime/clock.ts'
import type { Source } from './sources/source.ts'
import type { HashCache } from './sweep/hash-cache.ts'
import { readOwners } from './sweep/owners.ts'
import { nothingSettled, type SettledPass, type SettledStore } from './sweep/settled-store.ts'
import { type SweepBatch, type SweepProgress, sweep } from './sweep/sweep.ts'
import { type FileSlot, type SweptFile, type SweptFiles, sweptFile } from './sweep/swept-files.ts'
import { UnremarkableFiles } from './unremarkable-files.ts'

/** What comes out of a hunt, in order. */
export type HuntEvent =
  | { readonly kind: 'progress'; readonly root: string; readonly progress: SweepProgress }
  | { readonly kind: 'artifact'; readonly artifact: Artifact; readonly file: FileAt }
  | { readonly kind: 'scan'; readonly scan: Scan }

/** Where an engine finds the file of an artifact again, and the state it was judged in. */
export interface FileAt extends FileIdentity {
  /** Canonical root of the pass. */
  readonly root: PathText
  /** Path below it. */
  readonly path: PathText
}

/** What a hunt works with. */
export interface HuntPlan extends PassPlan {
  readonly matcher: Matcher
  readonly indicatorsVersion: string
  readonly cache: HashCache
  readonly settled: SettledStore
  readonly clock: Clock
  readonly installPlaces: readonly InstallPlace[]
  readonly sourcePlaces: readonly SourcePlace[]
  readonly sources: readonly Source[]
  readonly executionReaders: readonly ExecutionReader[]
  /** Absent where no osquery runs. */
  readonly osquery?: OsqueryTables
}

/** Hunts. The signal aborts between and inside files. */
export async function* hunt(
  plan: HuntPlan,
  question: FileQuestion,
  signal: AbortSignal,
): AsyncGenerator<HuntEvent, void, undefined> {
  for (const pass of await planPasses(plan, question)) {
    if (signal.aborted) return
    yield* runPass(plan, pass, signal)
  }
}

async function* runPass(plan: HuntPlan, pass: Pass, signal: AbortSignal): AsyncGenerator<HuntEvent, void, undefined> {
  const record = new ScanRecord(plan, pass)
  const owners = await readOwners(plan.engine, pass.volume.canonical)
  const judge: Judge = {
    matcher: plan.matcher,
    owners,
    platform: pass.volume.platform,
    hasBirthTimes: !pass.volume.isCopy,
  }
  const settled = await settledFiles(plan, pass, judge)
  const request = { ...pass.request, ...(settled.files && { settled: settled.files }) }
  const unremarkableFiles = new UnremarkableFiles(request.selection, plan.indicators, plan.examiner)
  try {
    for await (const batch of sweep(plan.engine, plan.cache, request, signal)) {
      record.add(batch)
      yield { kind: 'progress', root: pass.root, progress: batch.progress }
      const { found, done } = await judgeBatch(plan, pass, judge, unremarkableFiles, batch.files, signal)
      settled.files?.settle(done)
      for (const one of found) yield { kind: 'artifact', ...one }
    }
    await settled.keep(record.isWhole)
    yield { kind: 'scan', scan: record.end('finished') }
  } catch (cause) {
    if (!signal.aborted && cause instanceof TypeError) throw cause // a defect of ours is not a property of the host
    record.fail(cause)
    await settled.keep(false)
    yield { kind: 'scan', scan: record.end(signal.aborted ? 'aborted' : 'failed') }
  }
}

/** Only full passes meet enough files for it to matter, and only they say what is said of a file wherever it lies. */
async function settledFiles(plan: HuntPlan, { scan, volume, request }: Pass, judge: Judge): Promise<SettledPass> {
  const { maxFileBytes } = request.limits
  const scope = [request.selection, maxFileBytes, judge.platform, plan.examiner.version, plan.indicatorsVersion]
  const store = scan === 'full' ? plan.settled : nothingSettled
  return await store.open(plan.engine, volume.canonical, scope, plan.clock.nowMs())
}

/** Files judged side by side: each may cost a few small reads. */
const judgedAtOnce = 16

interface Found {
  readonly artifact: Artifact
  readonly file: FileAt
}

/** What came of a batch, and the files that need no look while they stay as they are. */
interface JudgedBatch {
  readonly found: readonly Found[]
  readonly done: readonly Pick<WalkEntry, 'ticket'>[]
}

async function judgeBatch(
  plan: HuntPlan,
  pass: Pass,
  judge: Judge,
  unremarkableFiles: UnremarkableFiles,
  files: SweptFiles,
  signal: AbortSignal,
): Promise<JudgedBatch> {
  const done: Pick<WalkEntry, 'ticket'>[] = []
  const remarkable: FileSlot[] = []
  for (const slot of files.slots) {
    if (!unremarkableFiles.has(slot)) remarkable.push(slot)
    else {
      const ticket = slot.columns.ticket(slot.at)
      if (ticket !== undefined) done.push({ ticket })
    }
  }
  const candidates = remarkable.map((slot) => candidate(plan, pass, sweptFile(slot)))
  await examineAll(plan, pass, candidates, signal)
  const found: Found[] = []
  const plain: WalkEntry[] = []
  for (let at = 0; at < candidates.length; at += judgedAtOnce) {
    const some = candidates.slice(at, at + judgedAtOnce)
    const judged = await Promise.all(some.map((one) => judgeOne(plan, pass, judge, one)))
    for (const [index, { artifact, isEmpty, isExamined }] of judged.entries()) {
      const file = some[index]?.file
      if (artifact && file) found.push({ artifact, file: fileAt(pass, file) })
      if (isEmpty && isExamined && file) plain.push(file.entry)
      if (isEmpty && file?.isRead) done.push(file.entry)
    }
  }
  plan.cache.putPlain(plain, plan.examiner.version)
  return { found, done }
}

/** A selected file on its way to a judgement. */
interface Candidate {
  readonly file: SweptFile
  readonly names: FileNames
  readonly hints: FileHints
  /** Whether an earlier examination of this state of the file saw nothing. */
  readonly isKnownPlain: boolean
  /** Whether a decoder or a rule wants it now. */
  readonly isWanted: boolean
  seen: Examined
}

function candidate(plan: HuntPlan, pass: Pass, file: SweptFile): Candidate {
  const names = pass.names(file.entry)
  const filename = names.relative.slice(names.relative.lastIndexOf('/') + 1)
  const hints = { filename, path: names.relative, kind: fileKind(file.head), size: file.entry.size }
  const isKnownPlain = file.plainFor === plan.examiner.version
  return { file, names, hints, isKnownPlain, isWanted: !isKnownPlain && plan.examiner.wants(hints), seen: unremarkable }
}

async function examineAll(
  plan: HuntPlan,
  pass: Pass,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = candidates.filter((one) => one.isWanted)
  if (wanted.length === 0) return
  const files = wanted.map(({ file: { entry }, hints }): FileToExamine => ({ ref: entry, identity: entry, hints }))
  const place = { roots: pass.request.roots, limits: pass.request.limits }
  for (const [at, seen] of (await plan.examiner.examine(files, place, signal)).entries()) {
    const one = wanted[at]
    if (one) one.seen = seen
  }
}

function fileAt(pass: Pass, { entry }: SweptFile): FileAt {
  const { path, dev, ino, size, mtimeNs, ctimeNs } = entry
  return { root: pass.request.roots[entry.root] ?? '', path, dev, ino, size, mtimeNs, ctimeNs }
}

interface Judged {
  readonly artifact: Artifact | undefined
  /** Whether nothing about the file is worth looking at again while it stays as it is, and all of it could be looked at. */
  readonly isEmpty: boolean
  /** Whether that took a look into the file. */
  readonly isExamined: boolean
}

async function judgeOne(plan: HuntPlan, pass: Pass, judge: Judge, one: Candidate): Promise<Judged> {
  const { file, names, seen } = one
  const isAsked = !one.isKnownPlain && mayCarryProduct(one.hints.kind, names.relative, pass.scan === 'named')
  const { product, isUnread = false } = isAsked ? await productOf(plan, pass, file) : {}
  const artifact = judgeFile(file, names, product, seen, judge)
  const { refusals, payloads } = seen.examination
  // A payload that means nothing by itself may come to mean something by what lies beside its file.
  const isSilent = refusals.length + payloads.length === 0 && !isUnread && !(product && isThreeCxDesktopApp(product))
  const judged = { isEmpty: !artifact && isSilent, isExamined: one.isWanted || isAsked }
  if (!artifact || product) return { artifact, ...judged }
  return { artifact: { ...artifact, product: (await productOf(plan, pass, file)).product }, ...judged }
}

/** What a file says of the product it belongs to, if it can be read now. */
interface ProductRead {
  readonly product?: Product | undefined
  readonly isUnread?: boolean
}

async function productOf(plan: HuntPlan, pass: Pass, file: SweptFile): Promise<ProductRead> {
  const { entry } = file
  const access: RandomAccess = {
    size: entry.size,
    read: (offset, length) => plan.engine.read(pass.request.roots, entry, offset, length),
  }
  const filename = entry.path.slice(entry.path.lastIndexOf('/') + 1)
  try {
    return { product: await readProduct(access, { filename, head: file.head }) }
  } catch {
    return { isUnread: true } // no product now, and another look next time
  }
}

/** Collects what becomes the scan record of a pass. */
class ScanRecord {
  readonly #plan: HuntPlan
  readonly #pass: Pass
  readonly #started: number
  readonly #errors: ScanError[] = []
  #progress: SweepProgress | undefined
  #skipped = 0
  #unexamined = 0

  constructor(plan: HuntPlan, pass: Pass) {
    this.#plan = plan
    this.#pass = pass
    this.#started = plan.clock.nowMs()
  }

  add(batch: SweepBatch): void {
    this.#progress = batch.progress
    for (const error of batch.errors) {
      this.#push({ path: this.#pass.names(error).path, code: error.code, message: error.message })
    }
  }

  /** Whether the walk met everything it was to meet. */
  get isWhole(): boolean {
    return this.#progress !== undefined && !this.#progress.truncated
  }

  fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause)
    this.#push({ path: this.#pass.root, code: cause instanceof HunterError ? cause.code : 'io', message })
  }

  #push(error: ScanError): void {
    this.#skipped++
    if (isBlinding(error)) this.#unexamined++
    if (this.#errors.length < maxScanErrors) this.#errors.push(error)
  }

  end(state: ScanState): Scan {
    const now = this.#plan.clock.nowMs()
    return {
      scan: this.#pass.scan,
      source: 'file',
      root: this.#pass.root,
      started: Math.floor(this.#started / 1000),
      finished: Math.floor(now / 1000),
      state,
      files: this.#progress?.files ?? 0,
      bytes: this.#progress?.bytes ?? 0,
      hashed: this.#progress?.hashed ?? 0,
      cached: this.#progress?.cached ?? 0,
      skipped: this.#skipped,
      unexamined: this.#unexamined,
      errors: this.#errors,
      truncated: this.#progress?.truncated ?? false,
      durationMs: now - this.#started,
      indicatorsVersion: this.#plan.indicatorsVersion,
    }
  }
}
