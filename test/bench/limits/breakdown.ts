/**
 * Where the CPU-seconds of each work go: what the system and the arithmetic take alone, which is the limit; what we take,
 * split into those, our own work, the start and what Node adds; what rivals take. Pure: medians of one run.
 *
 * The limit is for a program that does what we do through the same system calls. Parts are measured alone and filled in
 * one after the other; what is left of a total is the rest, so no bar is longer than what was measured.
 */
import { median } from '../contest.ts'
import { crateName } from '../programs.ts'
import type { Work } from '../record.ts'
import type { Results } from '../results.ts'
import { judge } from '../targets/judge.ts'
import { targets } from '../targets/targets.ts'

/** What a piece of time was spent on. */
export type Spent = 'system' | 'digests' | 'own' | 'start' | 'around' | 'rival'

/** A piece of a bar, CPU-seconds. */
export interface Piece {
  readonly spent: Spent
  readonly seconds: number
}

/** One program's time. */
export interface Bar {
  readonly name: string
  readonly pieces: readonly Piece[]
  readonly seconds: number
}

/** A work: the first bar is the limit. */
export interface Breakdown {
  readonly title: string
  /** What the limit is made of. */
  readonly limit: string
  readonly bars: readonly Bar[]
  /** How many seconds ours may take to meet a target, by the rival's of this run. */
  readonly allowed: readonly { readonly seconds: number; readonly label: string }[]
}

interface Plan {
  readonly title: string
  readonly limit: string
  readonly work: Work
  /** A contender that is the system's part alone: its contest and name. */
  readonly system: readonly [Work, string?]
  readonly digests?: { readonly bytes: 'largeBytes' | 'smallBytes'; readonly algorithms: readonly string[] }
  /** Our crate as a program of one thread, where it runs: its contest and name. */
  readonly crate?: readonly [Work, string]
  /** Our whole process, and which of our programs with nothing to do has the same start. */
  readonly whole: readonly [contender: string, start: Work]
  readonly rivals: readonly (readonly [label: string, contender: string])[]
}

const whole = 'threecx-hunter, whole process'
const evp = 'EVP, 16 KiB blocks, three digests'

function plans({ sizes }: Results): readonly Plan[] {
  const large = `${sizes.largeFiles} files of 1 to 64 MiB`
  const [small, many] = [sizes.smallFiles, sizes.manyFiles].map((count) => count.toLocaleString('en-US'))
  return [
    {
      title: `SHA-256 of ${large}`,
      limit: 'copying the page cache + SHA-256 from memory',
      work: 'sha256-large',
      system: ['read-large'],
      digests: { bytes: 'largeBytes', algorithms: ['sha256'] },
      crate: ['sha256-large', crateName],
      whole: [whole, 'start-digests'],
      rivals: [
        ['openssl dgst', 'openssl dgst -sha256'],
        ['as osquery: three EVP digests', evp],
      ],
    },
    {
      title: `SHA-256, SHA-1 and MD5 of ${large}`,
      limit: 'copying the page cache + three digests from memory',
      work: 'all-large',
      system: ['read-large'],
      digests: { bytes: 'largeBytes', algorithms: ['sha256', 'sha1', 'md5'] },
      crate: ['all-large', crateName],
      whole: [whole, 'start-digests'],
      rivals: [['as osquery: three EVP digests', evp]],
    },
    {
      title: `SHA-256 of ${small} files of 4 KiB`,
      limit: 'walk, open, fstat, read, close + SHA-256 from memory',
      work: 'sha256-small',
      system: ['sha256-small', 'open, fstat, read, close'],
      digests: { bytes: 'smallBytes', algorithms: ['sha256'] },
      crate: ['sha256-small', crateName],
      whole: [whole, 'start-digests'],
      rivals: [['EVP', 'EVP']],
    },
    {
      title: `Names of ${many} files, nothing to read`,
      limit: 'listing the directories',
      work: 'names',
      system: ['names', 'walk, C, one thread'],
      crate: ['walk', 'the crate, 1 thread'],
      whole: ['threecx-hunter', 'start-names'],
      rivals: [
        ['find -type f', 'find -type f'],
        ['walk + stat', 'walk + stat, C, one thread'],
      ],
    },
    {
      title: `${many} unchanged files, hunted through again`,
      limit: 'walk + stat',
      work: 'rescan',
      system: ['rescan', 'walk + stat, C, one thread'],
      whole: ['threecx-hunter, again', 'start-rescan'],
      rivals: [],
    },
    ...([40, 1000] as const).map(
      (count): Plan => ({
        title: `${count.toLocaleString('en-US')} domains in a log of ${sizes.logLines.toLocaleString('en-US')} lines`,
        limit: 'copying the page cache',
        work: `logs-${count}`,
        system: ['read-log'],
        crate: [`logs-${count}`, crateName],
        whole: [whole, 'start-logs'],
        rivals: [
          ['Hyperscan', 'Hyperscan'],
          ['rg -F -i', 'rg -F -i'],
        ],
      }),
    ),
  ]
}

/** Every work whose limit and whose contest were measured. */
export function breakdowns(results: Results): Breakdown[] {
  return plans(results).flatMap((plan) => breakdown(plan, results) ?? [])
}

function breakdown(plan: Plan, results: Results): Breakdown | undefined {
  const system = cpuOf(results, ...plan.system)
  const digests = plan.digests ? arithmetic(plan.digests, results) : 0
  if (system === undefined || digests === undefined) return undefined
  const alone: Piece[] = [
    { spent: 'system', seconds: system },
    { spent: 'digests', seconds: digests },
  ]
  const [contender, start] = plan.whole
  const crateSeconds = plan.crate && cpuOf(results, ...plan.crate)
  const crate = bar('threecx-hunter, crate', crateSeconds, alone, 'own')
  // Without the crate as a program its own work and what is around it cannot be told apart.
  const known = [...(crate?.pieces ?? alone), { spent: 'start', seconds: cpuOf(results, start) ?? 0 } as const]
  const bars = [
    crate,
    bar('threecx-hunter, whole process', cpuOf(results, plan.work, contender), known, crate ? 'around' : 'own'),
    ...plan.rivals.map(([name, contender]) => bar(name, cpuOf(results, plan.work, contender), [], 'rival')),
  ].flatMap((one) => one ?? [])
  if (bars.length === 0) return undefined
  const limit = bar('limit', system + digests, alone, 'own')
  return {
    title: plan.title,
    limit: plan.limit,
    bars: [...(limit ? [limit] : []), ...bars],
    allowed: allowed(plan.work, results),
  }
}

/** The known pieces one after the other as far as the total goes, and the rest. */
function bar(name: string, seconds: number | undefined, known: readonly Piece[], last: Spent): Bar | undefined {
  if (seconds === undefined) return undefined
  let left = seconds
  const pieces = known.map(({ spent, seconds: wanted }) => {
    const taken = Math.min(wanted, left)
    left -= taken
    return { spent, seconds: taken }
  })
  return { name, seconds, pieces: [...pieces, { spent: last, seconds: left }].filter((one) => one.seconds > 1e-9) }
}

/** The median of a contender's CPU-seconds; the first of a contest, unless it is named. */
function cpuOf({ contests }: Results, work: Work, name?: string): number | undefined {
  const contenders = contests[work]?.contenders ?? []
  const one = name === undefined ? contenders[0] : contenders.find((contender) => contender.name === name)
  return one && median(one.cpu)
}

function arithmetic({ bytes, algorithms }: NonNullable<Plan['digests']>, { facts }: Results): number | undefined {
  const seconds = algorithms.map(
    (name) => (facts[bytes] ?? Number.NaN) / (facts.speeds?.[name]?.bytesPerSecond ?? Number.NaN),
  )
  const sum = seconds.reduce((all, one) => all + one, 0)
  return Number.isNaN(sum) ? undefined : sum
}

/** From the judged measurements of CPU-seconds, and of searches, whose programs have one thread. */
function allowed(work: Work, results: Results): Breakdown['allowed'] {
  return targets.flatMap((target) =>
    judge(target, results).flatMap(({ measure }) => {
      if (!measure.isJudged || (measure.kind !== 'times' && measure.kind !== 'part') || measure.work !== work) return []
      if (measure.clock === 'wall' && !work.startsWith('logs-')) return []
      const theirs = cpuOf(results, work, measure.rival)
      if (theirs === undefined) return []
      const seconds = measure.kind === 'times' ? theirs / measure.bound : theirs * measure.bound
      return [{ seconds, label: measure.rival }]
    }),
  )
}
