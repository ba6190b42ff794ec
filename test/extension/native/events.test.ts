/** Records of Windows event logs: chosen ones, sought ones, and logs that are damaged, cut or no logs at all. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { EventRecord, EventsRequest } from '../../../extension/native/events.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { contactEvents, executionEvents } from '../../support/event-samples.ts'
import { evtxFile, type PlannedEvent } from '../../support/evtx-builder.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { never } from './ask.ts'
import { contenders } from './engines.ts'

const [{ engine } = { engine: undefined }] = contenders()
const sysmon = 'Microsoft-Windows-Sysmon'

function query(name: string, more: Partial<PlannedEvent> = {}): PlannedEvent {
  return { provider: sysmon, id: 22, time: 1_680_098_400, data: { QueryName: name, Image: 'C:\\x.exe' }, ...more }
}

interface Told {
  readonly events: readonly EventRecord[]
  readonly problems: readonly string[]
}

async function ask(bytes: Uint8Array, changes: Partial<EventsRequest> = {}, signal = never): Promise<Told> {
  if (!engine) throw new Error('the native engine is missing')
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  writeFileSync(join(tree.root, 'log.evtx'), bytes)
  const events: EventRecord[] = []
  const problems: string[] = []
  const request = { events: [{ provider: sysmon, ids: [3, 22] }], patterns: [], maxEvents: 1000, timeoutMs: 60_000 }
  const batches = engine.events([tree.root], { root: 0, path: 'log.evtx' }, { ...request, ...changes }, signal)
  for await (const batch of batches) {
    events.push(...batch.events)
    if (batch.problem) problems.push(`${batch.problem.code}: ${batch.problem.message}`)
  }
  return { events, problems }
}

const names = ({ events }: Told) => events.map(({ data }) => data['QueryName'])
const many = Array.from({ length: 60 }, (_, at) => query(`host-${at}.example`))

describe.skipIf(!engine)('the native engine', () => {
  it('gives every value of an event, written out whole or by a template', async () => {
    for (const isWhole of [true, false]) {
      const bytes = evtxFile([
        query('a.example', { user: 'S-1-5-18', process: 2284, channel: 'Ops', computer: 'PC', isWhole }),
      ])
      const { events, problems } = await ask(bytes)
      expect(problems).toEqual([])
      expect(events).toEqual([
        {
          recordId: 1,
          offset: 4096 + 512,
          time: 1_680_098_400,
          provider: sysmon,
          eventId: 22,
          channel: 'Ops',
          computer: 'PC',
          userSid: 'S-1-5-18',
          processId: 2284,
          data: { QueryName: 'a.example', Image: 'C:\\x.exe' },
        },
      ])
    }
  })

  it('numbers values without names, and names those of UserData', async () => {
    const bytes = evtxFile([
      { provider: sysmon, id: 22, time: 1, unnamed: ['one', 'two', ''] },
      { provider: sysmon, id: 22, time: 2, userData: { Name: 'x', Path: 'y' } },
    ])
    expect((await ask(bytes)).events.map(({ data }) => data)).toEqual([
      { 0: 'one', 1: 'two', 2: '' },
      { Name: 'x', Path: 'y' },
    ])
  })

  it('reads every sample', async () => {
    const samples = [...Object.values(contactEvents), ...Object.values(executionEvents)]
    const events = samples.map(({ provider, id }) => ({ provider, ids: [id] }))
    const told = await ask(evtxFile(samples, 4), { events })
    expect(told.problems).toEqual([])
    expect(told.events).toHaveLength(samples.length)
  })

  it('gives the chosen ones of many chunks, in order', async () => {
    const others = many.map((one, at) => (at % 2 === 0 ? one : { ...one, id: 1 }))
    const told = await ask(evtxFile(others, 7))
    expect(names(told)).toEqual(many.filter((_, at) => at % 2 === 0).map(({ data }) => data?.['QueryName']))
    expect(await ask(evtxFile(others, 7), { events: [{ provider: 'Other', ids: [22] }] })).toMatchObject({ events: [] })
    expect(await ask(evtxFile([]))).toEqual({ events: [], problems: [] })
  })

  it('gives those that hold a string, in any case', async () => {
    const told = await ask(evtxFile([...many, query('www.PBXsources.com')], 7), {
      patterns: ['pbxsources.com', 'else'],
    })
    expect(names(told)).toEqual(['www.PBXsources.com'])
  })

  it('stops at its bounds and says so', async () => {
    const told = await ask(evtxFile(many, 7), { maxEvents: 10 })
    expect(told.events).toHaveLength(10)
    expect(told.problems).toEqual([expect.stringMatching(/^too_many: more than 10 events/)])
    expect((await ask(evtxFile(many, 7), { maxEvents: 60 })).problems).toEqual([])
    expect((await ask(evtxFile(many, 7), { timeoutMs: 0 })).problems).toEqual([expect.stringMatching(/^timeout: /)])
    const long = await ask(evtxFile([query('x'.repeat(20_000))]))
    expect(long.events[0]?.data['QueryName']).toHaveLength(20_000)
  })

  it('rejects when it is aborted', async () => {
    const enough = new AbortController()
    enough.abort(new Error('enough'))
    await expect(ask(evtxFile(many, 7), {}, enough.signal)).rejects.toThrow('enough')
  })

  it('goes on after a damaged chunk or record, and says where', async () => {
    const bytes = evtxFile(many, 10)
    const second = 4096 + 65_536
    const noChunk = bytes.slice()
    noChunk.set(Buffer.from('nonsense'), second)
    const without = await ask(noChunk)
    expect(without.events).toHaveLength(50)
    expect(without.problems).toEqual([expect.stringMatching(/^damaged: the chunk at byte 69632: /)])
    const noRecord = bytes.slice()
    noRecord.fill(0xff, second + 512 + 40, second + 512 + 140)
    const told = await ask(noRecord)
    expect(told.problems.join()).toMatch(/damaged: the chunk at byte 69632: /)
    expect(told.events.length).toBeGreaterThanOrEqual(50)
  })

  it('reads a log in use: more chunks than its header says, and room behind them', async () => {
    const bytes = evtxFile(many, 10)
    bytes[42] = 1
    const grown = Buffer.concat([bytes, Buffer.alloc(65_536), Buffer.alloc(65_536, 0x55)])
    const told = await ask(grown)
    expect(told.events).toHaveLength(60)
    expect(told.problems).toEqual([])
  })

  it('gives what is whole of a log that is cut anywhere', async () => {
    const bytes = evtxFile(many.slice(0, 12), 6)
    for (const length of [0, 1, 127, 4095, 4096, 4100, 4608, 9000, 4096 + 65_535, 4096 + 65_536, 4096 + 65_537 + 600]) {
      const told = await ask(bytes.subarray(0, length))
      expect(told.events.length, String(length)).toBeLessThanOrEqual(12)
      if (length < 128) expect(told.problems, String(length)).toEqual([expect.stringMatching(/^damaged: /)])
    }
  })

  it('refuses what is no log', async () => {
    expect((await ask(Buffer.alloc(100_000, 'A'))).problems).toEqual([
      'damaged: it does not begin as an event log does',
    ])
  })

  it('gives events or problems, whatever is changed', async () => {
    const bytes = evtxFile(many.slice(0, 10))
    const changes = fc.array(
      fc.tuple(fc.integer({ min: 4096, max: 4096 + 20_000 }), fc.integer({ min: 0, max: 255 })),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = bytes.slice()
        for (const [at, value] of list) changed[at] = value
        const told = await ask(changed)
        expect(told.events.length).toBeLessThanOrEqual(20)
      }),
      { numRuns: 60 },
    )
  })

  it('names a file that is not the one expected', async () => {
    if (!engine) return
    const tree = new HostileTree()
    onTestFinished(() => tree.remove())
    writeFileSync(join(tree.root, 'log.evtx'), evtxFile(many))
    const expected = { dev: 1n, ino: 1n, size: 1, mtimeNs: 1n, ctimeNs: 1n }
    const request = { events: [{ provider: sysmon, ids: [22] }], patterns: [], maxEvents: 10, timeoutMs: 1000 }
    for await (const { problem } of engine.events(
      [tree.root],
      { root: 0, path: 'log.evtx', expected },
      request,
      never,
    )) {
      expect(problem?.code).toBe('changed')
    }
  })
})

describe('the portable engine', () => {
  it('says that it reads no event logs', async () => {
    const request = { events: [], patterns: [], maxEvents: 1, timeoutMs: 1000 }
    for await (const batch of portableEngine().events(['/'], { root: 0, path: 'x' }, request, never)) {
      expect(batch).toMatchObject({ events: [], problem: { code: 'unsupported' } })
    }
  })
})
