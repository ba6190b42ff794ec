/**
 * The syslog sink against Debian's rsyslog, over every transport, byte for byte.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { syslogSink } from '../../../daemon/sinks/syslog.ts'
import { syslogMessage } from '../../../daemon/sinks/syslog-frame.ts'
import type { SpooledEvent } from '../../../extension/domain/result-event.ts'
import { hasRsyslog, hasRsyslogTls, type Rsyslog, startRsyslog } from '../../support/servers/rsyslog.ts'
import { freePort, hasProgram } from '../../support/servers/server-process.ts'
import { type TestAuthority, testAuthority } from '../../support/servers/test-authority.ts'
import { event, events, failureOf, never, sinkContext } from '../../support/sink-events.ts'

const header = {
  facility: 19,
  host: 'host-1.example',
  appName: 'threecx-hunter',
  processId: process.pid,
  enterprise: 32473,
  hasMark: true,
}

const isComplete = hasRsyslog && hasRsyslogTls && hasProgram('openssl')

describe.skipIf(!isComplete)('rsyslog (skipped without rsyslog, rsyslog-gnutls and openssl)', () => {
  let directory: string
  let authority: TestAuthority
  let server: Rsyslog
  let sequence = 1

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'threecx-rsyslog-'))
    authority = testAuthority(directory)
    server = await startRsyslog(directory, { authority, server: authority.issue('server') })
  })

  afterAll(async () => {
    await server?.stop('SIGTERM')
    rmSync(directory, { recursive: true, force: true })
  })

  /** New events, so that what arrives is told apart from what other cases sent. */
  function fresh(count: number, given: Partial<SpooledEvent> = {}): SpooledEvent[] {
    sequence += count
    return events(sequence - count, sequence - 1, given)
  }

  async function open(target: unknown): Promise<Sink> {
    return await syslogSink.open(syslogSink.options.parse(target), sinkContext({ ca: authority.ca }))
  }

  async function expectReceived(sent: readonly SpooledEvent[]): Promise<void> {
    const expected = sent.map((one) => syslogMessage(one, header).toString())
    const ids = sent.map(({ id }) => `id="${id}"`)
    const ours = () => server.received().filter((text) => ids.some((id) => text.includes(id)))
    await expect.poll(ours, { timeout: 20_000 }).toEqual(expected)
  }

  const targets = {
    udp: () => ({ transport: 'udp', host: '127.0.0.1', port: server.udpPort }),
    tcp: () => ({ transport: 'tcp', host: '127.0.0.1', port: server.tcpPort }),
    'tcp, one connection': () => ({ transport: 'tcp', host: '127.0.0.1', port: server.tcpPort, confirm: 'flush' }),
    tls: () => ({ transport: 'tls', host: 'localhost', port: server.tlsPort, tls: { ca: { env: 'ca' } } }),
    'tls, one connection': () => ({ ...targets.tls(), confirm: 'flush' }),
    'unix stream': () => ({ transport: 'unix', path: server.streamPath }),
  }

  it.each(Object.keys(targets) as (keyof typeof targets)[])(
    'receives over %s what was sent, byte for byte',
    async (name) => {
      const sink = await open(targets[name]())
      const sent = [...fresh(20), ...fresh(1, { kind: 'status', query: '', line: '{"severity":"3"}' })]
      await sink.write({ events: sent.slice(0, 10) }, never)
      await sink.write({ events: sent.slice(10) }, never)
      await sink.close()
      await expectReceived(sent)
    },
  )

  it('understands priority, time, host, names and structured data', async () => {
    const sink = await open({ ...targets.tcp(), facility: 'auth' })
    const [one] = fresh(1, {
      id: 'a"]\\b',
      unixTime: 1_680_080_400,
      line: '{"action":"added","columns":{"level":"critical"}}',
    })
    if (!one) throw new Error('there is no event')
    await sink.write({ events: [one] }, never)
    await sink.close()
    const mine = () => server.understood().find(({ data }) => data?.includes('a\\"\\]\\\\b'))
    await expect.poll(mine, { timeout: 20_000 }).toMatchObject({
      pri: '34',
      time: '2023-03-29T09:00:00Z',
      host: 'host-1.example',
      app: 'threecx-hunter',
      proc: String(process.pid),
      id: 'result',
      message: one.line,
    })
  })

  it('gets the longest line that the sink takes, uncut', async () => {
    const sink = await open(targets.tcp())
    const filler = 'x'.repeat(sink.limits.maxLineBytes - 2)
    const sent = fresh(1, { line: `"${filler}"` })
    await sink.write({ events: sent }, never)
    await sink.close()
    await expectReceived(sent)
  })

  it('never gets a message that it would cut; the others of the batch arrive', async () => {
    const sink = await open(targets.tcp())
    const [a, b] = fresh(2)
    const [long] = fresh(1, { line: JSON.stringify('x'.repeat(9000)) })
    if (!a || !b || !long) throw new Error('there are no events')
    const failure = await failureOf(sink.write({ events: [a, long, b] }, never))
    await sink.close()
    expect(failure).toMatchObject({ code: 'refused', failures: [{ sequence: long.sequence, isFinal: true }] })
    await expectReceived([a, b])
  })

  it('cannot be reached by datagrams to a path, and the sink says so', async () => {
    const sink = await open({ transport: 'unix', path: server.datagramPath })
    const failure = await failureOf(sink.write({ events: fresh(1) }, never))
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/EPROTOTYPE.*datagrams/)
  })

  it('is not spoken to without an authority that vouches for it, nor under another name', async () => {
    const stranger = await open({ ...targets.tls(), tls: {} })
    expect((await failureOf(stranger.write({ events: fresh(1) }, never))).code).toBe('misconfigured')
    const other = await open({ ...targets.tls(), tls: { ca: { env: 'ca' }, server_name: 'elsewhere.example' } })
    expect((await failureOf(other.write({ events: fresh(1) }, never))).code).toBe('misconfigured')
  })

  it('is not spoken to with an expired certificate', async () => {
    const place = mkdtempSync(join(directory, 'expired-'))
    const expired = await startRsyslog(place, { authority, server: authority.issue('expired', { isExpired: true }) })
    try {
      const sink = await open({ ...targets.tls(), port: expired.tlsPort })
      const failure = await failureOf(sink.write({ events: fresh(1) }, never))
      expect(failure.code).toBe('misconfigured')
      expect(failure.message).toMatch(/expired/)
    } finally {
      await expired.stop()
    }
  })

  it('gets a batch again on a new connection after it was killed', async () => {
    const place = mkdtempSync(join(directory, 'killed-'))
    const first = await startRsyslog(place)
    const sink = await open({ transport: 'unix', path: first.streamPath, confirm: 'flush' })
    const sent = fresh(3)
    await sink.write({ events: sent.slice(0, 1) }, never)
    await first.stop()
    expect((await failureOf(sink.write({ events: sent.slice(1) }, never))).code).toBe('unavailable')
    const second = await startRsyslog(place)
    try {
      await sink.write({ events: sent.slice(1) }, never)
      await sink.close()
      await expect.poll(() => second.received().length).toBeGreaterThanOrEqual(2)
    } finally {
      await second.stop()
    }
  })
})

describe('syslog over UDP', () => {
  it('notices an absent receiver on this host', async () => {
    const target = { transport: 'udp', host: '127.0.0.1', port: await freePort() }
    const sink = await syslogSink.open(syslogSink.options.parse(target), sinkContext())
    expect((await failureOf(sink.write({ events: [event(1)] }, never))).code).toBe('unavailable')
    await sink.close()
  })

  it('calls a message final that fits no datagram', () => {
    expect(syslogSink.options.safeParse({ transport: 'udp', host: 'x', max_message_bytes: 65_508 }).success).toBe(false)
  })
})
