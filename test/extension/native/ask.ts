/**
 * Short ways to ask an engine, with the answers in a form that tests compare: sorted and without what differs from
 * machine to machine.
 */
import type {
  DigestItem,
  DigestRequest,
  DigestResult,
  EngineError,
  ScanEngine,
  WalkBatch,
  WalkEntry,
  WalkPlan,
  WalkProgress,
} from '../../../extension/native/engine.ts'

/** A signal that is never aborted. */
export const never: AbortSignal = new AbortController().signal

/** Everything below one root, without bounds. */
export function planOf(root: string, changes: Partial<WalkPlan> = {}): WalkPlan {
  return {
    roots: [root],
    rules: [{ pattern: '**' }],
    ignoreCase: false,
    skip: [],
    mounts: 'same',
    maxDepth: 1000,
    maxEntries: 1_000_000,
    ...changes,
  }
}

/** A whole walk. */
export interface Walked {
  readonly entries: readonly WalkEntry[]
  readonly errors: readonly EngineError[]
  readonly batches: readonly WalkBatch[]
  readonly progress: WalkProgress
}

/** Walks to the end. */
export async function walkAll(engine: ScanEngine, plan: WalkPlan, signal = never): Promise<Walked> {
  const batches: WalkBatch[] = []
  for await (const batch of engine.walk(plan, signal)) batches.push(batch)
  const last = batches.at(-1)
  if (last === undefined) throw new Error('a walk yields at least one batch')
  return {
    entries: batches.flatMap(({ entries }) => entries),
    errors: batches.flatMap(({ errors }) => errors),
    batches,
    progress: last.progress,
  }
}

/** Selected files as `path` to rule indexes, in the order of their paths. */
export function selectedOf({ entries }: Pick<Walked, 'entries'>): Record<string, readonly number[]> {
  return Object.fromEntries(
    entries.map(({ path, rules }) => [path, rules] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** Errors as `code path`, sorted. */
export function refusedOf({ errors }: Pick<Walked, 'errors'>): string[] {
  return errors.map(({ code, path }) => `${code} ${path}`).sort()
}

/** Digests by a request with generous bounds. */
export function digestAll(
  engine: ScanEngine,
  root: string,
  items: readonly Omit<DigestItem, 'root'>[],
  changes: Partial<DigestRequest> = {},
  signal = never,
): Promise<readonly DigestResult[]> {
  const request = {
    roots: [root],
    items: items.map((item) => ({ root: 0, ...item })),
    classes: [{ algorithms: ['sha256'] as const }],
    maxFileBytes: 2 ** 40,
    fileTimeoutMs: 60_000,
    ...changes,
  }
  return engine.digest(request, signal)
}

/** The error code of a result; `ok` when there is none. */
export function outcomeOf(result: DigestResult | undefined): string {
  if (result === undefined) return 'no result'
  return 'error' in result ? result.error : 'ok'
}
