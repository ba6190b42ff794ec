/** Splunk's collector: codes, the one event that is refused, acknowledgement by indexers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { splunkHecSink } from '../../../daemon/sinks/splunk-hec.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import {
  failureOf,
  openSink,
  resultEvent,
  spooled,
  statusEvent,
  testContext,
  unhurried,
} from '../../support/receivers/sink-surroundings.ts'
import { SplunkCollector } from '../../support/receivers/splunk-receiver.ts'

const batch = { events: [resultEvent(1), resultEvent(2), statusEvent(3)] }

let collector: SplunkCollector
let receiver: ScriptedReceiver
let sink: Sink

beforeEach(async () => {
  collector = new SplunkCollector('right', 'hunt')
  receiver = await ScriptedReceiver.start(collector.behaviour)
})
afterEach(async () => {
  await sink.close()
  await receiver.stop()
})

async function open(options: Readonly<Record<string, unknown>> = {}, token = 'right'): Promise<Sink> {
  const said = { url: receiver.url, token: { env: 'TOKEN' }, acknowledge_interval_seconds: 0.01, ...options }
  sink = await openSink(splunkHecSink, said, testContext({ TOKEN: token }))
  return sink
}

describe('splunk_hec', () => {
  it('delivers lines as events with time, host, source and id', async () => {
    await (await open({ index: 'hunt' })).write(batch, unhurried())
    expect(collector.taken).toEqual(
      batch.events.map(({ unixTime, line, id, kind, query }) => ({
        time: unixTime,
        host: 'host-1.example',
        source: 'threecx-hunter',
        sourcetype: kind === 'status' ? 'osquery:status' : 'osquery:results',
        index: 'hunt',
        event: JSON.parse(line),
        fields: { event_id: id, ...(query === '' ? {} : { query }) },
      })),
    )
    expect(receiver.last.headers['content-encoding']).toBe('gzip')
  })

  it('blames the event that Splunk refuses, and sends the others again', async () => {
    const blank = spooled(2, { kind: 'result', query: 'q', unixTime: 1, line: '{"truncated":' })
    receiver.behaviour = (received, response, request) => {
      // The line looks like no object, so it is sent as a text; a collector that wants objects refuses it.
      const number = received.body.split('\n').findIndex((text) => typeof JSON.parse(text).event === 'string')
      if (number < 0) return collector.behaviour(received, response, request)
      return answers(400, JSON.stringify({ text: 'Invalid data format', code: 6, 'invalid-event-number': number }))(
        received,
        response,
        request,
      )
    }
    await open()
    const failure = await failureOf(sink.write({ events: [resultEvent(1), blank, resultEvent(3)] }, unhurried()))
    expect(failure.code).toBe('refused')
    expect(failure.failures?.map(({ sequence, isFinal }) => [sequence, isFinal])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ])
    expect(failure.failures?.[1]?.reason).toBe('Splunk answered code 6: Invalid data format')
  })

  it.each([
    ['a wrong token', {}, 'wrong', 'misconfigured', /Invalid token/],
    ['a wrong index', { index: 'other' }, 'right', 'misconfigured', /Incorrect index/],
    ['acknowledgement that the token has not', { acknowledge: true }, 'right', 'misconfigured', /expected an ackId/],
  ])('calls a person for %s', async (_, options, token, code, message) => {
    await open(options, token)
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe(code)
    expect(failure.message).toMatch(message)
    expect(failure.failures).toBeUndefined()
  })

  it.each([
    [503, { text: 'Server is busy', code: 9 }, 'unavailable'],
    [500, { text: 'Internal server error', code: 8 }, 'unavailable'],
    [429, { text: 'Queue at capacity', code: 26 }, 'unavailable'],
    [400, { text: 'Data channel is missing', code: 10 }, 'misconfigured'],
    [400, { text: 'Invalid data channel', code: 11 }, 'misconfigured'],
    [400, { text: 'Invalid data format', code: 6 }, 'refused'],
    [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': 99 }, 'refused'],
    [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': -1 }, 'refused'],
    [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': 'x' }, 'refused'],
    [403, { text: 'Token disabled', code: 1 }, 'misconfigured'],
    [200, { text: 'odd', code: 9 }, 'misconfigured'],
  ])('reads %i %j as %s of the whole batch', async (status, body, code) => {
    receiver.behaviour = answers(status, JSON.stringify(body))
    await open()
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe(code)
    expect(failure.failures).toBeUndefined()
  })

  it('waits until an indexer has the batch', async () => {
    collector.acknowledges = true
    await (await open({ acknowledge: true })).write(batch, unhurried())
    await sink.write(batch, unhurried())
    const asked = receiver.received.filter(({ path }) => path.startsWith('/services/collector/ack?channel='))
    expect(asked.map(({ body }) => body)).toEqual(['{"acks":[0]}', '{"acks":[0]}', '{"acks":[1]}', '{"acks":[1]}'])
  })

  it('sends again what no indexer acknowledged in time', async () => {
    collector.acknowledges = true
    collector.asksUntilIndexed = Number.POSITIVE_INFINITY
    await open({ acknowledge: true, acknowledge_timeout_seconds: 0.2 })
    const failure = await failureOf(sink.write(batch, unhurried()))
    expect(failure.code).toBe('unavailable')
    expect(failure.message).toContain('no indexer acknowledged')
  })

  it('stops waiting for an indexer when it is stopped', async () => {
    collector.acknowledges = true
    collector.asksUntilIndexed = Number.POSITIVE_INFINITY
    await open({ acknowledge: true, acknowledge_interval_seconds: 60 })
    const stop = new AbortController()
    receiver.events.on(
      'received',
      ({ path }: { path: string }) => path.includes('/ack') && setImmediate(() => stop.abort()),
    )
    expect((await failureOf(sink.write(batch, stop.signal))).code).toBe('unavailable')
  })

  it('reads the token anew for every request', async () => {
    const context = testContext({ TOKEN: 'old' })
    sink = await openSink(splunkHecSink, { url: receiver.url, token: { env: 'TOKEN' } }, context)
    expect((await failureOf(sink.write(batch, unhurried()))).code).toBe('misconfigured')
    context.secrets.set('TOKEN', 'right\n')
    await sink.write(batch, unhurried())
    expect(collector.taken).toHaveLength(3)
  })
})
