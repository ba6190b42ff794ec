/**
 * Records of Windows event logs (EVTX) through an engine: of chosen providers, and where asked only those that hold one
 * of many strings.
 *
 * A log is read chunk by chunk, so memory does not follow its size; a chunk that is damaged gives its sound records and
 * a problem, and the rest goes on.
 */

/** Events of one provider. */
export interface EventChoice {
  /** As the event names it, case ignored: `Microsoft-Windows-Sysmon`. */
  readonly provider: string
  readonly ids: readonly number[]
}

/** What to look for in an event log. */
export interface EventsRequest {
  readonly events: readonly EventChoice[]
  /** An event of which no value holds one of these in any case is left out; empty: every chosen event comes. */
  readonly patterns: readonly string[]
  /** Events at most; the answer says when there were more. */
  readonly maxEvents: number
  readonly timeoutMs: number
}

/** One event. */
export interface EventRecord {
  /** `EventRecordID`. */
  readonly recordId: number
  /** Byte offset of the record in the file. */
  readonly offset: number
  /** `TimeCreated`: unix seconds UTC with the fraction the record has. */
  readonly time: number
  readonly provider: string
  readonly eventId: number
  readonly channel: string
  readonly computer: string
  /** `Security/@UserID`, a SID; empty where the event has none. */
  readonly userSid: string
  /** `Execution/@ProcessID`: of the process that logged, not of the one told of. */
  readonly processId: number
  /**
   * Values by the names of `EventData`'s elements, or by the path of element names below `UserData`'s only child, joined
   * by dots. Values without a name are called `0`, `1` and so on. Long values are cut at 32 KiB.
   */
  readonly data: Readonly<Record<string, string>>
}

/** Why events may be missing. */
export type EventsProblem =
  | 'too_many'
  | 'timeout'
  | 'damaged'
  | 'changed'
  | 'io'
  | 'denied'
  | 'vanished'
  | 'unsupported'

/** One pull, in the order of the file. */
export interface EventsBatch {
  readonly events: readonly EventRecord[]
  /** What could not be read of this part of the file; reading goes on unless it says otherwise by ending. */
  readonly problem?: { readonly code: EventsProblem; readonly message: string }
}

/** What an engine without a reader of event logs says. */
export async function* noEvents(): AsyncGenerator<EventsBatch, void, undefined> {
  const message = 'the portable engine reads no Windows event logs'
  yield { events: [], problem: { code: 'unsupported', message } }
}
