/**
 * The walk: directories on a stack, a few read at a time, one step each per round.
 *
 * A round reads a bounded number of names, so what waits to be yielded is bounded, too, and a consumer that does not
 * pull stops the reading. The last directories found are read first: the stack stays as small as the tree is deep
 * times its width.
 */
import { CpuBudget } from '../cpu-budget.ts'
import type { WalkBatch, WalkPlan } from '../engine.ts'
import { entryOf } from './entry.ts'
import type { Addressing } from './folder.ts'
import { Folders } from './folders.ts'
import { Listing, type WalkState } from './listing.ts'
import { absoluteKey, rawPath } from './location.ts'
import { untilAborted } from './patience.ts'
import { type Root, usableRoots } from './roots.ts'
import { Rules } from './rules.ts'
import { Tally } from './tally.ts'
import { Visited } from './visited.ts'

/** Directories read at a time: twice the threads Node has for file calls. */
const width = 8

/** A batch is yielded at least this often, even an empty one, so that consumers see progress and can stop. */
const longestSilenceMs = 200

/** Walks a plan; see the contract. */
export async function* walk(
  addressing: Addressing,
  plan: WalkPlan,
  signal: AbortSignal,
): AsyncGenerator<WalkBatch, void, undefined> {
  signal.throwIfAborted()
  const roots = await untilAborted(signal, usableRoots(plan.roots, { toList: true }))
  const state: WalkState = {
    plan,
    rules: new Rules(plan.rules, plan.ignoreCase),
    folders: new Folders(addressing, roots),
    tally: new Tally(plan.maxEntries),
    visited: new Visited(),
    skip: new Set(plan.skip.map((path) => absoluteKey(rawPath(path), []))),
    places: [],
  }
  const active = new Set<Listing>()
  try {
    for (const [index, root] of roots.entries()) enterRoot(state, index, root)
    yield* rounds(state, active, signal)
  } finally {
    for (const listing of active) void listing.giveUp()
    state.folders.close()
  }
}

async function* rounds(state: WalkState, active: Set<Listing>, signal: AbortSignal): AsyncGenerator<WalkBatch, void> {
  const { places, tally } = state
  const budget = state.plan.pace && new CpuBudget(state.plan.pace.cpuShare)
  let spoken = performance.now()
  while (places.length + active.size > 0 && !tally.isFull) {
    for (let place = next(state, active); place; place = next(state, active)) active.add(new Listing(state, place))
    await untilAborted(signal, Promise.all(Array.from(active, (listing) => listing.step())))
    for (const listing of active) if (listing.isDone) active.delete(listing)
    while (tally.hasBatch || performance.now() - spoken > longestSilenceMs) {
      yield tally.take()
      signal.throwIfAborted()
      spoken = performance.now()
    }
    await budget?.rest(signal)
  }
  do yield tally.take()
  while (tally.isWaiting)
}

function next({ places }: WalkState, active: ReadonlySet<Listing>) {
  return active.size < width ? places.pop() : undefined
}

/** Puts a root on the stack, or rules on it when it is a file. */
function enterRoot({ rules, tally, skip, places }: WalkState, root: number, { path, stats }: Root): void {
  if (stats.isFile()) {
    tally.files++
    const held = rules.ofSize(rules.selectingRoot(), Number(stats.size))
    if (held.length > 0) tally.select(entryOf(root, '', held, stats))
  } else if (skip.has(absoluteKey(path, []))) {
    tally.refuse(root, [], 'skipped', 'in the skip list')
  } else {
    const reach = rules.top()
    if (reach.length > 0) places.unshift({ root, parts: [], reach, around: undefined })
  }
}
