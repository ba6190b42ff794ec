/**
 * Batches with events that a receiver will never take, through the smallest delivery loop there can be: what is final
 * becomes a dead letter, what is not goes again. Every good event must arrive, and only the bad ones be given up.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { elasticsearchSink } from '../../../daemon/sinks/elasticsearch.ts'
import { lokiSink } from '../../../daemon/sinks/loki.ts'
import { type Sink, SinkError } from '../../../daemon/sinks/sink.ts'
import { splunkHecSink } from '../../../daemon/sinks/splunk-hec.ts'
import type { SpooledEvent } from '../../../extension/domain/result-event.ts'
import { LokiReceiver } from '../../support/receivers/loki-receiver.ts'
import { type Behaviour, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import { openSink, resultEvent, testContext, unhurried } from '../../support/receivers/sink-surroundings.ts'
import { SplunkCollector } from '../../support/receivers/splunk-receiver.ts'

/** Every third is one that no receiver takes; two queries, so that there is more than one stream. */
const events = Array.from({ length: 60 }, (_, at) => {
  const columns = { note: at % 3 === 0 ? 'POISON' : 'fine' }
  return resultEvent(at + 1, columns, { query: at % 2 === 0 ? 'even' : 'odd' })
})
const isBad = ({ line }: Pick<SpooledEvent, 'line'>) => line.includes('POISON')
const good = events.filter((event) => !isBad(event)).map(({ id }) => id)
const bad = events.filter(isBad).map(({ sequence }) => sequence)

let receiver: ScriptedReceiver
let sink: Sink
afterEach(async () => {
  await sink.close()
  await receiver.stop()
})

/** Sequences that were given up, and how many writes it took. */
async function drain(): Promise<{ dead: number[]; writes: number }> {
  const dead: number[] = []
  let waiting: readonly SpooledEvent[] = events
  let writes = 0
  while (waiting.length > 0 && writes < 100) {
    writes++
    try {
      await sink.write({ events: waiting }, unhurried())
      waiting = []
    } catch (error) {
      if (!(error instanceof SinkError) || error.failures === undefined) throw error
      const { failures } = error
      dead.push(...failures.filter(({ isFinal }) => isFinal).map(({ sequence }) => sequence))
      const again = new Set(failures.filter(({ isFinal }) => !isFinal).map(({ sequence }) => sequence))
      waiting = waiting.filter(({ sequence }) => again.has(sequence))
    }
  }
  expect(waiting).toEqual([])
  return { dead: dead.sort((a, b) => a - b), writes }
}

const byOrder = (a: string, b: string) => Number(a.split('-')[1]) - Number(b.split('-')[1])

describe('a batch with events that are refused', () => {
  it('is settled by Splunk, one culprit at a time', async () => {
    const collector = new SplunkCollector('right', 'hunt')
    collector.isRefused = (event) => isBad({ line: JSON.stringify(event) })
    receiver = await ScriptedReceiver.start(collector.behaviour)
    sink = await openSink(splunkHecSink, { url: receiver.url, token: { env: 'T' } }, testContext({ T: 'right' }))
    const { dead, writes } = await drain()
    expect(dead).toEqual(bad)
    expect(writes).toBe(bad.length + 1)
    const taken = collector.taken.map(({ fields }) => (fields as { event_id: string }).event_id)
    expect([...new Set(taken)].sort(byOrder)).toEqual(good)
  })

  it('is settled by Loki, some culprits of a stream at a time, without an entry twice', async () => {
    const loki = new LokiReceiver((line) => isBad({ line }))
    receiver = await ScriptedReceiver.start(loki.behaviour)
    sink = await openSink(lokiSink, { url: receiver.url }, testContext())
    expect((await drain()).dead).toEqual(bad)
    expect([...loki.kept].sort(byOrder)).toEqual(good)
  })

  it('is settled by Elasticsearch at once, and what was too much for it goes again alone', async () => {
    const kept: string[] = []
    let isBusy = true
    const bulk: Behaviour = ({ body }, response) => {
      const lines = body.trimEnd().split('\n')
      const items = lines.flatMap((line, at) => {
        if (at % 2 === 0) return []
        const { _id: id } = (JSON.parse(lines[at - 1] ?? '') as { create: { _id: string } }).create
        const status = isBad({ line }) ? 400 : isBusy && at % 4 === 1 ? 429 : kept.includes(id) ? 409 : 201
        if (status === 201) kept.push(id)
        return [{ create: { status, ...(status === 201 ? {} : { error: { type: 'x', reason: 'y' } }) } }]
      })
      isBusy = false
      response.end(JSON.stringify({ errors: true, items }))
    }
    receiver = await ScriptedReceiver.start(bulk)
    sink = await openSink(elasticsearchSink, { url: receiver.url }, testContext())
    const { dead, writes } = await drain()
    expect(dead).toEqual(bad)
    expect(writes).toBe(2)
    expect([...kept].sort(byOrder)).toEqual(good)
  })
})
