/**
 * Planned events as an engine gives them, for tests of what they mean.
 */
import type { EventRecord, EventsBatch } from '../../extension/native/events.ts'
import type { PlannedEvent } from './evtx-builder.ts'

/** The record of an event. */
export function eventRecord(planned: PlannedEvent, recordId = 1): EventRecord {
  const { provider, id, time, channel = '', computer = 'HOST', user = '', process = 4 } = planned
  const { data = {}, unnamed = [], userData = {} } = planned
  return {
    recordId,
    offset: 4608,
    time,
    provider,
    eventId: id,
    channel,
    computer,
    userSid: user,
    processId: process,
    data: { ...data, ...userData, ...Object.fromEntries(unnamed.map((value, at) => [String(at), value])) },
  }
}

/** The batches of a log with one event. */
export async function* eventBatches(planned: PlannedEvent): AsyncGenerator<EventsBatch, void, undefined> {
  yield { events: [eventRecord(planned)] }
}
