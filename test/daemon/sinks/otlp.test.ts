/**
 * OTLP over HTTP: what an answer says about a part of the records, and records as a real OpenTelemetry Collector reads
 * them.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { otlpSink } from '../../../daemon/sinks/otlp.ts'
import { decodeAnswer, encodeLogs } from '../../../daemon/sinks/otlp-protobuf.ts'
import { anyValueOf } from '../../../daemon/sinks/otlp-value.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { expectGolden } from '../../support/golden.ts'
import { Authority, hasOpenssl } from '../../support/receivers/authority.ts'
import { sampleEvents } from '../../support/receivers/sample-events.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import {
  failureOf,
  openSink,
  resultEvent,
  statusEvent,
  type TestContext,
  testContext,
  unhurried,
} from '../../support/receivers/sink-surroundings.ts'
import {
  eventually,
  fetchText,
  otelCollector,
  ServerProcess,
  victoriaLogs,
} from '../../support/servers/http-servers.ts'
import { freePort } from '../../support/servers/server-process.ts'

const batch = { events: [resultEvent(1), resultEvent(2)] }

let sink: Sink | undefined
afterEach(() => sink?.close())

async function open(
  url: string,
  options: Readonly<Record<string, unknown>> = {},
  context: TestContext = testContext(),
): Promise<Sink> {
  sink = await openSink(otlpSink, { url, ...options }, context)
  return sink
}

describe('otlp, by its answers', () => {
  let receiver: ScriptedReceiver
  afterEach(() => receiver.stop())

  async function write(answer: string, context = testContext()): Promise<void> {
    receiver = await ScriptedReceiver.start(answers(200, answer))
    await (await open(receiver.url, {}, context)).write(batch, unhurried())
  }

  it.each([
    '',
    '{}',
    '{"partialSuccess":{}}',
    '{"partialSuccess":{"rejectedLogRecords":"0"}}',
    '{"partialSuccess":null}',
  ])('takes %j for success', async (answer) => {
    await write(answer)
  })

  it.each([
    '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}',
    '{"partialSuccess":{"rejectedLogRecords":2}}',
  ])('lets nothing vanish when records were refused: %s', async (answer) => {
    const failure = await failureOf(write(answer))
    expect(failure.code).toBe('refused')
    expect(failure.failures).toBeUndefined()
    expect(failure.message).toMatch(/[12] of 2 events were refused, and it is not said which/)
  })

  it('passes a warning on, once', async () => {
    const context = testContext()
    await write('{"partialSuccess":{"errorMessage":"attributes will be dropped soon"}}', context)
    await sink?.write(batch, unhurried())
    expect(context.warnings).toEqual([
      'the receiver took all events and warns {"warning":"attributes will be dropped soon"}',
    ])
  })

  it('maps levels and severities', async () => {
    receiver = await ScriptedReceiver.start(answers(200))
    await open(receiver.url)
    const levels = ['informational', 'low', 'medium', 'high', 'critical', 'constructor']
    const events = [
      ...levels.map((level, at) => resultEvent(at + 1, { level })),
      ...[0, 1, 2, 3, 9].map((severity, at) => statusEvent(at + 10, severity)),
    ]
    await sink?.write({ events }, unhurried())
    const said = receiver.last.body.matchAll(/"severityNumber":(\d+)/g)
    expect([...said].map(([, number]) => Number(number))).toEqual([9, 13, 15, 17, 21, 9, 9, 13, 17, 21, 9])
  })
})

describe('values of OTLP', () => {
  it('keep every digit of an integer', () => {
    expect(anyValueOf('[9223372036854775807,-9223372036854775808,18446744073709551615,1.5,1e3,-0]')).toEqual({
      arrayValue: {
        values: [
          { intValue: '9223372036854775807' },
          { intValue: '-9223372036854775808' },
          { doubleValue: 2 ** 64 },
          { doubleValue: 1.5 },
          { doubleValue: 1000 },
          { intValue: '0' },
        ],
      },
    })
  })

  it('are not made of what is no JSON, or too deep', () => {
    expect(anyValueOf('{')).toBeUndefined()
    expect(anyValueOf(`${'['.repeat(100)}${']'.repeat(100)}`)).toBeUndefined()
    expect(anyValueOf('[null,true,"x",{}]')).toEqual({
      arrayValue: { values: [{}, { boolValue: true }, { stringValue: 'x' }, { kvlistValue: { values: [] } }] },
    })
  })
})

describe('records of OTLP in protobuf', () => {
  it('are the bytes that a Collector understood', async () => {
    const body = anyValueOf(
      '{"text":"ü","yes":true,"no":false,"big":9223372036854775807,"minus":-1,"part":0.5,"list":[null,[]]}',
    )
    const record = {
      timeUnixNano: '1786010400000000000',
      observedTimeUnixNano: '1786010400000000001',
      severityNumber: 21,
      severityText: 'critical',
      eventName: 'osquery.result',
      body: body ?? {},
      attributes: [{ key: 'long', value: { stringValue: 'x'.repeat(200) } }],
    }
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'threecx-hunter' } }] }
    const bytes = encodeLogs({
      resource,
      scope: { name: 'threecx-hunter', version: '0.1.0' },
      logRecords: [record, record],
    })
    await expectGolden('sinks/otlp-protobuf', { request: new Uint8Array(bytes) })
  })
})

describe('answers of OTLP in protobuf', () => {
  const bytes = (...parts: (number | string)[]) =>
    Buffer.concat(parts.map((one) => (typeof one === 'number' ? Buffer.from([one]) : Buffer.from(one))))

  it('say how many were refused, and why', () => {
    expect(decodeAnswer(bytes())).toEqual({ rejected: 0, message: '' })
    expect(decodeAnswer(bytes(0x0a, 0))).toEqual({ rejected: 0, message: '' })
    expect(decodeAnswer(bytes(0x0a, 10, 0x08, 0xac, 0x02, 0x12, 5, 'sorry'))).toEqual({
      rejected: 300,
      message: 'sorry',
    })
    const unknown = [0x15, 1, 2, 3, 4, 0x19, '12345678', 0x20, 1]
    expect(decodeAnswer(bytes(...unknown, 0x0a, 2, 0x08, 7))).toEqual({ rejected: 7, message: '' })
  })

  it('are none when they are damaged, whatever the damage', () => {
    for (const text of ['<html>', '{}', 'no', '\n\x7f', '\n\x02\x08'])
      expect(decodeAnswer(Buffer.from(text))).toBeUndefined()
    expect(decodeAnswer(bytes(...Array<number>(20).fill(0xff)))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (some) => {
        const answer = decodeAnswer(Buffer.from(some))
        expect(answer === undefined || typeof answer.rejected === 'number').toBe(true)
      }),
    )
  })
})

describe.skipIf(!otelCollector.isThere || !hasOpenssl)(`otlp, at a real Collector${otelCollector.note}`, () => {
  let server: ServerProcess
  let authority: Authority
  let url: string

  beforeAll(async () => {
    server = new ServerProcess('otelcol')
    authority = new Authority()
    const { certFile, keyFile } = authority.server()
    const port = await freePort()
    url = `https://127.0.0.1:${port}`
    const config = {
      receivers: {
        otlp: {
          protocols: { http: { endpoint: `127.0.0.1:${port}`, tls: { cert_file: certFile, key_file: keyFile } } },
        },
      },
      exporters: { debug: { verbosity: 'detailed' } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { logs: { receivers: ['otlp'], exporters: ['debug'] } },
      },
    }
    writeFileSync(join(server.directory, 'config.json'), JSON.stringify(config))
    await server.start(otelCollector.path, ['--config', 'config.json'], () =>
      server.output().includes('Everything is ready') ? Promise.resolve() : Promise.reject(new Error('not yet')),
    )
  })
  afterAll(async () => {
    await server?.stop()
    authority?.remove()
  })

  it.each([
    ['json', 'string'],
    ['json', 'kvlist'],
    ['protobuf', 'string'],
    ['protobuf', 'kvlist'],
  ])('is read as %s with bodies of kind %s', async (encoding, body) => {
    const run = `${encoding}-${body}`
    await open(url, { encoding, body, tls: { ca_file: authority.caFile }, resource_attributes: { run } })
    await sink?.write({ events: sampleEvents }, unhurried())
    const said = await eventually(() => {
      const text = server.output().split(`run: Str(${run})`)[1] ?? ''
      expect(text.match(/^LogRecord #/gm)).toHaveLength(sampleEvents.length)
      return text
    })
    expect(said).toContain('SeverityText: critical')
    expect(said).toContain('SeverityNumber: Fatal(21)')
    expect(said).toContain('EventName: osquery.snapshot')
    expect(said).toContain('ObservedTimestamp: 2026-08-06 10:00:00 +0000 UTC')
    expect(said).toContain('Timestamp: 2026-08-06 10:00:00 +0000 UTC')
    for (const { id, line } of sampleEvents) {
      expect(said).toContain(`log.record.uid: Str(${id})`)
      if (body === 'string') expect(said).toContain(`Body: Str(${line})`)
    }
    if (body === 'kvlist') expect(said).toContain('"inode":9223372036854775807,"part":0.5')
  })
})

describe.skipIf(!victoriaLogs.isThere)(`otlp, at a real VictoriaLogs${victoriaLogs.note}`, () => {
  let server: ServerProcess
  let url: string

  beforeAll(async () => {
    server = new ServerProcess('victoria-logs')
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const args = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${join(server.directory, 'data')}`]
    await server.start(victoriaLogs.path, [...args, '-retentionPeriod=100y'], () => fetchText(`${url}/health`))
  })
  afterAll(() => server?.stop())

  it('arrives as protobuf, line by line', async () => {
    await open(`${url}/insert/opentelemetry`, { encoding: 'protobuf' })
    await sink?.write({ events: sampleEvents }, unhurried())
    const rows = await eventually(async () => {
      const text = await fetchText(`${url}/select/logsql/query?query=*&limit=1000`)
      const found = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>)
      expect(found).toHaveLength(sampleEvents.length)
      return new Map(found.map((row) => [row['log.record.uid'], row]))
    })
    for (const { id, line } of sampleEvents) expect(rows.get(id)?.['_msg']).toBe(line)
  })
})
