/**
 * Contacts that a running system shows: connections that are open, names in the resolver's cache, and look-ups that
 * osquery recorded.
 *
 * osquery's tables are asked where there is an osquery; without one, Linux tells its connections in /proc. The cache of Windows
 * is a table of osquery, that of Linux is asked of systemd-resolved, that of macOS can be read by nobody. What a system has not
 * is an error of the look and leaves the others; no resolver with a cache is none.
 */
import type { Evidence } from '../domain/evidence.ts'
import { canonical, type Observable, type ObservableType } from '../domain/observable.ts'
import type { OsqueryRow, OsqueryTables } from '../domain/osquery-tables.ts'
import type { Platform } from '../domain/platform.ts'
import type { ScanError } from '../domain/scan.ts'
import { openConnections } from './proc-connections.ts'
import { type CachedName, resolvedCache, resolvedSocket } from './resolved-cache.ts'

/** What a look works with. */
export interface LiveParts {
  readonly platform: Platform
  readonly osquery?: OsqueryTables
  /** Where the process file system is; `/proc` unless told. */
  readonly proc?: string
  /** Where systemd-resolved listens; its usual socket unless told. */
  readonly resolved?: string
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
  const { platform, osquery, proc = '/proc', resolved = resolvedSocket } = parts
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
  if (platform === 'linux') {
    try {
      evidence.push(...((await resolvedCache(resolved, signal)) ?? []).flatMap(cachedEvidence))
    } catch (cause) {
      fails('resolved_cache', 'unsupported', cause)
    }
  }
  return { evidence, errors }
}

/** Names of the types that resolvers are asked for; the others have a number. */
const types: Readonly<Record<number, string>> = { 1: 'A', 5: 'CNAME', 28: 'AAAA', 65: 'HTTPS' }

function cachedEvidence({ name, type, answers, outcome }: CachedName): Evidence[] {
  const observables = [name, ...answers].flatMap((one) => [...observable('domain', one), ...observable('ip', one)])
  if (observables.length === 0) return []
  const fields = {
    ...(type !== undefined && { qtype: types[type] ?? String(type) }),
    ...(answers.length > 0 && { answers: answers.join(' ') }),
    ...(outcome !== undefined && { outcome }),
  }
  return [{ source: 'resolved_cache', raw: name, observables, fields }]
}

function named(type: ObservableType, raw: string, more: Partial<Evidence>): Omit<Evidence, 'source'> | undefined {
  const observables = observable(type, raw.replace(/^::ffff:(?=\d+\.)/i, ''))
  return observables.length === 0 ? undefined : { raw: raw.slice(0, 512), ...more, observables }
}

function observable(type: ObservableType, raw: string): Observable[] {
  const found = canonical(type, raw)
  return 'value' in found ? [{ type, value: found.value }] : []
}

function numbered<K extends 'time' | 'pid'>(key: K, text: string | undefined): { [key in K]?: number } {
  return text !== undefined && /^\d{1,15}$/.test(text) && Number(text) > 0
    ? ({ [key]: Number(text) } as { [key in K]?: number })
    : {}
}
