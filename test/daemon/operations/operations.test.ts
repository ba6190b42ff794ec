import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { askStatus } from '../../../daemon/operations/ask-status.ts'
import { unreadyReasons } from '../../../daemon/operations/health.ts'
import { metricsText } from '../../../daemon/operations/metrics.ts'
import { openNotifier } from '../../../daemon/operations/notify.ts'
import type { DaemonStanding } from '../../../daemon/operations/standing.ts'
import { type StatusServer, serveStatus } from '../../../daemon/operations/status-server.ts'
import { statusText } from '../../../daemon/operations/status-text.ts'
import { soundStanding, troubledStanding } from '../../support/daemon/standing.ts'

describe('metrics', () => {
  const text = metricsText(soundStanding, 5_000)

  it('are Prometheus text: help, type, samples', () => {
    expect(text).toContain(
      '# HELP threecx_daemon_sink_delivered_total Events that a sink took\n' +
        '# TYPE threecx_daemon_sink_delivered_total counter\n' +
        'threecx_daemon_sink_delivered_total{sink="file"} 12\n',
    )
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})? [-0-9.e+]+)$/)
    }
  })

  it('escape names', () => {
    expect(text).toContain('threecx_daemon_query_runs_total{query="pack_hunt_\\"odd\\\\name\\""} 0\n')
  })

  it('leave out what is not known yet', () => {
    expect(text).not.toContain('undefined')
    expect(text.match(/threecx_daemon_query_last_rows\{/g)).toHaveLength(1)
  })

  it('tell the age of the oldest event that waits', () => {
    expect(metricsText(troubledStanding, 5_000)).toContain('threecx_daemon_sink_lag_seconds{sink="file"} 2000\n')
  })
})

describe('readiness', () => {
  it('is given when everything works', () => expect(unreadyReasons(soundStanding)).toEqual([]))

  it('names each reason', () => {
    expect(unreadyReasons(troubledStanding)).toEqual([
      'the embedded engine does not answer',
      'the configuration on disk is not in force: line 3: bogus',
      'sink file does not take events: connection refused',
      'query pack_hunt_files is denylisted: osqueryd died while it ran',
    ])
  })
})

describe('the status in words', () => {
  it('says what a person asks', () => {
    const text = statusText(troubledStanding, 5_000)
    expect(text).toContain('threecx daemon 1.2.3, process 42, running for 67 min')
    expect(text).toContain('pack_hunt_files: 3 runs, 0 failed, last 17 min ago, 2 rows in 250 ms, next in 43 min')
    expect(text).toContain('file: 12 delivered, 5 waiting (0.0 MiB), oldest 33 min ago')
  })
})

describe('the status server', () => {
  let server: StatusServer | undefined
  afterEach(async () => {
    await server?.close()
    server = undefined
  })

  async function start(standing: DaemonStanding): Promise<string> {
    server = await serveStatus('127.0.0.1:0', () => standing, { nowMs: () => 5_000_000 })
    return server.address
  }

  function get(address: string, path: string, headers = {}, method = 'GET'): Promise<{ status: number; body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
    const [host, port] = address.split(':')
    const asked = request({ host, port, path, headers, method }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    asked.on('error', reject)
    asked.end()
    return promise
  }

  it('answers health, readiness, metrics and status', async () => {
    const address = await start(soundStanding)
    expect(await get(address, '/healthz')).toEqual({ status: 200, body: 'ok\n' })
    expect(await get(address, '/readyz')).toEqual({ status: 200, body: '{"ready":true,"reasons":[]}\n' })
    expect((await get(address, '/metrics')).body).toContain('threecx_daemon_uptime_seconds 4000')
    expect(await askStatus(address, new AbortController().signal)).toEqual(JSON.parse(JSON.stringify(soundStanding)))
  })

  it('is alive but not ready with a dead receiver', async () => {
    const address = await start(troubledStanding)
    expect((await get(address, '/healthz')).status).toBe(200)
    expect((await get(address, '/readyz')).status).toBe(503)
  })

  it('refuses other paths, other methods and names that are not its own', async () => {
    const address = await start(soundStanding)
    expect((await get(address, '/etc/passwd')).status).toBe(404)
    expect((await get(address, '/constructor')).status).toBe(404)
    expect((await get(address, '/metrics', {}, 'POST')).status).toBe(405)
    expect((await get(address, '/metrics', { host: 'attacker.example' })).status).toBe(421)
    expect((await get(address, '/metrics', { host: 'localhost:1' })).status).toBe(200)
  })

  it('tells that its address is taken', async () => {
    const address = await start(soundStanding)
    await expect(serveStatus(address, () => soundStanding, { nowMs: () => 0 })).rejects.toMatchObject({
      code: 'listen_failed',
    })
  })

  it('is missed by who asks for it', async () => {
    const address = await start(soundStanding)
    await server?.close()
    server = undefined
    await expect(askStatus(address, new AbortController().signal)).rejects.toMatchObject({ code: 'daemon_unreachable' })
  })
})

describe('the notifier', () => {
  it('is silent without a socket', () => {
    expect(openNotifier({}).watchdogMs).toBeUndefined()
  })

  it('gives a sign of life in half the time that systemd waits, unless another process is watched', () => {
    const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '180000000' }
    expect(openNotifier(env).watchdogMs).toBe(90_000)
    expect(openNotifier({ ...env, WATCHDOG_PID: '1' }).watchdogMs).toBeUndefined()
  })
})
