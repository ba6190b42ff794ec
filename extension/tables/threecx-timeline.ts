/**
 * `threecx_timeline`: the story of this host as dated events.
 */
import { timelineOf } from '../domain/timeline.ts'
import { bigint, defineTable, text } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'
import { sinceOf } from './since.ts'

/** One row per event, earliest first. */
export const threecxTimeline = defineTable({
  name: 'threecx_timeline',
  description:
    'What happened here and when: files written and created, installs, processes of now and of the past, contacts, and the runs that the malware planned.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    time: bigint('Unix seconds UTC', { index: true }),
    event: text(
      'file_created, file_modified, installed, last_trace, process_started, executed, last_executed, seen, contacted, last_contact, planned_run',
    ),
    source: text('Where the time is from: file, process, or the source of a contact or install'),
    path: text('File, program or store it is about'),
    user: text('User it belongs to; empty when unknown'),
    stage: text('Stage of the attack'),
    level: text('Sigma level of what it is about'),
    summary: text('One sentence'),
  },
  identity: ['time', 'event', 'source', 'path', 'summary'],
  examples: [
    "SELECT datetime(time, 'unixepoch') AS time, event, stage, summary FROM threecx_timeline ORDER BY time",
    "SELECT stage, min(time) AS first_seen FROM threecx_timeline WHERE event != 'file_modified' GROUP BY stage",
  ],
  async *generate(context, services: HuntServices) {
    for (const event of timelineOf(await services.state(context.signal, sinceOf(context, ['time'])))) {
      const time = Math.floor(event.time)
      if (context.mayMatch('time', time)) yield { ...event, time }
    }
  },
})
