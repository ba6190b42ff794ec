/**
 * Tables of what exists only while a system runs with osquery in it: the resolver's cache, and events that osquery itself
 * recorded. No image has them, so they are there and empty; of this machine no other program can tell them, so that a
 * query fails.
 *
 * An audit log is no substitute for `process_events`: which of its columns mean the same depends on rules that are not in
 * it. What it says of the campaign is in `threecx_executions`.
 */
import { NeedsOsquery, type OsqueryTable } from './services.ts'

/** The tables. */
export const absent: readonly OsqueryTable[] = ['dns_cache', 'process_events', 'es_process_events'].map((name) => ({
  name,
  async *rows(_, { volumes }) {
    if (volumes.some(({ isImage }) => !isImage)) throw new NeedsOsquery(`the table ${name}`)
  },
}))
