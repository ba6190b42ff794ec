/** Events of Windows as contacts: what each kind says, what is no contact, and problems that are handed on. */
import { describe, expect, it } from 'vitest'
import type { EventsBatch } from '../../../../extension/native/events.ts'
import { eventLog, isEventLog } from '../../../../extension/sources/events/event-log.ts'
import type { SourceReader, SourceRecord } from '../../../../extension/sources/source.ts'
import { eventBatches } from '../../../support/event-records.ts'
import { contactEvents, executionEvents } from '../../../support/event-samples.ts'
import { expectGolden } from '../../../support/golden.ts'
import { collected, needles, readerOf, sourceFile } from '../../../support/source-files.ts'

const file = { ...sourceFile(import.meta.filename), path: '/x/Security.evtx', name: 'Security.evtx', size: 1, mtime: 1 }
const never = new AbortController().signal

async function said(batches: AsyncIterable<EventsBatch>): Promise<SourceRecord[]> {
  const reader: SourceReader = { ...readerOf(import.meta.filename), events: () => batches }
  return await collected(eventLog.read(file, reader, needles, never))
}

describe('events as contacts', () => {
  it.each(Object.entries(contactEvents))('%s', async (name, planned) => {
    await expectGolden(`sources/windows_event_log/${name}`, await said(eventBatches(planned)))
  })

  it('of another kind say nothing', async () => {
    for (const planned of Object.values(executionEvents)) {
      if (planned.provider === 'Microsoft-Windows-TaskScheduler') {
        expect(await said(eventBatches(planned))).toEqual([])
      }
    }
  })

  it('that cannot be read are problems, and the others go on', async () => {
    const problem = { code: 'damaged', message: 'the chunk at byte 4096: x' } as const
    async function* batches() {
      yield { events: [], problem }
      yield* eventBatches(contactEvents['sysmon-query'] ?? { provider: '', id: 0, time: 0 })
    }
    const records = await said(batches())
    expect(records[0]).toEqual({ problem })
    expect(records).toHaveLength(2)
  })

  it('ask for sought events only', async () => {
    let asked: unknown
    const reader: SourceReader = {
      ...readerOf(import.meta.filename),
      events: (request) => {
        asked = request
        return eventBatches({ provider: 'x', id: 1, time: 1 })
      },
    }
    await collected(eventLog.read(file, reader, needles, never))
    expect(asked).toMatchObject({ isSought: true })
  })
})

describe('an event log', () => {
  it('is recognised by name and first bytes', () => {
    const head = Buffer.from('ElfFile\0rest')
    expect(isEventLog({ name: 'a.EVTX' }, head)).toBe(true)
    expect(isEventLog({ name: 'a.log' }, head)).toBe(false)
    expect(isEventLog({ name: 'a.evtx' }, Buffer.from('ElfChnk\0'))).toBe(false)
    expect(isEventLog({ name: 'a.evtx' }, new Uint8Array())).toBe(false)
  })
})
