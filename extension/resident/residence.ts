/**
 * How a resident hunt behaves: when it sweeps, how gently, and what it keeps. Every number can be set.
 */
import { availableParallelism } from 'node:os'
import type { Pace } from '../native/engine.ts'

/** Choices of a resident hunt. */
export interface Residence {
  /** A start waits up to this long, at random, so that a fleet that boots together does not read together. */
  readonly startDelayMs: number
  /** The wait when no complete pass is kept: there is nothing to answer from yet. */
  readonly firstDelayMs: number
  /** From the end of a complete pass to the next one. */
  readonly intervalMs: number
  /** The wait after a pass that failed; doubled with each further failure, up to the interval. */
  readonly retryMs: number
  /** A pass that shows no sign of life for so long is given up. */
  readonly stallMs: number
  readonly pace: Pace
  /** How long a live check of the known places is good for. */
  readonly rememberMs: number
  /** A live check that takes longer answers with what it has, and says that it is incomplete. */
  readonly liveTimeoutMs: number
  /** Artifacts kept of one pass. More are counted, and the pass is marked truncated; the gravest stay. */
  readonly maxArtifacts: number
}

/**
 * The share of one core for a machine of so many: osquery's restrictive watchdog allows 5 % of all cores over 6 s,
 * and three fifths of that leave room for queries in the same process. A quarter of a core is enough for any disk.
 */
export function gentleShare(cores: number = availableParallelism()): number {
  return Math.min(0.25, 0.03 * cores)
}

/** What nobody needs to change. */
export function defaultResidence(): Residence {
  const minute = 60_000
  return {
    startDelayMs: 5 * minute,
    firstDelayMs: 5_000,
    intervalMs: 6 * 60 * minute,
    retryMs: 10 * minute,
    stallMs: 60 * minute,
    pace: { idle: true, cpuShare: gentleShare() },
    rememberMs: 10_000,
    liveTimeoutMs: 30_000,
    maxArtifacts: 4096,
  }
}
