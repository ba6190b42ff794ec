/**
 * The targets of the native module: each work, its rival, what is to be reached, and which measurements say whether it is.
 *
 * Rivals are programs of one thread without a runtime. Where our crate runs as such a program too, that is judged, and the
 * whole process, Node and its start-up included, stands beside it; a target about time by the clock, and the delay of the
 * event loop, are the whole process's.
 */
import { crateName } from '../programs.ts'
import type { Work } from '../record.ts'

/** How a measurement becomes a number, and what the number must be. */
export type Measure = {
  /** What the table calls it. */
  readonly label: string
  /** Whether the target's verdict rests on it; else it is there to be seen. */
  readonly isJudged: boolean
} & (
  | {
      /** `times`: the rival's time by ours, at least `bound`. `part`: ours by the rival's, at most `bound`. */
      readonly kind: 'times' | 'part'
      readonly work: Work
      readonly ours: string
      readonly rival: string
      readonly clock: 'wall' | 'cpu'
      readonly bound: number
      readonly aim?: number
    }
  /** 99th percentile of the waits of pings, milliseconds, below `bound`. */
  | { readonly kind: 'pings'; readonly work: Work; readonly ours: string; readonly bound: number }
  /** A part of one core, at most `within` from `bound`. */
  | { readonly kind: 'share'; readonly bound: number; readonly within: number }
)

/** A row of the table. */
export interface Target {
  readonly work: string
  readonly rival: string
  readonly atLeast: string
  readonly measures: readonly Measure[]
}

const whole = 'threecx-hunter, whole process'
const evp = 'EVP, 16 KiB blocks, three digests'

/** The digests of a work per CPU-second: the crate is judged, the whole process beside it. */
function digests(work: Work, rival: string, bound: number, aim?: number): Measure[] {
  const common = { kind: 'times', work, rival, clock: 'cpu', bound, ...(aim !== undefined && { aim }) } as const
  return [
    { ...common, label: 'crate, CPU', ours: crateName, isJudged: true },
    { ...common, label: 'whole process, CPU', ours: whole, isJudged: false },
  ]
}

/** A search by the clock, one thread each. */
function logs(count: number, rival: string, bound: number): Measure[] {
  const common = { kind: 'times', work: `logs-${count}`, rival, clock: 'wall', bound } as const
  const name = rival.split(' ')[0]
  const domains = `${count.toLocaleString('en-US')} domains`
  return [
    { ...common, label: `crate, ${domains}, ${name}`, ours: crateName, isJudged: true },
    { ...common, label: `whole process, ${domains}, ${name}`, ours: whole, isJudged: false },
  ]
}

function pings(label: string, work: Work, ours: string): Measure {
  return { kind: 'pings', label, work, ours, bound: 20, isJudged: true }
}

/** In the order in which they were set. */
export const targets: readonly Target[] = [
  {
    work: 'SHA-256 of many warm 1 to 64 MiB files, per CPU-second',
    rival: '`openssl dgst -sha256`',
    atLeast: '1.6 times, aim 1.8',
    measures: digests('sha256-large', 'openssl dgst -sha256', 1.6, 1.8),
  },
  {
    work: 'SHA-256 + SHA-1 + MD5 of many files, per CPU-second',
    rival: 'three EVP digests, 16 KiB blocks, in C',
    atLeast: '3 times, aim 4',
    measures: digests('all-large', evp, 3, 4),
  },
  {
    work: 'SHA-256 alone, same',
    rival: 'the same program',
    atLeast: '5 times, aim 6',
    measures: digests('sha256-large', evp, 5, 6),
  },
  {
    work: '100,000 files of 4 KiB, per CPU-second',
    rival: 'the same loop without hashing: open, fstat, read, close',
    atLeast: '0.75 of it',
    measures: digests('sha256-small', 'open, fstat, read, close', 0.75),
  },
  {
    work: '1,000,000-file artifact sweep, names first',
    rival: '`find -type f` on one thread; walk + stat in C',
    atLeast: '0.5 of the wall of `find` with two threads; below 0.6 of the CPU of walk + stat',
    measures: [
      {
        kind: 'part',
        label: 'whole process, wall, `find`',
        work: 'names',
        ours: 'threecx-hunter',
        rival: 'find -type f',
        clock: 'wall',
        bound: 0.5,
        isJudged: true,
      },
      {
        kind: 'part',
        label: 'whole process, CPU, walk + stat',
        work: 'names',
        ours: 'threecx-hunter',
        rival: 'walk + stat, C, one thread',
        clock: 'cpu',
        bound: 0.6,
        isJudged: true,
      },
      {
        kind: 'part',
        label: 'crate, two threads, wall, `find`',
        work: 'walk',
        ours: 'the crate, 2 threads',
        rival: 'find -type f',
        clock: 'wall',
        bound: 0.5,
        isJudged: false,
      },
    ],
  },
  {
    work: '40 to 1,000 domains, caseless, 1 GB log',
    rival: '`rg -F -i -f`; Hyperscan, caseless',
    atLeast: '5 times; 0.85 of Hyperscan',
    measures: [40, 1000].flatMap((count) => [...logs(count, 'rg -F -i', 5), ...logs(count, 'Hyperscan', 0.85)]),
  },
  {
    work: 'rescan of an unchanged million-file tree',
    rival: 'walk + stat of the selected files, one thread',
    atLeast: 'within 1.15',
    measures: (['wall', 'cpu'] as const).map((clock) => ({
      kind: 'part',
      label: `whole process, ${clock === 'wall' ? 'wall' : 'CPU'}`,
      work: 'rescan',
      ours: 'threecx-hunter, again',
      rival: 'walk + stat, C, one thread',
      clock,
      bound: 1.15,
      isJudged: clock === 'wall',
    })),
  },
  {
    work: 'anything above',
    rival: 'delay of the main event loop, a ping every 100 ms',
    atLeast: 'p99 below 20 ms',
    measures: [
      pings('SHA-256, large files', 'sha256-large', whole),
      pings('three digests, large files', 'all-large', whole),
      pings('SHA-256, files of 4 KiB', 'sha256-small', whole),
      pings('names first', 'names', 'threecx-hunter'),
      pings('first hunt through a million files', 'rescan-first', 'threecx-hunter'),
      pings('rescan', 'rescan', 'threecx-hunter, again'),
      pings('log, 40 domains', 'logs-40', whole),
      pings('log, 1,000 domains', 'logs-1000', whole),
    ],
  },
  {
    work: 'a sweep at `--cpu 10`',
    rival: '',
    atLeast: '10 percent of one core, within 2 points',
    measures: [{ kind: 'share', label: 'CPU of the hunt by its wall', bound: 0.1, within: 0.02, isJudged: true }],
  },
]
