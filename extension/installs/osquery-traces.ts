/**
 * Traces from osquery's own tables, on a live host: programs, uninstall entries of loaded user hives, app bundles.
 *
 * They are a source like others: absent without osquery, and an error beside the rest when osquery fails.
 */
import type { OsqueryTables } from '../domain/osquery-tables.ts'
import type { Platform } from '../domain/platform.ts'
import type { ScanError } from '../domain/scan.ts'
import { folderOf, type HiveTraces, installDate, userOfWindowsPath } from './hive-traces.ts'
import { stated, type Trace } from './trace.ts'

type Row = Readonly<Record<string, string>>

/** Users of security identifiers are joined in, because an entry of another user names only that. */
const programsQuery =
  "SELECT name, version, install_location, install_date, identifying_number FROM programs WHERE name LIKE '3CX Desktop App%'"
const uninstall = 'Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall'
const entriesQuery =
  'SELECT r.key, r.name, r.data, r.mtime, u.username FROM registry r ' +
  "LEFT JOIN users u ON u.uuid = split(r.key, '\\', 1) " +
  `WHERE r.key LIKE 'HKEY_USERS\\%\\${uninstall}\\%' ` +
  "AND r.name IN ('DisplayName', 'DisplayVersion', 'InstallLocation', 'InstallDate')"
const appsQuery =
  'SELECT name, path, bundle_short_version, bundle_version, last_opened_time FROM apps ' +
  "WHERE bundle_identifier = 'com.electron.3cx-desktop-app'"

/** Asks what fits the platform of this host. */
export async function osqueryTraces(
  osquery: OsqueryTables,
  platform: Platform,
  signal: AbortSignal,
): Promise<HiveTraces> {
  const asked =
    platform === 'windows'
      ? [
          ask(osquery, 'programs', programsQuery, programTraces, signal),
          ask(osquery, 'registry', entriesQuery, entryTraces, signal),
        ]
      : platform === 'darwin'
        ? [ask(osquery, 'apps', appsQuery, appTraces, signal)]
        : []
  const answers = await Promise.all(asked)
  signal.throwIfAborted()
  return { traces: answers.flatMap(({ traces }) => traces), errors: answers.flatMap(({ errors }) => errors) }
}

async function ask(
  osquery: OsqueryTables,
  table: string,
  sql: string,
  read: (rows: readonly Row[]) => Trace[],
  signal: AbortSignal,
): Promise<HiveTraces> {
  try {
    return { traces: read(await osquery.ask(sql, signal)), errors: [] }
  } catch (cause) {
    const message = `osquery's table ${table} gave no answer: ${cause instanceof Error ? cause.message : String(cause)}`
    const error: ScanError = { path: table, code: 'io', message }
    return { traces: [], errors: [error] }
  }
}

function programTraces(rows: readonly Row[]): Trace[] {
  return rows.map((row) => {
    const home = folderOf(row['install_location'])
    const date = installDate(row['install_date'])
    return stated<Trace>({
      ...windowsBase('programs', home, undefined),
      version: text(row['version']),
      product: text(row['name']),
      detail: text(row['identifying_number']),
      firstSeen: date,
      lastSeen: date,
    })
  })
}

/** One row for each value; those of one key are one entry. */
function entryTraces(rows: readonly Row[]): Trace[] {
  return [...Map.groupBy(rows, (row) => row['key'] ?? '')].flatMap(([key, values]) => {
    const of = (name: string) => text(values.find((row) => row['name']?.toLowerCase() === name.toLowerCase())?.['data'])
    if (!of('DisplayName')?.toLowerCase().startsWith('3cx desktop app')) return []
    const written = Number(values[0]?.['mtime']) || undefined
    return [
      stated<Trace>({
        ...windowsBase(
          'uninstall_entry',
          folderOf(of('InstallLocation')),
          text(values[0]?.['username']) ?? key.split('\\')[1],
        ),
        version: of('DisplayVersion'),
        product: of('DisplayName'),
        detail: key,
        firstSeen: installDate(of('InstallDate')) ?? written,
        lastSeen: written,
      }),
    ]
  })
}

/** A home says whose it is; without one an entry without a user is the machine's. */
function windowsBase(source: Trace['source'], home: string | undefined, user: string | undefined) {
  const owner = user ?? userOfWindowsPath(`${home ?? ''}\\`)
  const path = home ?? ''
  const scope = owner === '' ? ('machine' as const) : ('user' as const)
  return {
    proof: 'something' as const,
    source,
    platform: 'windows' as const,
    scope,
    user: owner,
    path,
    imagePath: path,
    home,
  }
}

/** osquery reads the bundles itself, so they are there. */
function appTraces(rows: readonly Row[]): Trace[] {
  return rows.map((row) => {
    const path = row['path'] ?? ''
    const user = /^\/Users\/([^/]+)\//.exec(path)?.[1] ?? ''
    const opened = Math.floor(Number(row['last_opened_time']))
    return stated<Trace>({
      proof: path.includes('/.Trash/') ? 'something' : 'there',
      source: 'apps',
      platform: 'darwin',
      scope: user === '' ? 'machine' : 'user',
      user,
      path,
      imagePath: path,
      home: path,
      version: text(row['bundle_short_version']) ?? text(row['bundle_version']),
      product: text(row['name']),
      lastSeen: opened > 0 ? opened : undefined,
    })
  })
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}
