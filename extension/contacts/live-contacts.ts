/**
 * Contacts that a running system shows: connections that are open, names in the resolver's cache, and look-ups that
 * osquery recorded.
 *
 * osquery's tables are asked where there is an osquery; without one, Linux tells its connections in /proc. What a system has
 * not is an error of the look and leaves the others.
 */
import type { Evidence } from '../domain/evidence.ts'
import { canonical, type Observable, type ObservableType } from '../domain/observable.ts'
import type { OsqueryRow, OsqueryTables } from '../domain/osquery-tables.ts'
import type { Platform } from '../domain/platform.ts'
import type { ScanError } from '../domain/scan.ts'
import { openConnections } from './proc-connections.ts'

/** What a look works with. */
export interface LiveParts {
  readonly platform: Platform
  readonly osquery?: OsqueryTables
  /** Where the process file system is; `/proc` unless told. */
  readonly proc?: string
}

/** What was seen. */
export interface LiveLook {
  readonly evidence: readonly Evidence[]
  readonly errors: readonly ScanError[]
}

/** Rows of one table. */
const maxRows = 20_000

interface LiveTable {
  readonly source: string
  readonly platforms: readonly Platform[]
  readonly sql: string
  evidence(row: OsqueryRow): Omit<Evidence, 'source'> | undefined
}

const tables: readonly LiveTable[] = [
  {
    source: 'dns_cache',
    platforms: ['windows'],
    sql: `SELECT name, type FROM dns_cache LIMIT ${maxRows}`,
    evidence: ({ name = '', type = '' }) => named('domain', name, { fields: { qtype: type } }),
  },
  {
    source: 'dns_lookup_events',
    platforms: ['windows'],
    sql: `SELECT * FROM dns_lookup_events LIMIT ${maxRows}`,
    evidence: (row) =>
      named('domain', row['name'] ?? '', {
        ...numbered('time', row['time']),
        ...numbered('pid', row['pid']),
        ...(row['path'] && { process: row['path'] }),
        ...(row['username'] && { user: row['username'] }),
      }),
  },
  {
    source: 'open_sockets',
    platforms: ['windows', 'darwin', 'linux'],
    sql:
      'SELECT DISTINCT s.pid AS pid, s.remote_address AS remote_address, s.remote_port AS remote_port, p.path AS path ' +
      `FROM process_open_sockets s LEFT JOIN processes p USING (pid) WHERE s.remote_port > 0 LIMIT ${maxRows}`,
    evidence: (row) =>
      named('ip', row['remote_address'] ?? '', {
        ...numbered('pid', row['pid']),
        ...(row['path'] && { process: row['path'] }),
        fields: { port: Number(row['remote_port'] ?? 0) },
      }),
  },
]

/** Looks. Never rejects but with the signal's reason. */
export async function liveContacts(parts: LiveParts, signal: AbortSignal): Promise<LiveLook> {
  const { platform, osquery, proc = '/proc' } = parts
  const evidence: Evidence[] = []
  const errors: ScanError[] = []
  const fails = (source: string, code: string, cause: unknown) => {
    signal.throwIfAborted()
    errors.push({ path: source, code, message: cause instanceof Error ? cause.message : String(cause) })
  }
  for (const { source, platforms, sql, evidence: read } of osquery ? tables : []) {
    if (!platforms.includes(platform)) continue
    try {
      for (const row of (await osquery?.ask(sql, signal)) ?? []) {
        const said = read(row)
        if (said) evidence.push({ source, ...said })
      }
    } catch (cause) {
      fails(source, 'unsupported', cause)
    }
  }
  if (!osquery && platform === 'linux') {
    try {
      for (const { address, port, pid, program } of await openConnections(proc, signal)) {
        const more = { ...(pid !== undefined && { pid }), ...(program !== undefined && { process: program }) }
        const said = named('ip', address, { ...more, fields: { port } })
        if (said) evidence.push({ source: 'open_sockets', ...said })
      }
    } catch (cause) {
      fails('open_sockets', 'io', cause)
    }
  }
  return { evidence, errors }
}

function named(type: ObservableType, raw: string, more: Partial<Evidence>): Omit<Evidence, 'source'> | undefined {
  const found = canonical(type, raw.replace(/^::ffff:(?=\d+\.)/i, ''))
  if (!('value' in found)) return undefined
  const observable: Observable = { type, value: found.value }
  return { raw: raw.slice(0, 512), ...more, observables: [observable] }
}

function numbered<K extends 'time' | 'pid'>(key: K, text: string | undefined): { [key in K]?: number } {
  return text !== undefined && /^\d{1,15}$/.test(text) && Number(text) > 0
    ? ({ [key]: Number(text) } as { [key in K]?: number })
    : {}
}
