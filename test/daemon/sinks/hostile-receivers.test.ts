/**
 * One table of hostile receivers, times every sink that speaks HTTP: how each write ends, and that the sink is as good as
 * new when the receiver is.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { Authority, type Certified, hasOpenssl } from '../../support/receivers/authority.ts'
import { endlessAnswer, hostileCases } from '../../support/receivers/hostile-cases.ts'
import { httpSinks, secrets } from '../../support/receivers/http-sinks.ts'
import { type Behaviour, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import { failureOf, resultEvent, testContext, unhurried } from '../../support/receivers/sink-surroundings.ts'

const batch = { events: [resultEvent(1), resultEvent(2)] }

/** Long enough for a handshake on a busy machine, short enough to be waited for. */
const impatient = { timeout_seconds: 1 }

let authority: Authority
let certified: Certified

beforeAll(() => {
  if (!hasOpenssl) return
  authority = new Authority()
  certified = authority.server()
})
afterAll(() => authority?.remove())

/** Writes as often as the delivery loop would, until it is there. */
async function deliver(sink: Sink): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      return await sink.write(batch, unhurried())
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

describe.skipIf(!hasOpenssl).each(httpSinks)('$type', (under) => {
  let receiver: ScriptedReceiver
  let sink: Sink
  const onDelivery =
    (behaviour: Behaviour): Behaviour =>
    (received, response, request) =>
      (under.isDelivery(received.path) ? behaviour : under.good)(received, response, request)

  beforeEach(async () => {
    receiver = await ScriptedReceiver.start(under.good, certified)
  })
  afterEach(async () => {
    await sink.close()
    await receiver.stop()
  })

  async function open(options: Readonly<Record<string, unknown>> = impatient, url = receiver.url): Promise<Sink> {
    sink = await under.open(url, testContext(secrets), { tls: { ca_file: authority.caFile }, ...options })
    return sink
  }

  it('delivers to a good receiver, over one connection', async () => {
    await open({})
    await sink.write(batch, unhurried())
    await sink.write(batch, unhurried())
    expect(receiver.received.filter(({ path }) => under.isDelivery(path))).toHaveLength(2)
    expect(receiver.connections).toBe(1)
  })

  it.each(hostileCases)('meets a receiver that $title', async (hostile) => {
    const { ends, endsByStatus, behaviour, retryAfterMs, message } = hostile
    const end = under.trustsStatus ? (endsByStatus ?? ends) : ends
    await open()
    await deliver(sink)
    receiver.behaviour = onDelivery(behaviour)
    if (end === 'delivered') {
      await deliver(sink)
    } else {
      const failure = await failureOf(sink.write(batch, unhurried()))
      expect({ code: failure.code, retryAfterMs: failure.retryAfterMs }).toEqual({ code: end, retryAfterMs })
      expect(failure.message).toMatch(message ?? /./)
      expect(failure.message).not.toMatch(/[\r\n]/)
      expect(failure.failures).toBeUndefined()
    }
    receiver.behaviour = under.good
    await deliver(sink)
  })

  it('reads only so much of an answer that never ends', async () => {
    await open({ timeout_seconds: 30 })
    await deliver(sink)
    receiver.behaviour = onDelivery(endlessAnswer)
    if (under.trustsStatus) await sink.write(batch, unhurried())
    else await failureOf(sink.write(batch, unhurried()))
    receiver.behaviour = under.good
    await deliver(sink)
  })

  it('stops at once while the receiver thinks, and hangs up', async () => {
    await open({})
    await deliver(sink)
    receiver.behaviour = onDelivery(() => {})
    const stop = new AbortController()
    receiver.events.on('received', ({ path }) => under.isDelivery(path) && stop.abort(new Error('enough')))
    const failure = await failureOf(sink.write(batch, stop.signal))
    expect(failure.code).toBe('unavailable')
    expect(failure.message).toContain('was stopped')
    await receiver.deserted()
  })

  it('sends nothing when it is stopped already', async () => {
    await open({})
    await failureOf(sink.write(batch, AbortSignal.abort()))
    expect(receiver.received).toEqual([])
  })

  it('stops at once while a connection is being made', async () => {
    const sockets: Socket[] = []
    const mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    await open({}, `https://127.0.0.1:${(mute.address() as AddressInfo).port}`)
    const stop = new AbortController()
    mute.once('connection', () => stop.abort())
    expect((await failureOf(sink.write(batch, stop.signal))).code).toBe('unavailable')
    for (const socket of sockets) {
      socket.resume().on('error', () => {})
      if (!socket.closed) await once(socket, 'close')
    }
    mute.close()
  })

  it('goes on when the connection was closed between writes', async () => {
    await open({})
    for (let round = 0; round < 3; round++) {
      await deliver(sink)
      receiver.disconnect()
    }
    receiver.behaviour = (received, response, request) => {
      response.once('finish', () => request.socket.destroy())
      return under.good(received, response, request)
    }
    for (let round = 0; round < 3; round++) await deliver(sink)
  })

  it('survives that its receiver starts anew', async () => {
    await open({})
    await deliver(sink)
    const { port } = receiver
    await receiver.stop()
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe('unavailable')
    receiver = await ScriptedReceiver.start(under.good, certified, port)
    await deliver(sink)
  })

  it('refuses an expired certificate by name, and takes its successor', async () => {
    receiver.present(authority.issue('old-receiver', 'IP:127.0.0.1', -3))
    await open({})
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/"old-receiver", issued by "threecx test authority", valid until .* has expired/)
    expect(receiver.received).toEqual([])
    receiver.present(certified)
    await deliver(sink)
  })

  it('refuses a certificate of an authority it does not know', async () => {
    await open({ tls: {} })
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/"receiver", issued by "threecx test authority".*tls\.ca_file/)
    expect(receiver.received).toEqual([])
  })

  it('refuses a certificate of another host', async () => {
    receiver.present(authority.issue('somebody', 'DNS:somebody.example'))
    await open({})
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(receiver.received).toEqual([])
  })

  it('cannot be told by the environment to trust everybody', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await open({ tls: {} })
      expect((await failureOf(sink.write(batch, unhurried()))).code).toBe('misconfigured')
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    }
  })

  it('says that there is no TLS where there is none', async () => {
    const plain = await ScriptedReceiver.start(under.good)
    await open({}, plain.url.replace('http:', 'https:'))
    expect((await failureOf(sink.write(batch, unhurried()))).code).toBe('misconfigured')
    await plain.stop()
  })

  it('shows no secret in its messages, though the receiver repeats it', async () => {
    receiver.behaviour = onDelivery(({ headers, body }, response) => {
      response.writeHead(400).end(`you sent ${headers.authorization} and ${body}`)
    })
    await open({})
    const { message } = await failureOf(sink.write(batch, unhurried()))
    for (const secret of [...Object.values(secrets), 'key-1', Buffer.from('user:the-password').toString('base64')]) {
      expect(message).not.toContain(secret)
    }
    expect(message).toContain('[secret]')
  })

  it('hangs up when it is closed', async () => {
    await open({})
    await deliver(sink)
    await sink.close()
    await receiver.deserted()
  })
})
