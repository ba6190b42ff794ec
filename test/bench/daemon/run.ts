/**
 * `npm run bench -- daemon`: from a changed row to a receiver that has it, and what waiting costs.
 *
 * The daemon is the single file (`npm run build:ext` first), because that is what runs for months. Rows come from a core
 * in this process, receivers are here too, so the numbers hold for all of it on one machine.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bigint, bind, defineTable, integer } from '../../../extension/sdk/index.ts'
import { startCore } from '../../../extension/sdk/testing/index.ts'
import { freePort } from '../../support/servers/server-process.ts'

type Say = (line: string) => void

const program = join(import.meta.dirname, '..', '..', '..', 'dist', 'threecx_hunter.ext')
/** Rows of one result in the test of throughput, and results. */
const burst = { rows: 10_000, results: 5 }
/** Rows of one result in the test of delay, and seconds. */
const steady = { rows: 100, seconds: 20 }
const idle = { queries: 50, settleSeconds: 140, measureSeconds: 60 }

/** New rows with every look: their number, and when they were made. */
function newRows(rows: number, looks: number) {
  let made = 0
  let looked = 0
  return defineTable({
    name: 'fresh',
    description: 'Rows that nobody has seen before.',
    platforms: ['windows', 'darwin', 'linux'],
    columns: { number: integer('Number'), made_ms: bigint('When it was made, milliseconds since 1970') },
    identity: ['number'],
    examples: ['SELECT number FROM fresh'],
    async *generate() {
      if (looked++ >= looks) return
      for (let row = 0; row < rows; row++) yield { number: made++, made_ms: BigInt(Date.now()) }
    },
  })
}

interface Arrival {
  readonly number: number
  readonly delayMs: number
}

/** Runs all and says the results. */
export async function daemon(folder: string, say: Say): Promise<void> {
  if (!existsSync(program)) throw new Error(`${program} is not there; run npm run build:ext`)
  await throughput(join(folder, 'burst'), say)
  await delay(join(folder, 'steady'), say)
  await idleCost(join(folder, 'idle'), say)
}

async function throughput(folder: string, say: Say): Promise<void> {
  const run = await start(folder, burst.rows, burst.results)
  const total = burst.rows * burst.results
  while (run.arrivals.length < total) await sleep(50)
  const seconds = (run.lastMs() - run.firstMs()) / 1000
  const numbers = new Set(run.arrivals.map(({ number }) => number))
  if (numbers.size !== total) throw new Error(`${numbers.size} rows arrived; expected ${total}`)
  await run.stop()
  if (linesIn(run.logs) !== total) throw new Error(`${linesIn(run.logs)} added rows are in the file; expected ${total}`)
  say(`
## ${total.toLocaleString('en')} changed rows to a file and over HTTP

Asked ${burst.results} times for ${burst.rows.toLocaleString('en')} new rows, with what was there before all gone: an added and a removed
line each. Both sinks get every line; each added row was asserted to have arrived once.

| | events/s |
|---|---|
| from the first arrival to the last, added lines alone, HTTP | ${Math.round(total / seconds).toLocaleString('en')} |`)
}

async function delay(folder: string, say: Say): Promise<void> {
  const run = await start(folder, steady.rows, Number.POSITIVE_INFINITY)
  await sleep(steady.seconds * 1000)
  const delays = run.arrivals.map(({ delayMs }) => delayMs).sort((a, b) => a - b)
  await run.stop()
  const at = (share: number) => Math.round(delays[Math.floor(delays.length * share)] ?? Number.NaN)
  say(`
## Delay at ${steady.rows} new rows a second

From the row's making in the table to its arrival over HTTP, spooled durably between; linger 0.

| rows | median | p99 | largest |
|---|---|---|---|
| ${delays.length.toLocaleString('en')} | ${at(0.5)} ms | ${at(0.99)} ms | ${Math.round(delays.at(-1) ?? Number.NaN)} ms |`)
}

/** A daemon whose queries are not due: what it takes while it waits. */
async function idleCost(folder: string, say: Say): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const schedule = Object.fromEntries(
    Array.from({ length: idle.queries }, (_, index) => [
      `q${index}`,
      { query: `SELECT ${index} AS n, verdict FROM threecx_verdict`, interval: 3600 },
    ]),
  )
  const config = join(folder, 'daemon.json')
  const listen = `127.0.0.1:${await freePort()}`
  writeFileSync(
    config,
    JSON.stringify({
      state: join(folder),
      engine: { use: 'embedded' },
      packs: [],
      schedule,
      listen,
      sinks: [{ type: 'stdout' }],
    }),
  )
  const child = spawn(program, ['daemon', '--config', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  await sleep(idle.settleSeconds * 1000)
  const before = cpuTicks(child)
  await sleep(idle.measureSeconds * 1000)
  const percent = (cpuTicks(child) - before) / idle.measureSeconds // a tick is a hundredth of a second
  const status = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
  await ended(child, 'SIGTERM')
  say(`
## Waiting, with ${idle.queries} queries scheduled on the embedded engine

After all have run and ${idle.settleSeconds} s; measured over ${idle.measureSeconds} s. Targets: less than 0.1 percent of a core, resident below 80 MB.

| CPU, percent of a core | resident, MB | other processes |
|---|---|---|
| ${percent.toFixed(3)} | ${(Number(status?.[1]) / 1024).toFixed(0)} | ${children === '' ? 'none' : children.split(' ').length} |`)
}

interface Running {
  readonly arrivals: readonly Arrival[]
  readonly logs: string
  firstMs(): number
  lastMs(): number
  stop(): Promise<void>
}

async function start(folder: string, rows: number, looks: number): Promise<Running> {
  rmSync(folder, { recursive: true, force: true })
  for (const name of ['', 'logs', 'state']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  const core = await startCore({ tables: [bind(newRows(rows, looks), undefined)] })
  const arrivals: Arrival[] = []
  const times = { firstMs: 0, lastMs: 0 }
  const receiver = await receive((body) => {
    const nowMs = Date.now()
    for (const [, madeMs, number] of body.matchAll(/"made_ms":"(\d+)","number":"(\d+)"\},"action":"added"/g)) {
      arrivals.push({ number: Number(number), delayMs: nowMs - Number(madeMs) })
      times.firstMs ||= nowMs
      times.lastMs = nowMs
    }
  })
  const address = receiver.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const deliver = { linger: '0ms', max_events: 1000 }
  const config = join(folder, 'daemon.json')
  writeFileSync(
    config,
    JSON.stringify({
      state: join(folder, 'state'),
      engine: { use: 'osquery', socket: core.socket },
      packs: [],
      schedule: { fresh: { query: 'SELECT number, made_ms FROM fresh', interval: 1 } },
      limits: { cpu_percent: 100 },
      listen: 'off',
      log_level: 'warn',
      sinks: [
        { type: 'file', directory: join(folder, 'logs'), deliver },
        { type: 'http', url: `http://127.0.0.1:${port}/`, deliver },
      ],
    }),
  )
  const child = spawn(program, ['daemon', '--config', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  const stop = async () => {
    await ended(child, 'SIGTERM')
    receiver.close()
    await core.stop()
  }
  return { arrivals, logs: join(folder, 'logs'), firstMs: () => times.firstMs, lastMs: () => times.lastMs, stop }
}

async function receive(take: (body: string) => void): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      take(Buffer.concat(chunks).toString('utf8'))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill(signal)
  await closed
}

function linesIn(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.startsWith('osqueryd.results.log'))
    .reduce((sum, name) => sum + (readFileSync(join(folder, name), 'utf8').match(/"action":"added"/g)?.length ?? 0), 0)
}

/** Hundredths of a second that a process has used. */
function cpuTicks(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return Number(fields[11]) + Number(fields[12])
}
