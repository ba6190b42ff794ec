/**
 * docs/performance.md and docs/performance.svg: the targets, and where the time goes, of the benchmark's committed run.
 * Every number is computed from `test/bench/results.json`.
 */
import { median } from '../../test/bench/contest.ts'
import { type Breakdown, breakdowns } from '../../test/bench/limits/breakdown.ts'
import { picture } from '../../test/bench/limits/picture.ts'
import { type Results, readResults } from '../../test/bench/results.ts'
import { countVerdicts, targetsTable } from '../../test/bench/targets/table.ts'

/** The picture of the committed run. */
export function performancePicture(): string {
  return pictureOf(readResults())
}

/** The page of the committed run. */
export function performancePage(): string {
  return pageOf(readResults())
}

/** The picture of a run. */
export function pictureOf(results: Results): string {
  return picture(breakdowns(results), results.machine)
}

/** The page of a run. */
export function pageOf(results: Results): string {
  const parts = breakdowns(results)
  const count = countVerdicts(results)
  return `# Performance

Generated from \`test/bench/results.json\`, one run of the benchmark on one machine, by \`npm run docs\`. No result here is typed.

## Run it

\`\`\`
npm run bench -- targets                            # what this page needs, about ten minutes; writes it anew
THREECX_BENCH_ROUNDS=3 npm run bench -- targets     # fewer rounds
THREECX_BENCH_SHRINK=10 npm run bench -- targets    # trees and logs a tenth as large, to try it; writes nothing here
npm run bench                                       # everything, the other parts of test/bench/results.md included
\`\`\`

The first run makes trees and a log of about 7 GB below \`THREECX_BENCH_DIR\` (the temporary directory, unless it is set); later
runs find them there. The rivals are Debian's \`openssl\`, \`libssl-dev\`, \`gcc\`, \`findutils\`, \`ripgrep\` and
\`libhyperscan-dev\`; the crate as a program needs a Rust toolchain. What is missing is left out, and the table says so.

## The targets

${results.machine}. ${results.rounds} ${results.rounds === 1 ? 'round' : 'rounds'}, load ${results.load.toFixed(1)} at the start${results.note === '' ? '' : `, ${results.note}`}.
${count.met} of ${count.met + count.missed + count['not measured']} targets are met, ${count.missed} missed, ${count['not measured']} not measured.

${targetsTable(results)}

Rivals are programs of one thread without a runtime. Where our Rust crate runs as such a program, that is judged, and the whole process
with Node, its threads and its start stands beside it. What an operator waits for, a sweep and a rescan by the clock, and how long
the event loop keeps a ping waiting, is judged of the whole process.

How to read a ratio: all programs of a line ran in turn, round after round, and gave equal answers before any time counted. The
number is the median of the rounds' ratios, not a ratio of medians, because noise hits neighbours alike. "times" above 1 (the
digests, the searches) is how many times our work a rival's CPU-second or second does; a part (the sweeps) is our time by the
rival's, and smaller is better. Page cache warm: a cold disk is slower than every bar below, and then what counts is what is not read.

## Where the time goes

${parts.length === 0 ? 'The limits were not measured in this run.' : '![CPU-seconds of threecx-hunter and of rivals, as multiples of the limit](performance.svg)'}

Each work has its limit as 1: the system's part alone, measured as a C program or \`dd\` that makes the same calls and does nothing
with what it gets, and, where there are digests, our digests over bytes that are in the cache of the processor already.
The pieces of our bars are measured alone too. What the crate takes beyond the limit is our own work; what the whole process takes
beyond the crate and a start with nothing to do is Node around it. A mark is what the rival of a target, in the same run, lets us
take: a bar that ends left of it meets the target. A mark below 1 is out of reach here, with
these system calls and these digests.

${limitsTable(parts)}

What the limits are made of:

- **SHA-256 is a chain.** Each step needs the result of the one before, so a single stream leaves the processor's SHA
  instructions idle much of the time, and that is where OpenSSL ends. Two files in turn fill them; more add little.
  MD5 and SHA-1 go into vector lanes, as many files as lanes.${speedsText(results)}
- **Bytes are copied.** \`read\` copies the page cache. No mapping is used, because a file that is truncated while mapped
  kills the process.${copyText(results)}
- **A small file costs system calls**, not bytes: open, fstat, read and close, each with a look at rights and locks.
- **A name costs a fraction of a look at its file**, so names are judged first, and only what could matter is opened.${namesText(results)}
- **A rescan needs metadata of every selected file**, and no less: that is how it knows that nothing changed.
- **A search reads every byte once.** Its limit here is the copy alone; looking for the strings comes on top.

${nearText(parts)}
`
}

function limitsTable(parts: readonly Breakdown[]): string {
  if (parts.length === 0) return ''
  const rows = parts.flatMap(({ title, bars, limit, allowed }) => {
    const unit = bars[0]?.seconds ?? Number.NaN
    const row = (work: string, name: string, seconds: number): string =>
      `| ${work} | ${name} | ${seconds.toFixed(3)} | ${(seconds / unit).toFixed(2)} |`
    return [
      ...bars.map(({ name, seconds }, at) => row(at === 0 ? title : '', at === 0 ? `limit: ${limit}` : name, seconds)),
      ...allowed.map(({ seconds, label }) => row('', `most that meets the target, by ${label}`, seconds)),
    ]
  })
  return ['| work | program | CPU, s | times the limit |', '|---|---|---|---|', ...rows].join('\n')
}

function speedsText({ facts }: Results): string {
  if (!facts.speeds) return ''
  const words = Object.entries(facts.speeds).map(
    ([name, { bytesPerSecond, kernel }]) => `${name} ${(bytesPerSecond / 1e9).toFixed(2)} (${kernel})`,
  )
  const openssl = facts.opensslSpeed === undefined ? '' : `; OpenSSL's sha256 ${(facts.opensslSpeed / 1e9).toFixed(2)}`
  return ` From memory, GB per CPU-second of one thread: ${words.join(', ')}${openssl}.`
}

function copyText(results: Results): string {
  const seconds = medianOf(results, 'read-large')
  const bytes = results.facts.largeBytes
  return seconds && bytes ? ` Here it gives ${(bytes / seconds / 1e9).toFixed(1)} GB per CPU-second.` : ''
}

function namesText(results: Results): string {
  const [list, stat] = [
    medianOf(results, 'names', 'walk, C, one thread'),
    medianOf(results, 'names', 'walk + stat, C, one thread'),
  ]
  if (!list || !stat) return ''
  const each = (seconds: number): string => ((seconds / results.sizes.manyFiles) * 1e6).toFixed(2)
  return ` Here a name costs ${each(list)} µs, with metadata ${each(stat)} µs.`
}

function medianOf({ contests }: Results, work: string, name?: string): number | undefined {
  const contenders = contests[work]?.contenders ?? []
  const one = name === undefined ? contenders[0] : contenders.find((contender) => contender.name === name)
  return one && median(one.cpu)
}

/** What of ours is near its limit and what is not, by the numbers. */
function nearText(parts: readonly Breakdown[]): string {
  if (parts.length === 0) return ''
  const ours = parts.flatMap(({ title, bars }) => {
    const unit = bars[0]?.seconds ?? Number.NaN
    const own = bars.slice(1).filter(({ pieces }) => pieces.every(({ spent }) => spent !== 'rival'))
    return own.map(({ name, seconds }) => ({ title, name, times: seconds / unit }))
  })
  const list = (title: string, isIn: (times: number) => boolean): string => {
    const lines = ours.filter(({ times }) => isIn(times))
    const words = lines.map((one) => `- ${one.title}, ${one.name}: ${one.times.toFixed(2)}`)
    return `${title}:\n\n${words.length > 0 ? words.join('\n') : '- nothing'}`
  }
  return [
    list('Near the limit, within a quarter', (times) => times <= 1.25),
    list('Between that and twice the limit', (times) => times > 1.25 && times <= 2),
    list('Farther', (times) => !(times <= 2)),
  ].join('\n\n')
}
