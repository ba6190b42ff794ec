/**
 * Whether Windows refuses signatures with bytes after them: the setting EnableCertPaddingCheck.
 *
 * The carrier of this attack kept a valid signature because the check is off unless somebody turned it on. 64-bit
 * Windows has the setting twice, and programs of either kind obey only their own: on means on for both.
 * https://learn.microsoft.com/security-updates/securityadvisories/2014/2915720
 */
import type { PaddingCheck } from '../domain/host-state.ts'
import type { OsqueryTables } from '../domain/osquery-tables.ts'
import type { ScanEngine } from '../native/engine.ts'
import { type RegistryQuery, registryValue } from '../native/registry.ts'
import type { Volume } from '../sweep/volume.ts'

const name = 'EnableCertPaddingCheck'
const key = ['Microsoft', 'Cryptography', 'Wintrust', 'Config']
const queries: readonly RegistryQuery[] = [
  { path: ['Microsoft'], values: [] }, // a hive without it is not that of a machine
  { path: ['WOW6432Node'], values: [] },
  { path: key, values: [name] },
  { path: ['WOW6432Node', ...key], values: [name] },
]
const liveQuery = `SELECT key, data FROM registry WHERE name = '${name}' AND (${['', 'WOW6432Node\\']
  .map((view) => `key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\${view}${key.join('\\')}'`)
  .join(' OR ')})`
/** 32-bit Windows has one view. */
const viewsQuery = "SELECT key FROM registry WHERE path = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node'"

/** The state on the system of a volume: by the hive of an image, by osquery on a live host. */
export async function certPaddingCheck(
  engine: ScanEngine,
  volume: Volume,
  signal: AbortSignal,
  osquery?: OsqueryTables,
): Promise<PaddingCheck> {
  if (volume.platform !== 'windows') return 'unknown'
  return volume.isImage ? offline(engine, volume, signal) : osquery ? live(osquery, signal) : 'unknown'
}

async function offline(engine: ScanEngine, volume: Volume, signal: AbortSignal): Promise<PaddingCheck> {
  for await (const { entries } of engine.walk(softwareHive(volume), signal)) {
    for (const entry of entries) {
      const keys = await engine.registry([volume.canonical], entry, queries, signal)
      if ('problem' in keys || !keys.some(({ path }) => isPath(path, ['microsoft']))) continue
      const isOn = (view: readonly string[]) =>
        keys.some((one) => isPath(one.path, [...view, ...key]) && isOne(registryValue(one, name)))
      const hasSecond = keys.some(({ path }) => isPath(path, ['wow6432node']))
      return isOn([]) && (!hasSecond || isOn(['WOW6432Node'])) ? 'on' : 'off'
    }
  }
  return 'unknown'
}

/** Names in an image may be written in any case. */
function softwareHive(volume: Volume) {
  return {
    roots: [volume.canonical],
    rules: [{ pattern: 'Windows/System32/config/SOFTWARE' }],
    ignoreCase: true,
    skip: [],
    mounts: 'same' as const,
    maxDepth: 8,
    maxEntries: 10_000_000,
  }
}

async function live(osquery: OsqueryTables, signal: AbortSignal): Promise<PaddingCheck> {
  try {
    const [values, views] = await Promise.all([osquery.ask(liveQuery, signal), osquery.ask(viewsQuery, signal)])
    const on = new Set(values.filter(({ data }) => isOne(data)).map((row) => row['key']?.toLowerCase()))
    return on.size >= (views.length > 0 ? 2 : 1) ? 'on' : 'off'
  } catch {
    signal.throwIfAborted()
    return 'unknown'
  }
}

/** A number, or, as the advisory's own example writes it, a text. */
function isOne(value: string | number | undefined): boolean {
  return value === 1 || (typeof value === 'string' && value.trim() === '1')
}

function isPath(path: readonly string[], wanted: readonly string[]): boolean {
  return path.length === wanted.length && path.every((one, at) => one.toLowerCase() === wanted[at]?.toLowerCase())
}
