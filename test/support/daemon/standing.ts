/**
 * A daemon's standing with something of everything, for the tests of what is shown of it.
 */
import type { DaemonStanding } from '../../../daemon/operations/standing.ts'

/** One that works: two queries, two sinks. */
export const soundStanding: DaemonStanding = {
  version: '1.2.3',
  pid: 42,
  started: 1_000,
  engine: 'embedded',
  isEngineReached: true,
  rssBytes: 64 * 1024 * 1024,
  stream: 'abcd',
  newest: 12,
  queries: [
    {
      query: 'pack_hunt_files',
      runs: 3,
      failures: 0,
      lastMs: 250,
      lastRows: 2,
      lastError: undefined,
      lastRun: 4_000,
      nextRun: 7_600,
      denylisted: undefined,
    },
    {
      query: 'pack_hunt_"odd\\name"',
      runs: 0,
      failures: 0,
      lastMs: undefined,
      lastRows: undefined,
      lastError: undefined,
      lastRun: undefined,
      nextRun: 5_000,
      denylisted: undefined,
    },
  ],
  sinks: [
    {
      sink: 'file',
      waiting: 0,
      waitingBytes: 0,
      oldest: undefined,
      delivered: 12,
      dropped: 0,
      deadLetters: 0,
      damaged: 0,
      circuit: 'closed',
      attempts: 4,
      failures: 0,
      lastSuccessMs: 4_500_000,
      lastError: undefined,
    },
  ],
  configurationError: undefined,
  problems: [],
}

/** The same with a dead receiver and a query that is off. */
export const troubledStanding: DaemonStanding = {
  ...soundStanding,
  isEngineReached: false,
  configurationError: 'line 3: bogus',
  queries: soundStanding.queries.map((query, index) =>
    index === 0 ? { ...query, denylisted: { reason: 'osqueryd died while it ran', until: 90_000 } } : query,
  ),
  sinks: soundStanding.sinks.map((sink) => ({
    ...sink,
    circuit: 'open',
    lastError: 'connection refused',
    waiting: 5,
    waitingBytes: 1_000,
    oldest: 3_000,
  })),
}
