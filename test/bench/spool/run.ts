/**
 * `npm run bench -- spool`: appending durably, beside a bare file and plain SQLite, equal lines read back asserted.
 *
 * Every contender is a process of its own, in turn; what is timed is appending alone, not its start and not reading.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openSpool } from '../../../daemon/spool/open-spool.ts'
import { spoolPart } from '../../../daemon/spool/spool-part.ts'
import { openStore } from '../../../daemon/store/open-store.ts'
import { median } from '../contest.ts'
import type { Report } from './contender.ts'
import { findingEvents } from './events.ts'

type Say = (line: string) => void

const titles = { spool: 'threecx-hunter', rows: 'SQLite, a row per event', file: 'file, fdatasync per commit' } as const
type Name = keyof typeof titles
/** Events per run, so that one takes seconds: a commit of one event costs what the disk takes to be sure. */
const counts: Readonly<Record<number, number>> = { 1: 1_000, 100: 100_000, 1000: 300_000 }

/** Runs all and says the results. */
export function spool(folder: string, rounds: number, say: Say): void {
  mkdirSync(folder, { recursive: true })
  for (const [perCommit, count] of Object.entries(counts)) appends(folder, rounds, Number(perCommit), count, say)
  backlog(join(folder, 'backlog'), say)
  bounded(join(folder, 'bounded'), say)
}

function appends(folder: string, rounds: number, perCommit: number, count: number, say: Say): void {
  const names = Object.keys(titles) as Name[]
  const reports: Record<Name, Report[]> = { spool: [], rows: [], file: [] }
  for (let round = 0; round <= rounds; round++) {
    const taken = names.map((name) => run(name, join(folder, name), count, perCommit))
    for (const [at, report] of taken.entries()) {
      if (report.digest !== taken[0]?.digest) throw new Error(`${names[at]} read back other lines than ${names[0]}`)
      if (round > 0) reports[names[at] ?? 'spool'].push(report)
    }
  }
  const target = perCommit === 100 ? 'Target: at least 250,000 events a second. ' : ''
  say(`
## ${count.toLocaleString('en')} events, ${perCommit} per commit

${target}"bytes" is what the process wrote per event, log and checkpoint together; a line has ${findingEvents(1)[0]?.line.length}.

| how | events/s | min | max | times | CPU, µs/event | bytes |
|---|---|---|---|---|---|---|`)
  for (const name of names) {
    const rates = reports[name].map((report) => count / report.seconds)
    const cells = [median(rates), Math.min(...rates), Math.max(...rates)].map((rate) =>
      Math.round(rate).toLocaleString('en'),
    )
    const times = median(
      reports[name].map((report, round) => report.seconds / (reports.spool[round]?.seconds ?? Number.NaN)),
    )
    const cpu = median(reports[name].map((report) => (report.cpuSeconds / count) * 1e6))
    const written = median(reports[name].map((report) => (report.written ?? Number.NaN) / count))
    say(
      `| ${titles[name]} | ${cells.join(' | ')} | ${name === 'spool' ? '' : times.toFixed(2)} | ${cpu.toFixed(1)} | ${written.toFixed(0)} |`,
    )
  }
}

function run(name: Name, folder: string, count: number, perCommit: number): Report {
  const program = join(import.meta.dirname, 'contender.ts')
  const said = execFileSync(process.execPath, [program, name, folder, String(count), String(perCommit)], {
    encoding: 'utf8',
  })
  return JSON.parse(said) as Report // printed by contender.ts
}

/** What reading costs when a sink was dead for long. */
function backlog(folder: string, say: Say): void {
  const total = 500_000
  const { spool, close } = open(folder, 2 ** 40)
  spool.setSinks(['dead', 'alive'])
  const events = findingEvents(1_000)
  for (let done = 0; done < total; done += events.length) spool.append(events)
  const middle = spool.read('alive', { maxEvents: total / 2, maxBytes: 2 ** 40 })
  spool.settle('alive', middle, { delivered: new Set(middle.map((event) => event.sequence)), dead: new Map() })
  const read = timed(() => spool.read('dead', { maxEvents: 500, maxBytes: 1 << 20 }))
  const readMiddle = timed(() => spool.read('alive', { maxEvents: 500, maxBytes: 1 << 20 }))
  const standings = timed(() => spool.standings())
  close()
  const opening = timed(() => open(folder, 2 ** 40, false).close(), 3)
  rmSync(folder, { recursive: true, force: true })
  say(`
## With ${total.toLocaleString('en')} events waiting

| what | ms |
|---|---|
| read 500 events from the beginning | ${read.toFixed(2)} |
| read 500 events from the middle | ${readMiddle.toFixed(2)} |
| standings of two sinks | ${standings.toFixed(2)} |
| open | ${opening.toFixed(0)} |`)
}

/** What the bound of bytes means on disk, with a sink that never delivers. */
function bounded(folder: string, say: Say): void {
  const maxBytes = 32 * 1024 * 1024
  const { spool, close } = open(folder, maxBytes)
  spool.setSinks(['dead'])
  const events = findingEvents(100)
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(event.line), 0)
  let most = 0
  let appended = 0
  const started = process.hrtime.bigint()
  while (appended < 4 * maxBytes) {
    spool.append(events)
    appended += bytes
    most = Math.max(most, diskBytes(folder))
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const [standing] = spool.standings()
  if (!standing || standing.waitingBytes > maxBytes || standing.waiting + standing.dropped !== spool.newest) {
    throw new Error(`the bound was not kept: ${JSON.stringify(standing)}`)
  }
  close()
  rmSync(folder, { recursive: true, force: true })
  say(`
## At the bound, dropping the oldest: 32 MiB of lines, four times as many appended, 100 per commit

Target: files never above 1.6 times the bound and two logs of 16 MiB.

| events/s | dropped | files at most, MiB | times the bound |
|---|---|---|---|
| ${Math.round(spool.newest / seconds).toLocaleString('en')} | ${standing.dropped.toLocaleString('en')} | ${(most / 2 ** 20).toFixed(1)} | ${(most / maxBytes).toFixed(2)} |`)
}

function open(folder: string, maxBytes: number, isNew = true) {
  if (isNew) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const store = openStore(folder, [spoolPart], { warn: console.error })
  const spool = openSpool(store, { maxBytes, maxAgeSeconds: 0, whenFull: 'drop_oldest' })
  const close = () => {
    spool.close()
    store.close()
  }
  return { spool, close }
}

function diskBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** Median milliseconds. */
function timed(work: () => unknown, rounds = 9): number {
  return median(
    Array.from({ length: rounds }, () => {
      const started = process.hrtime.bigint()
      work()
      return Number(process.hrtime.bigint() - started) / 1e6
    }),
  )
}
