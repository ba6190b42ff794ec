/** The daemon as its operator meets it: the real process, from the command line to what receivers got. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Core, startCore } from '../../extension/sdk/testing/index.ts'
import { threecx } from '../support/command.ts'
import { DaemonProcess } from '../support/daemon/daemon-process.ts'
import { freePort } from '../support/servers/server-process.ts'
import { testAuthority } from '../support/servers/test-authority.ts'

let directory: string
let number = 0
const running: DaemonProcess[] = []

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-daemon-'))
})
afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.end('SIGKILL')
})
afterAll(() => rmSync(directory, { recursive: true }))

/** A private directory. */
function place(name: string): string {
  const path = join(directory, `${number++}-${name}`)
  mkdirSync(path, { mode: 0o700 })
  return path
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): DaemonProcess {
  const daemon = new DaemonProcess(args, env)
  running.push(daemon)
  return daemon
}

const said = (message: string) => (daemon: DaemonProcess) =>
  daemon.stderr.some((line) => line.includes(`"msg":"${message}"`))

describe('threecx daemon', { timeout: 180_000 }, () => {
  it('without a configuration hunts on this machine and prints osquery lines, each with its proof', async () => {
    const state = place('state')
    const listen = `127.0.0.1:${await freePort()}`
    const daemon = start(['--engine', 'embedded', '--listen', listen], { THREECX_STATE: state })
    await daemon.until(({ stdout }) => stdout.some((line) => line.includes('_verdict"')))
    const line = daemon.stdout.find((one) => one.includes('_verdict"')) ?? ''
    expect(JSON.parse(line)).toMatchObject({
      name: 'pack_threecx-hunt_verdict',
      counter: 0,
      action: 'added',
      columns: { scan_complete: expect.stringMatching(/^[01]$/) },
      decorations: { threecx_sequence: expect.stringMatching(/^\d+$/) },
    })
    const status = await threecx(state, ['daemon', 'status', '--listen', listen])
    expect(status.stdout).toContain('pack_threecx-hunt_verdict: 1 runs, 0 failed')
    expect(await daemon.end()).toBe(0)
    const received = join(state, 'received.log')
    writeFileSync(received, `${daemon.stdout.join('\n')}\n`)
    const verified = await threecx(state, ['daemon', 'verify', received, '--from', '1'])
    expect(verified.exit, verified.stderr).toBe(0)
    const torn = daemon.stdout.map((one) => one.replace('"clean"', '"clear"').replace('"unknown"', '"clean"'))
    writeFileSync(received, `${torn.join('\n')}\n`)
    expect((await threecx(state, ['daemon', 'verify', received])).exit).toBe(15)
  })

  it('tells nothing twice after a restart, and refuses a second daemon on its state', async () => {
    const state = place('state')
    const args = ['--engine', 'embedded', '--listen', 'off']
    const first = start(args, { THREECX_STATE: state })
    await first.until(({ stdout }) => stdout.some((line) => line.includes('_verdict"')))
    const second = start(args, { THREECX_STATE: state })
    await expect(second.until(said('started'))).rejects.toThrow('state')
    expect(second.child.exitCode).toBe(8)
    expect(await first.end()).toBe(0)
    const third = start(args, { THREECX_STATE: state })
    await third.until(said('started'))
    expect(await third.end()).toBe(0)
    expect(third.stdout).toEqual([])
  })

  it('names every problem of a configuration and ends', async () => {
    const config = join(place('config'), 'daemon.yaml')
    writeFileSync(config, 'listen: nowhere\nsinks:\n  - type: pigeon\n')
    const ended = await threecx(place('state'), ['daemon', '--config', config])
    expect(ended.exit).toBe(12)
    expect(ended.stderr).toContain('line 1: listen')
    expect(ended.stderr).toContain('line 3: sinks.0.type: "pigeon"')
  })

  it('checks the example that ships', async () => {
    const example = join(import.meta.dirname, '..', '..', 'examples', 'daemon.yaml')
    const ended = await threecx(place('state'), ['daemon', '--config', example, '--check-config'])
    expect(ended).toMatchObject({ exit: 0, stdout: 'configuration: good; 11 queries, 2 sinks\n' })
  })
})

describe('a daemon beside osquery', { timeout: 180_000 }, () => {
  let core: Core
  let receiver: Server
  const bodies: string[] = []
  let port: number
  let caFile: string

  beforeAll(async () => {
    core = await startCore({ intervalMs: 200 })
    const authority = testAuthority(directory)
    caFile = authority.caFile
    const { certificate, key } = authority.issue('receiver')
    receiver = createServer({ cert: certificate, key }, (request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        if (request.headers.authorization !== 'Bearer token') return response.writeHead(401).end()
        bodies.push(body)
        return response.end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const address = receiver.address()
    port = typeof address === 'object' && address ? address.port : 0
  })
  afterAll(async () => {
    receiver.close()
    await core.stop()
  })

  interface Written {
    readonly config: string
    readonly logs: string
    readonly state: string
    write(changed: object): void
  }

  function configured(changed: object = {}): Written {
    const state = place('state')
    const logs = place('logs')
    const config = join(state, 'daemon.json')
    const write = (more: object) =>
      writeFileSync(
        config,
        JSON.stringify({
          state,
          engine: { use: 'osquery', socket: core.socket },
          packs: [],
          schedule: { version: { query: 'SELECT version FROM osquery_info', interval: 3600 } },
          listen: 'off',
          sinks: [
            { type: 'file', directory: logs },
            {
              type: 'http',
              url: `https://localhost:${port}/`,
              tls: { ca_file: caFile },
              auth: { type: 'bearer', token: { env: 'TOKEN' } },
            },
          ],
          ...more,
        }),
      )
    write(changed)
    return { config, logs, state, write }
  }

  const logged = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name.includes('results'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('')

  it('ships to a file and to a receiver over HTTPS with a token', async () => {
    const { config, logs } = configured()
    const daemon = start(['--config', config], { TOKEN: 'token' })
    await daemon.until(said('started'))
    while (!bodies.some((body) => body.includes('"name":"version"')))
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await daemon.end()).toBe(0)
    const line = JSON.parse(logged(logs)) as { columns: { version: string } }
    expect(line.columns.version).toBe('5.23.1')
    expect(bodies.join()).toContain('"threecx_sequence":"1"')
  })

  it('keeps the last good configuration when the new one is broken, and takes the next good one', async () => {
    const { config, write } = configured()
    const daemon = start(['--config', config], { TOKEN: 'token' })
    await daemon.until(said('started'))
    write({ sinks: [{ type: 'pigeon' }] })
    daemon.child.kill('SIGHUP')
    await daemon.until(said('the configuration cannot be used; the one before stays in force'))
    write({
      schedule: { other: { query: 'SELECT 1 AS one', interval: 3600, snapshot: true } },
      sinks: [{ type: 'stdout' }],
    })
    daemon.child.kill('SIGHUP')
    await daemon.until(({ stdout }) => stdout.some((line) => line.includes('"name":"other"')))
    expect(await daemon.end()).toBe(0)
  })

  it('is what osquery logs to and takes its schedule from', async () => {
    const file = join(place('packs'), 'mine.conf')
    const text = '# osquery takes comments\n{"queries": {"up": {"query": "SELECT 1", "interval": 60}}}'
    writeFileSync(file, text)
    const { config } = configured({
      packs: ['threecx-health', file],
      schedule: { nightly: { query: 'SELECT 2', cron: '0 3 * * *' }, often: { query: 'SELECT 3', interval: 9 } },
      osquery_plugins: ['config', 'logger'],
      sinks: [{ type: 'stdout' }],
    })
    const daemon = start(['--config', config])
    await core.waitFor('threecx_daemon', { timeoutMs: 30_000 })
    const given = await core.call({ registry: 'config', item: 'threecx_daemon', request: { action: 'genConfig' } })
    const { packs, schedule } = JSON.parse(given.response[0]?.['threecx_daemon'] ?? '{}')
    expect(Object.keys(packs['threecx-health'].queries)).toEqual(['extension', 'indicators', 'sweep'])
    expect(Object.values(schedule).map((one) => (one as { interval: number }).interval)).toEqual([86_400, 9])
    const request = { action: 'genPack', name: 'mine', value: packs.mine }
    const pack = await core.call({ registry: 'config', item: 'threecx_daemon', request })
    expect(pack.response).toEqual([{ mine: text }])
    expect(daemon.stderr.join('\n')).toContain('"queries":0') // osquery runs them: nothing is run twice
    const line =
      '{"name":"pack_a_b","hostIdentifier":"h","calendarTime":"t","unixTime":7,"epoch":0,"counter":1,"numerics":false,"columns":{"a":"1"},"action":"added"}'
    const told = await core.call({
      registry: 'logger',
      item: 'threecx_daemon',
      request: { string: line, category: 'event' },
    })
    expect(told.status.code).toBe(0)
    const status = '[{"s":1,"f":"init.cpp","i":7,"m":"hello","h":"vm","c":"Mon Nov 23 15:51:37 2026 UTC","u":9}]'
    await core.call({ registry: 'logger', item: 'threecx_daemon', request: { status: 'true', log: status } })
    await daemon.until(({ stdout }) => stdout.some((one) => one.includes('"message":"hello"')))
    const row = daemon.stdout.find((one) => one.includes('pack_a_b')) ?? ''
    expect(row.replace(/,"decorations":\{[^}]*\}/, '')).toBe(line)
    expect(await daemon.end()).toBe(0)
  })
})
