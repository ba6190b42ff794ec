/**
 * Nothing is lost, whatever ends the daemon: kill -9 at random moments, with receivers that come and go.
 *
 * The real daemon asks a core over a real socket for rows that change with every look, and hands them to sinks of every
 * kind: receivers over HTTPS that are killed at random too, syslog, files, and Redis, NATS and Kafka where they are there. Afterwards every sequence from the first to the newest has arrived everywhere, at
 * least once, each with one content; and no query's counter has a gap, which would be a state that went ahead of its
 * events. THREECX_CRASHES sets how often it is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DaemonStanding } from '../../daemon/operations/standing.ts'
import { bind, defineTable, integer } from '../../extension/sdk/index.ts'
import { type Core, startCore } from '../../extension/sdk/testing/index.ts'
import { DaemonProcess } from '../support/daemon/daemon-process.ts'
import { type StreamServer, startStreamServers } from '../support/daemon/stream-servers.ts'
import { noise } from '../support/noise.ts'
import { freePort } from '../support/servers/server-process.ts'
import { type TestCertificate, testAuthority } from '../support/servers/test-authority.ts'

const crashes = Number(process.env['THREECX_CRASHES'] ?? 12)
const queries = 6

/** Rows that nobody has seen before. */
let tick = 0
const ticks = defineTable({
  name: 'ticks',
  description: 'Numbers that grow with every look.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: { tick: integer('Number') },
  identity: ['tick'],
  examples: ['SELECT tick FROM ticks'],
  async *generate() {
    for (let row = 0; row < 5; row++) yield { tick: tick++ }
  },
})

let directory: string
let core: Core
let receiverPort: number
let listenPort: number
let certificate: TestCertificate
let receiver: ChildProcess | undefined
let syslog: Server
const syslogLines: Buffer[] = []
let streams: StreamServer[] = []

async function startReceiver(): Promise<void> {
  const script = join(import.meta.dirname, '..', 'support', 'daemon', 'receiver.ts')
  const child = spawn(
    process.execPath,
    [script, String(receiverPort), join(directory, 'received'), certificate.certificateFile, certificate.keyFile],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  receiver = child
  await new Promise((resolve) => child.stdout?.once('data', resolve))
}

async function stopReceiver(): Promise<void> {
  const child = receiver
  receiver = undefined
  if (!child) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await closed
}

/** Takes what comes, and is never killed: syslog has no acknowledgement to wait for. */
async function startSyslog(): Promise<number> {
  syslog = createServer((socket: Socket) => {
    socket.on('data', (data: Buffer) => syslogLines.push(data))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => syslog.listen(0, '127.0.0.1', resolve))
  const address = syslog.address()
  return typeof address === 'object' && address ? address.port : 0
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-crash-'))
  for (const name of ['received', 'log', 'state']) mkdirSync(join(directory, name), { mode: 0o700 })
  core = await startCore({ tables: [bind(ticks, undefined)] })
  receiverPort = await freePort()
  listenPort = await freePort()
  const deliver = { retry_min: '20ms', retry_max: '1s', linger: '0ms', timeout: '5s', max_events: 7 }
  const authority = testAuthority(directory)
  certificate = authority.issue('receiver')
  streams = await startStreamServers(directory, authority)
  const to = (path: string) => ({
    url: `https://127.0.0.1:${receiverPort}/${path}`,
    tls: { ca_file: authority.caFile },
    deliver,
  })
  const configuration = {
    state: join(directory, 'state'),
    engine: { use: 'osquery', socket: core.socket },
    packs: [],
    schedule: Object.fromEntries(
      Array.from({ length: queries }, (_, index) => [`q${index}`, { query: 'SELECT tick FROM ticks', interval: 1 }]),
    ),
    limits: { cpu_percent: 100 },
    listen: `127.0.0.1:${listenPort}`,
    sinks: [
      { type: 'file', directory: join(directory, 'log'), deliver },
      { type: 'http', ...to('hook') },
      { type: 'osquery_tls', ...to('fleet'), enroll_secret: { env: 'ENROLL' } },
      { type: 'splunk_hec', ...to('splunk'), token: { env: 'ENROLL' } },
      { type: 'elasticsearch', ...to('elastic'), index: 'threecx' },
      { type: 'loki', ...to('loki') },
      { type: 'otlp', ...to('otlp') },
      { type: 'syslog', transport: 'tcp', host: '127.0.0.1', port: await startSyslog(), deliver },
      ...streams.map(({ sink }) => ({ ...sink, deliver })),
    ],
  }
  writeFileSync(join(directory, 'daemon.json'), JSON.stringify(configuration))
}, 180_000)

afterAll(async () => {
  await stopReceiver()
  syslog?.close()
  await core?.stop()
  await Promise.all(streams.map((stream) => stream.stop()))
  rmSync(directory, { recursive: true, maxRetries: 5, retryDelay: 200 })
}, 60_000)

const start = () => new DaemonProcess(['--config', join(directory, 'daemon.json')], { ENROLL: 'secret' })

async function standing(): Promise<DaemonStanding> {
  const response = await fetch(`http://127.0.0.1:${listenPort}/status`)
  return (await response.json()) as DaemonStanding
}

/** Every time an event was received, in any form that its line was put into. */
function receivedIn(texts: readonly string[]): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>()
  const pattern =
    /threecx_event_id\\*":\\*"([0-9a-f]+-(\d+))\\*",\\*"threecx_sequence\\*":\\*"\d+\\*",\\*"threecx_checksum\\*":\\*"([0-9a-f]{8})/g
  for (const text of texts) {
    for (const [, id = '', sequence, checksum = ''] of text.matchAll(pattern)) {
      const seen = found.get(Number(sequence)) ?? new Set()
      found.set(Number(sequence), seen.add(`${id} ${checksum}`))
    }
  }
  return found
}

const filesIn = (folder: string) =>
  readdirSync(join(directory, folder)).map((name) => readFileSync(join(directory, folder, name), 'utf8'))
const received = (name: string) => [readFileSync(join(directory, 'received', `${name}.log`), 'utf8')]

describe('a daemon that is killed', () => {
  it(
    'loses nothing that it noticed, at any sink',
    async () => {
      const chances = noise(process.env['THREECX_SEED'] ?? 'seed', 4 * crashes).values()
      const random = () => (chances.next().value ?? 0) / 256
      for (let crash = 0; crash < crashes; crash++) {
        if (receiver && random() < 0.3) await stopReceiver()
        else if (!receiver && random() < 0.7) await startReceiver()
        const daemon = start()
        await daemon.until(({ stderr }) => stderr.some((line) => line.includes('"started"')))
        await sleep(random() * 1_500)
        await daemon.end('SIGKILL')
      }
      if (!receiver) await startReceiver()
      const last = start()
      await last.until(({ stderr }) => stderr.some((line) => line.includes('"started"')))
      let now = await standing()
      while (now.sinks.some(({ waiting }) => waiting > 0) || now.newest < crashes) {
        await sleep(100)
        now = await standing()
      }
      expect(await last.end('SIGTERM')).toBe(0)
      const sinks = {
        file: filesIn('log'),
        http: received('hook'),
        osquery_tls: received('fleet'),
        splunk_hec: received('splunk'),
        elasticsearch: received('elastic'),
        loki: received('loki'),
        otlp: received('otlp'),
        syslog: [Buffer.concat(syslogLines).toString('utf8')],
        ...Object.fromEntries(
          await Promise.all(streams.map(async ({ sink, lines }) => [sink.type, await lines()] as const)),
        ),
      }
      for (const [name, texts] of Object.entries(sinks)) {
        const found = receivedIn(texts)
        const missing = Array.from({ length: now.newest }, (_, index) => index + 1).filter((one) => !found.has(one))
        expect(missing, `sequences that ${name} lacks of ${now.newest}`).toEqual([])
        for (const [sequence, contents] of found) expect(contents.size, `${name} ${sequence}`).toBe(1)
      }
      expect(gapsOfCounters(sinks.file)).toEqual([])
      expect(now.sinks.map(({ sink, dropped, deadLetters, damaged }) => [sink, dropped, deadLetters, damaged])).toEqual(
        Object.keys(sinks).map((name) => [name, 0, 0, 0]),
      )
    },
    120_000 + crashes * 10_000,
  )
})

/** Counters of a query grow by one with every change: a gap is a change without its events. */
function gapsOfCounters(texts: readonly string[]): string[] {
  const seen = new Map<string, Set<number>>()
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (!line.includes('"counter"')) continue
    const { name, counter } = JSON.parse(line) as { name: string; counter: number }
    seen.set(name, (seen.get(name) ?? new Set()).add(counter))
  }
  expect(seen.size).toBe(queries)
  return [...seen].flatMap(([name, counters]) =>
    Array.from({ length: Math.max(...counters) + 1 }, (_, counter) => counter)
      .filter((counter) => !counters.has(counter))
      .map((counter) => `${name} ${counter}`),
  )
}
