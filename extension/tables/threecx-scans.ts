/**
 * `threecx_scans`: how much was really looked at. A clean answer is worth what this table says it is worth.
 */

import { isComplete, type Scan } from '../domain/scan.ts'
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'

/** One row per pass over a root. */
export const threecxScans = defineTable({
  name: 'threecx_scans',
  description: 'The last passes over each root: what was seen, read, answered from the cache, and not examined.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    scan: text(
      'places (where 3CX lives, and where sources keep records), full (everything below the root), named (files asked for), ' +
        'contacts or executions (what the files of one source said)',
    ),
    source: text('Evidence source the pass read'),
    root: text('Directory the pass started from'),
    started: bigint('Start, unix seconds; NULL while it is pending'),
    finished: bigint('End, unix seconds; NULL while it runs'),
    age: bigint('Seconds since the end; NULL while it runs'),
    state: text('pending, running, finished, aborted or failed'),
    percent: integer('How far a running pass is, by the files that the last complete one saw; NULL when nobody knows'),
    next_run: bigint('When a pass of this kind runs next by itself, unix seconds; NULL when it runs on demand'),
    files: bigint('Files seen by name; processes where the source is processes'),
    bytes: bigint('Bytes read'),
    hashed: bigint('Files opened and read'),
    cached: bigint('Files answered from the hash cache, or left out because nothing was found in them before'),
    skipped: bigint('Files and directories that were not examined, for whatever reason'),
    unexamined: bigint('Those of skipped that leave the answer incomplete'),
    errors: text('JSON array of {path, code, message}: the first 200 things that were not examined'),
    truncated: integer('1 when a bound on depth or count cut the pass'),
    complete: integer('1 when everything that was promised was examined'),
    duration_ms: bigint('Milliseconds the pass took'),
    indicators_version: text('Content hash of the indicators in force'),
  },
  identity: ['scan', 'source', 'root', 'started', 'finished'],
  examples: [
    "SELECT root, state, percent, age / 3600 AS hours_old, complete, next_run FROM threecx_scans WHERE scan = 'full'",
    'SELECT root, state, files, hashed, cached, skipped FROM threecx_scans',
    "SELECT json_extract(e.value, '$.path') AS path, json_extract(e.value, '$.code') AS code FROM threecx_scans s, json_each(s.errors) e",
  ],
  async *generate(context, services: HuntServices) {
    for (const scan of await services.scans(context.signal)) {
      yield {
        scan: scan.scan,
        source: scan.source,
        root: scan.root,
        started: scan.state === 'pending' ? null : scan.started,
        finished: scan.finished ?? null,
        age: scan.finished === undefined ? null : Math.max(0, services.now() - scan.finished),
        state: scan.state,
        percent: percentOf(scan),
        next_run: scan.nextRun ?? null,
        files: scan.files,
        bytes: scan.bytes,
        hashed: scan.hashed,
        cached: scan.cached,
        skipped: scan.skipped,
        unexamined: scan.unexamined,
        errors: JSON.stringify(scan.errors),
        truncated: scan.truncated ? 1 : 0,
        complete: isComplete(scan) ? 1 : 0,
        duration_ms: scan.durationMs,
        indicators_version: scan.indicatorsVersion,
      }
    }
  },
})

/** Never 100 before the end, because the expectation is a guess. */
function percentOf(scan: Scan): number | null {
  if (scan.state === 'finished') return 100
  if (scan.state !== 'running' || !scan.expectedFiles) return null
  return Math.min(99, Math.floor((100 * scan.files) / scan.expectedFiles))
}
