/**
 * `npm run bench [-- sweep|rescan|digests|serving|structure|browsers|logs|results-diff|spool|daemon]`: our sweeps beside the
 * tools an operator would use instead, our digests beside OpenSSL's, our answers beside those of other SDKs, our look into
 * files beside YARA's, our look into
 * browsers' histories beside SQLite's, our search of logs beside ripgrep's, our differences of results beside JSON in Sets,
 * our spool beside a bare file, and the daemon from end to end, on this machine, page cache warm.
 *
 * Of the sweeps, whole processes are timed, start-up included, in turn and several rounds; ratios are medians of the rounds' ratios,
 * because the machines are noisy. Answers are compared before times. Results go to test/bench/results.md.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { browsers } from './browsers/run.ts'
import { type Contender, contest, cpuRatio, has, median, type Timing, timesAsFast } from './contest.ts'
import { daemon } from './daemon/run.ts'
import { digests } from './digests/run.ts'
import { logs } from './logs/run.ts'
import { compiledWalk, rescans } from './rescan/run.ts'
import { resultsDiff } from './results-diff/run.ts'
import { serving } from './serving/run.ts'
import { spool } from './spool/run.ts'
import { structure } from './structure/run.ts'
import { largeFile, smallFiles } from './trees.ts'

interface OurAnswer {
  readonly engine: string
  readonly files: number
  readonly hashed: number
  readonly cached: number
  readonly bytes: number
  readonly digest: string
  readonly rss: number
  readonly held: number
}

const base = process.env['THREECX_BENCH_DIR'] ?? join(tmpdir(), 'threecx-bench')
const rounds = Number(process.env['THREECX_BENCH_ROUNDS'] ?? 5)
mkdirSync(base, { recursive: true })
/** Compiled code is kept between runs, as the `threecx` command keeps it. */
const program = `NODE_COMPILE_CACHE=${join(base, 'code')} ${process.execPath} ${join(import.meta.dirname, 'ours.ts')}`
const lines: string[] = []
const costs: { job: string; answer: OurAnswer }[] = []

const results = join(import.meta.dirname, 'results.md')
const titles = {
  sweep: '# Sweeping files',
  rescan: '# Sweeping a million files',
  digests: '# Digests',
  serving: '# Serving rows to osquery',
  structure: '# Looking into files',
  browsers: '# Histories of browsers',
  logs: '# Searching logs',
  'results-diff': '# Differences of results',
  spool: '# Spooling events',
  daemon: '# The daemon',
} as const
const asked = process.argv[2]
/** What the reader of results should know of the machine's other business. */
const note = process.env['THREECX_BENCH_NOTE'] ? `, ${process.env['THREECX_BENCH_NOTE']}` : ''
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${process.platform} ${release()} ${arch()}, Node ${process.version}`
type Part = keyof typeof titles
const parts: Readonly<Record<Part, () => string | Promise<string>>> = {
  sweep: sweeps,
  rescan: millions,
  digests: hashes,
  serving: servers,
  structure: insides,
  browsers: histories,
  logs: searches,
  'results-diff': differences,
  spool: appends,
  daemon: endToEnd,
}
const written: string[] = []
for (const name of Object.keys(titles) as Part[]) {
  const isAsked = asked === undefined || asked === name
  written.push(isAsked ? await parts[name]() : part(titles[name]))
}
writeFileSync(results, `${written.filter((text) => text !== '').join('\n\n')}\n`)

function sweeps(): string {
  lines.length = 0
  say(`${titles.sweep}

Written by \`npm run bench\`: ${machine}.
Whole processes, page cache warm, ${rounds} rounds in turn, medians. "times" is how many times as fast we were;
CPU seconds are user and system, of all threads and children; load ${loadavg()[0]?.toFixed(1)} at the start${note}.`)
  oneLargeFile()
  manySmallFiles()
  unchangedFiles()
  ownCosts()
  return lines.join('\n')
}

function millions(): string {
  lines.length = 0
  say(`${titles.rescan}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Whole processes, page cache warm, ${rounds} rounds in turn, medians. "times" is how many times as fast we were;
CPU seconds are user and system, of all threads and children.`)
  nothingToRead()
  rescans(base, rounds, say)
  return lines.join('\n')
}

function hashes(): string {
  lines.length = 0
  say(`${titles.digests}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Page cache warm, ${rounds} rounds in turn, medians of CPU-seconds, user and system. "times" is how many times as many CPU-seconds
the row took as ours.`)
  digests(base, join(base, 'digests'), rounds, say)
  return lines.join('\n')
}

async function servers(): Promise<string> {
  lines.length = 0
  say(`${titles.serving}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
All servers run side by side and are asked in turn by one client over UNIX sockets, ${rounds} rounds after a first that is
not counted, medians. "times" is how many times as fast we were.`)
  await serving(join(base, 'serving'), rounds, say)
  return lines.join('\n')
}

function insides(): string {
  lines.length = 0
  say(`${titles.structure}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Page cache warm, ${rounds} rounds in turn, medians.`)
  structure(base, rounds, say)
  return lines.join('\n')
}

function histories(): string {
  lines.length = 0
  say(`${titles.browsers}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Whole processes, page cache warm, ${rounds} rounds in turn, medians.`)
  browsers(base, rounds, say)
  return lines.join('\n')
}

function searches(): string {
  lines.length = 0
  say(`${titles.logs}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Whole processes, page cache warm, ${rounds} rounds in turn, medians. "times" is how many times as fast the first row was.`)
  logs(join(base, 'logs'), rounds, say)
  return lines.join('\n')
}

function differences(): string {
  lines.length = 0
  say(`${titles['results-diff']}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Whole processes, page cache warm, ${rounds} rounds in turn, medians; peak memory is that of each process.`)
  resultsDiff(join(base, 'results-diff'), rounds, say)
  return lines.join('\n')
}

function appends(): string {
  lines.length = 0
  say(`${titles.spool}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
Every append is durable when it returns. Processes in turn, ${rounds} rounds after a first that is not counted, medians;
"times" is how many times as fast we were.`)
  spool(join(base, 'spool'), rounds, say)
  return lines.join('\n')
}

async function endToEnd(): Promise<string> {
  lines.length = 0
  say(`${titles.daemon}

Written by \`npm run bench\`: ${machine}; load ${loadavg()[0]?.toFixed(1)} at the start${note}.
The single file as a process of its own, asking a core in the process of the benchmark over a real socket.`)
  await daemon(join(base, 'daemon'), say)
  return lines.join('\n')
}

/** What an earlier run wrote of a part that is not asked for now; empty when it never ran. */
function part(title: string): string {
  const text = readFileSync(results, 'utf8')
  const from = text.indexOf(title)
  if (from < 0) return ''
  const end = text.indexOf('\n# ', from)
  return text.slice(from, end < 0 ? undefined : end).trim()
}

function oneLargeFile(): void {
  const file = largeFile(base, 1 << 30)
  const rivals: Contender[] = [
    rival('openssl', `openssl dgst -sha256 -r ${file}`, firstWord),
    rival('sha256sum', `sha256sum ${file}`, firstWord),
  ].flat()
  table('SHA-256 of one 1 GiB file', 'openssl at least 1.0', [ours('file', file, (answer) => answer.digest), ...rivals])
}

function manySmallFiles(): void {
  const tree = smallFiles(base, 100_000, 4096)
  const rivals: Contender[] = [
    rival('find | xargs sha256sum', `find ${tree} -type f -print0 | xargs -0 sha256sum`, xorOfLines, 'sha256sum'),
    rival('rhash', `rhash --sha256 -r ${tree}`, xorOfLines),
  ].flat()
  const target = 'sha256sum at least 3.0, rhash at least 1.6'
  table('SHA-256 of 100,000 files of 4 KiB', target, [ours('tree', tree, (answer) => answer.digest), ...rivals])
}

function nothingToRead(): void {
  const tree = smallFiles(base, 1_000_000, 16)
  const walk = compiledWalk(base, say)
  const count = (stdout: string) => String(stdout.trim())
  const contenders = [
    ours('sweep', tree, (answer) => String(answer.files)),
    ...rival('find -type f', `find ${tree} -type f | wc -l`, count, 'find'),
    ...(walk ? rival('walk + stat, C, one thread', `${walk} ${tree} stat`, count, walk) : []),
  ]
  const target = 'find at least 2.0; CPU below 0.6 of walk + stat'
  table('Sweep of 1,000,000 files with nothing to read, all indicators', target, contenders)
}

/** The second of two sweeps must read nothing; the rival is our own first sweep. */
function unchangedFiles(): void {
  const tree = smallFiles(base, 100_000, 4096)
  const database = join(base, 'hashes.db')
  for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true })
  const command = `${program} rescan ${tree} ${database}`
  const first = contestOnce('first sweep', command)
  const second = contestOnce('second sweep', command)
  const [before, after] = [parse(first.stdout), parse(second.stdout)]
  if (after.hashed !== 0 || after.cached !== 100_000) throw new Error(`the second sweep read ${after.hashed} files`)
  if (before.digest !== after.digest) throw new Error('the two sweeps give different digests')
  costs.push({ job: 'first sweep with the cache', answer: before }, { job: 'second sweep', answer: after })
  say(`
## 100,000 unchanged files of 4 KiB, swept again with the hash cache

| sweep | s | files read | from the cache |
|---|---|---|---|
| first | ${median(first.seconds).toFixed(3)} | ${before.hashed} | ${before.cached} |
| second | ${median(second.seconds).toFixed(3)} | ${after.hashed} | ${after.cached} |`)
}

function ownCosts(): void {
  say(`
## What it costs

Targets: memory below 120 MB at a million files; the event loop never held longer than 20 ms.

| job | engine | peak memory, MB | event loop held at most, ms |
|---|---|---|---|`)
  for (const { job, answer } of costs) {
    say(`| ${job} | ${answer.engine} | ${answer.rss.toFixed(0)} | ${answer.held.toFixed(1)} |`)
  }
}

function table(title: string, target: string, contenders: readonly Contender[]): void {
  const timings = contest(contenders, rounds)
  const [our, ...others] = timings
  if (!our) return
  costs.push({ job: title, answer: parse(our.stdout) })
  say(
    `\n## ${title}\n\nTarget: ${target}.\n\n| command | s | min | max | times | CPU, s | our CPU / its |\n|---|---|---|---|---|---|---|`,
  )
  say(row(our, undefined))
  for (const other of others) say(row(other, our))
}

function row(timing: Timing, our: Timing | undefined): string {
  const { seconds, cpu } = timing
  const cells = [median(seconds), Math.min(...seconds), Math.max(...seconds)].map((one) => one.toFixed(3))
  const compared = our ? [timesAsFast(our, timing), cpuRatio(our, timing)].map((one) => one.toFixed(2)) : ['', '']
  cells.push(compared[0] ?? '', median(cpu).toFixed(3), compared[1] ?? '')
  return `| ${timing.name.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`
}

function ours(job: string, target: string, answer: (answer: OurAnswer) => string): Contender {
  const command = `${program} ${job} ${target}`
  return { name: 'threecx-hunter', command, answer: (stdout) => answer(parse(stdout)) }
}

function rival(name: string, command: string, answer: (stdout: string) => string, program = name): Contender[] {
  if (has(program)) return [{ name, command, answer }]
  say(`\n${name} is not installed and left out.`)
  return []
}

function contestOnce(name: string, command: string): Timing {
  const started = process.hrtime.bigint()
  const [timing] = contest([{ name, command, answer: () => '' }], 0)
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  return { name, seconds: [seconds], cpu: [], stdout: timing?.stdout ?? '' }
}

function parse(stdout: string): OurAnswer {
  return JSON.parse(stdout) as OurAnswer // printed by ours.ts
}

function firstWord(stdout: string): string {
  return stdout.trim().split(/\s+/)[0] ?? ''
}

/** The same order-free combination of digests that ours.ts prints. */
function xorOfLines(stdout: string): string {
  const sum = Buffer.alloc(32)
  for (const line of stdout.split('\n')) {
    const digest = Buffer.from(line.slice(0, 64), 'hex')
    if (digest.length === 32) for (let at = 0; at < 32; at++) sum[at] = (sum[at] ?? 0) ^ (digest[at] ?? 0)
  }
  return createHash('sha256').update(sum).digest('hex')
}

function say(line: string): void {
  lines.push(line)
  console.log(line)
}
