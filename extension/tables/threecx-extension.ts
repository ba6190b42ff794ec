/**
 * `threecx_extension`: how this extension itself is doing, for the person who wonders why a table is slow or empty.
 */
import { bigint, defineTable, double, integer, text } from '../sdk/index.ts'
import type { ExtensionHealth } from './extension-health.ts'

/** Exactly one row. */
export const threecxExtension = defineTable({
  name: 'threecx_extension',
  description: "This extension's own health: version, engine, registrations with osquery, calls and their times.",
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    version: text('Version of threecx-hunter'),
    engine: text('native or portable: what walks and hashes'),
    engine_reason: text('Why the native engine is not in use; empty when it is'),
    pid: bigint('Process of the extension'),
    uptime: bigint('Seconds since its start'),
    uuid: text('Given by osquery at the registration; empty when nothing is registered'),
    registrations: integer('Registrations since the start: more than 1 means that osquery lost the extension'),
    calls: bigint('Table calls since the start'),
    rows: bigint('Rows given to osquery'),
    errors: bigint('Calls that failed, late and refused ones included'),
    late: bigint('Calls that did not end within their deadline'),
    refused: bigint('Calls refused because too many were waiting'),
    truncated: bigint('Answers cut at a budget'),
    p50_ms: double('Half of the latest calls took no longer, milliseconds'),
    p99_ms: double('99 in 100 of the latest calls took no longer, milliseconds'),
    rss: bigint('Resident memory of the process, bytes'),
    cache_hits: bigint('Digests answered from the hash cache since the start'),
    bundle: text('Name of the indicator bundle in force; empty when there is none'),
    bundle_version: bigint('Its version; NULL when there is none'),
    bundle_state: text(
      'in_force; none: none is installed; fallback: the newest cannot be used and an older one is in force; failed: none ' +
        'can be used and what ships is in force; file: named for this run; off: not asked for',
    ),
    bundle_created: bigint('When the bundle in force was made, unix seconds'),
    bundle_expires: bigint('When it ceases to be in force, unix seconds; NULL when it does not'),
    bundle_problem: text('Why the newest installed bundle is not in force; empty when it is'),
    tables: text('JSON array of the same counts for each table'),
  },
  identity: ['pid'],
  examples: [
    'SELECT version, engine, registrations, uptime, rss FROM threecx_extension',
    "SELECT bundle, bundle_version, bundle_problem FROM threecx_extension WHERE bundle_state IN ('fallback', 'failed')",
    "SELECT json_extract(value, '$.table') AS name, json_extract(value, '$.p99_ms') AS p99_ms FROM threecx_extension, json_each(tables)",
  ],
  async *generate(_context, health: ExtensionHealth) {
    yield await health.read()
  },
})
