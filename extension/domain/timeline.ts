/**
 * The story of a host as dated events, in the order of time: what came to the disk, what was installed and started,
 * which contacts were made, and when the malware meant to go on.
 *
 * Times are those the evidence carries. A file system's birth time says when a file came to this disk, and its
 * modification time may be older than the file's presence here, so both are told where they differ.
 */
import type { Artifact } from './artifact.ts'
import { stageOf } from './attack-progress.ts'
import type { Contact } from './contact.ts'
import type { Execution } from './execution.ts'
import type { HostState } from './host-state.ts'
import { counts } from './host-story.ts'
import type { Stage } from './indicator.ts'
import type { Install } from './install.ts'
import type { Level } from './level.ts'
import type { PathText } from './path-text.ts'
import type { TiedProcess } from './process.ts'

/** What an event can be. */
export type EventKind =
  | 'file_created' // the file came to this disk
  | 'file_modified'
  | 'installed' // first trace of a compromised release
  | 'last_trace' // of one that is gone
  | 'process_started'
  | 'executed' // first run that a record tells
  | 'last_executed'
  | 'seen' // a record of the program that need not mean that it ran
  | 'contacted' // first contact of a source
  | 'last_contact'
  | 'planned_run' // when the malware meant to go on

/** One event. */
export interface TimelineEvent {
  /** Unix seconds. */
  readonly time: number
  readonly event: EventKind
  readonly source: string
  readonly path: PathText
  readonly user: string
  readonly stage: Stage
  readonly level: Level
  readonly summary: string
}

/** Every event of a host, earliest first; benign things have none. */
export function timelineOf({ artifacts, installs, processes, executions, contacts }: HostState): TimelineEvent[] {
  const events = [
    ...artifacts.filter(({ verdict }) => verdict !== 'benign').flatMap(ofArtifact),
    ...installs.filter(({ affected }) => affected).flatMap(ofInstall),
    ...processes.filter(counts).flatMap(ofProcess),
    ...executions.filter(counts).flatMap(ofExecution),
    ...contacts.flatMap(ofContact),
  ]
  return events
    .filter(({ time }) => time > 0)
    .sort((a, b) => a.time - b.time || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.event < b.event ? -1 : 1))
}

/**
 * The events that tell a story in few lines: the first of every stage, and the last of all. What the malware only
 * planned, and dates of files that say when they were made and not when they came, count where nothing else does.
 */
export function shortTimeline(events: readonly TimelineEvent[]): TimelineEvent[] {
  const happened = events.filter(({ event }) => event !== 'planned_run')
  const firsts = [...Map.groupBy(happened, ({ stage }) => stage).values()].flatMap(
    (some) => some.find(({ event }) => event !== 'file_modified') ?? some[0] ?? [],
  )
  const last = happened.findLast(({ event }) => event !== 'file_modified') ?? happened.at(-1)
  return [...new Set([...firsts, ...(last ? [last] : [])])].sort((a, b) => a.time - b.time)
}

function ofArtifact(artifact: Artifact): TimelineEvent[] {
  const { path, owner, level, btime, mtime, payloads, findings } = artifact
  const stage = stageOf(artifact)
  const component = findings[0]?.indicator.component ?? 'file'
  const base = { source: 'file', path, user: owner, stage, level }
  const planned = payloads.flatMap(({ nextRun }) => nextRun ?? [])
  return [
    { ...base, time: mtime, event: 'file_modified', summary: `${component} was last written` },
    ...(btime > 0 && btime !== mtime
      ? [{ ...base, time: btime, event: 'file_created' as const, summary: `${component} came to this disk` }]
      : []),
    ...planned.map((time) => ({
      ...base,
      time,
      event: 'planned_run' as const,
      summary: `${component} meant to run next`,
    })),
  ]
}

function ofInstall({ path, user, state, version, firstSeen, lastSeen, source }: Install): TimelineEvent[] {
  const app = `3CX Desktop App ${version ?? ''}`.trim()
  const stage = state === 'served' ? ('delivery' as const) : ('loader_host' as const)
  const base = { source, path, user, stage, level: 'high' as const }
  return [
    ...(firstSeen === undefined
      ? []
      : [{ ...base, time: firstSeen, event: 'installed' as const, summary: `first trace of ${app}` }]),
    ...(lastSeen === undefined || state !== 'removed' || lastSeen === firstSeen
      ? []
      : [{ ...base, time: lastSeen, event: 'last_trace' as const, summary: `last trace of ${app}, which is gone` }]),
  ]
}

function ofProcess({ path, user, startTime, level, evidence, pid }: TiedProcess): TimelineEvent[] {
  const [first] = evidence
  if (startTime === undefined || !first) return []
  const summary = `process ${pid} started: ${first.component}`
  return [
    { time: startTime, event: 'process_started', source: 'process', path, user, stage: first.stage, level, summary },
  ]
}

function ofExecution(execution: Execution): TimelineEvent[] {
  const { source, path, user, level, evidence, proof, time, lastTime, count, version } = execution
  const [first] = evidence
  if (!first || time === undefined) return []
  const base = { source, path, user, stage: first.stage, level }
  const what = version === undefined ? first.component : `${first.component} ${version}`
  if (proof === 'seen') return [{ ...base, time, event: 'seen', summary: `${what} was there` }]
  const times = count === undefined || count === 1 ? '' : `, ${count} times in all`
  return [
    { ...base, time, event: 'executed', summary: `${what} ran${times}` },
    ...(lastTime === undefined || lastTime === time
      ? []
      : [{ ...base, time: lastTime, event: 'last_executed' as const, summary: `${what} ran, the last time known` }]),
  ]
}

function ofContact(contact: Contact): TimelineEvent[] {
  const { source, sourcePath: path, user, stage, level, firstSeen, lastSeen, count, indicator } = contact
  const base = { source, path, user, stage, level }
  const times = count === 1 ? 'once' : `${count} times`
  return [
    ...(firstSeen === undefined
      ? []
      : [{ ...base, time: firstSeen, event: 'contacted' as const, summary: `${indicator}, ${times} in all` }]),
    ...(lastSeen === undefined || lastSeen === firstSeen
      ? []
      : [{ ...base, time: lastSeen, event: 'last_contact' as const, summary: `${indicator}, the last of ${times}` }]),
  ]
}
