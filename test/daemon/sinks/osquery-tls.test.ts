/** The TLS API of osquery: enrolment, node keys that come and go, two logs in one batch. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { osqueryTlsSink } from '../../../daemon/sinks/osquery-tls.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { expectGolden } from '../../support/golden.ts'
import { Authority, type Certified, hasOpenssl } from '../../support/receivers/authority.ts'
import { FleetServer } from '../../support/receivers/fleet-receiver.ts'
import { sampleEvents } from '../../support/receivers/sample-events.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import {
  failureOf,
  openSink,
  resultEvent,
  statusEvent,
  testContext,
  unhurried,
} from '../../support/receivers/sink-surroundings.ts'

const both = { events: [resultEvent(1), statusEvent(2), resultEvent(3)] }

describe.skipIf(!hasOpenssl)('osquery_tls', () => {
  let authority: Authority
  let certified: Certified
  let fleet: FleetServer
  let receiver: ScriptedReceiver
  let sink: Sink

  beforeAll(() => {
    authority = new Authority()
    certified = authority.server()
  })
  afterAll(() => authority.remove())
  beforeEach(async () => {
    fleet = new FleetServer('sesame')
    receiver = await ScriptedReceiver.start(fleet.behaviour, certified)
  })
  afterEach(async () => {
    await sink.close()
    await receiver.stop()
  })

  async function open(options: Readonly<Record<string, unknown>> = {}, secret = 'sesame'): Promise<Sink> {
    const least = { url: receiver.url, tls: { ca_file: authority.caFile } }
    const credential = 'node_key' in options ? {} : { enroll_secret: { env: 'ENROLL' } }
    const context = testContext({ ENROLL: secret, KEY: 'given-key' })
    sink = await openSink(osqueryTlsSink, { ...least, ...credential, ...options }, context)
    return sink
  }

  it('enrolls once, and sends results and status apart', async () => {
    await (await open()).write(both, unhurried())
    await sink.write({ events: [resultEvent(4)] }, unhurried())
    expect(fleet.enrolments).toHaveLength(1)
    expect(fleet.logged.result.map(({ counter }) => counter)).toEqual([1, 3, 4])
    expect(fleet.logged.status.map(({ message }) => message)).toEqual(['a warning'])
  })

  it('speaks as osquery does, without what would make it another host', async () => {
    await (await open({ gzip: true })).write({ events: sampleEvents }, unhurried())
    const shown = receiver.received.map(({ method, path, headers, body }) => {
      const said = JSON.parse(body)
      // What names the system of this test run.
      for (const [part, names] of Object.entries({
        os_version: ['platform', 'arch'],
        osquery_info: ['build_platform'],
      })) {
        for (const name of said.host_details ? names : []) said.host_details[part][name] = '*'
      }
      if (said.platform_type) said.platform_type = '*'
      const { authorization, 'content-type': type, 'content-encoding': encoding } = headers
      return { method, path, headers: { authorization, type, encoding }, body: said }
    })
    await expectGolden('sinks/osquery_tls', shown)
    const raw = receiver.received[1]?.body
    const results = sampleEvents.filter(({ kind }) => kind !== 'status').map(({ line }) => line)
    expect(raw).toContain(`"data":[${results.join(',')}]}`)
  })

  it('enrolls again when the server has forgotten it', async () => {
    await (await open()).write(both, unhurried())
    fleet.forget()
    const failure = await failureOf(sink.write(both, unhurried()))
    expect(failure.code).toBe('unavailable')
    expect(failure.failures).toBeUndefined()
    await sink.write(both, unhurried())
    expect(fleet.enrolments).toHaveLength(2)
    expect(fleet.logged.result).toHaveLength(4)
  })

  it.each([true, 'true'])(
    'enrolls again when the server answers node_invalid %j with a good status',
    async (invalid) => {
      await open()
      receiver.behaviour = (received, response, request) =>
        received.path === '/api/osquery/log'
          ? answers(200, JSON.stringify({ node_invalid: invalid }))(received, response, request)
          : fleet.behaviour(received, response, request)
      expect((await failureOf(sink.write(both, unhurried()))).code).toBe('unavailable')
      receiver.behaviour = fleet.behaviour
      await sink.write(both, unhurried())
      expect(fleet.enrolments).toHaveLength(2)
    },
  )

  it('calls a person when the secret is wrong', async () => {
    await open({}, 'simsalabim')
    const failure = await failureOf(sink.write(both, unhurried()))
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/enrolling "host-1\.example-threecx-hunter".*Check enroll_secret/)
    expect(failure.message).not.toContain('simsalabim')
  })

  it.each(['{}', '{"node_key":""}', '{"node_key":"a\\r\\nX-Evil: 1"}', '{"node_key":7}', 'hello'])(
    'takes no node key from %s',
    async (answer) => {
      receiver.behaviour = answers(200, answer)
      await open()
      expect((await failureOf(sink.write(both, unhurried()))).code).toBe('misconfigured')
      expect(receiver.received).toHaveLength(1)
    },
  )

  it('uses a node key that it was given, and never enrolls', async () => {
    fleet.know('another', 'given-key')
    await (await open({ node_key: { env: 'KEY' } })).write(both, unhurried())
    expect(receiver.received.map(({ path }) => path)).toEqual(['/api/osquery/log', '/api/osquery/log'])
    fleet.forget()
    expect((await failureOf(sink.write(both, unhurried()))).code).toBe('misconfigured')
    expect(fleet.enrolments).toEqual([])
  })

  it('says that only the status log failed when results have arrived', async () => {
    await open()
    fleet.broken.add('status')
    const failure = await failureOf(sink.write(both, unhurried()))
    expect(failure.code).toBe('unavailable')
    expect(failure.failures?.map(({ sequence, isFinal }) => [sequence, isFinal])).toEqual([[2, false]])
    expect(fleet.logged.result).toHaveLength(2)
  })

  it('demands TLS, and one of two ways to say who it is', () => {
    const parse = (options: object) => osqueryTlsSink.options.safeParse(options).success
    const url = 'https://fleet.example'
    expect(parse({ url, enroll_secret: { env: 'E' } })).toBe(true)
    expect(parse({ url: 'http://fleet.example', enroll_secret: { env: 'E' } })).toBe(false)
    expect(parse({ url })).toBe(false)
    expect(parse({ url, enroll_secret: { env: 'E' }, node_key: { env: 'K' } })).toBe(false)
  })
})
