/**
 * One sweep of a tree as the product does it, walk first and then digests in batches, and what came of each path.
 */
import type { DigestItem, DigestResult, ScanEngine, WalkPlan } from '../../../extension/native/engine.ts'
import { digestAll, never, planOf, walkAll } from './ask.ts'

/** What came of a path: `ok` with a digest, or the reason. */
export type Found = { readonly sha256: string | undefined } | { readonly error: string }

/** Everything that was said of each path. */
export type Swept = ReadonlyMap<string, readonly Found[]>

/** Files in one digest: as a pass asks for. */
const batchSize = 256

/** Sweeps to the end. */
export async function sweepAll(
  engine: ScanEngine,
  root: string,
  plan: Partial<WalkPlan>,
  fileTimeoutMs: number,
  signal: AbortSignal = never,
): Promise<Swept> {
  const swept = new Map<string, Found[]>()
  const say = (path: string, found: Found) => void swept.set(path, [...(swept.get(path) ?? []), found])
  const { entries, errors } = await walkAll(engine, planOf(root, plan), signal)
  for (const { path, code } of errors) say(path, { error: code })
  for (let from = 0; from < entries.length; from += batchSize) {
    const items = entries
      .slice(from, from + batchSize)
      .map((entry): Omit<DigestItem, 'root'> => ({ path: entry.path, expected: entry, classes: [0] }))
    const limits = { maxFileBytes: 2 ** 42, fileTimeoutMs, ...(plan.pace && { pace: plan.pace }) }
    const results = await digestAll(engine, root, items, limits, signal)
    if (results.length !== items.length) throw new Error(`${results.length} results for ${items.length} files`)
    for (const [at, { path }] of items.entries()) say(path, foundIn(results[at]))
  }
  return swept
}

function foundIn(result: DigestResult | undefined): Found {
  if (result === undefined) return { error: 'no result' }
  return 'error' in result ? { error: result.error } : { sha256: result.digests.sha256 }
}
