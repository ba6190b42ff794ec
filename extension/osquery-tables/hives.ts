/**
 * Registry hives of Windows volumes in images, for tables that osquery fills from the registry.
 *
 * A running Windows holds its hives locked, so that there only an osquery can tell.
 */
import type { RegistryKey, RegistryQuery } from '../native/registry.ts'
import { registryValue } from '../native/registry.ts'
import type { Volume } from '../sweep/volume.ts'
import { filesLike } from './named-files.ts'
import { NeedsOsquery, type OsqueryServices } from './services.ts'

/** A hive: a file of the volume's configuration by its name, or that of a user. */
export const hives = {
  software: 'C:\\Windows\\System32\\config\\SOFTWARE',
  accounts: 'C:\\Windows\\System32\\config\\SAM',
  users: 'C:\\Users\\%\\NTUSER.DAT',
} as const

/** Keys of a hive of every volume that has one. What cannot be read is a problem. */
export async function* keysOf(
  table: string,
  services: OsqueryServices,
  hive: keyof typeof hives,
  queries: readonly RegistryQuery[],
  signal: AbortSignal,
): AsyncGenerator<RegistryKey, void, undefined> {
  const { engine, problems } = services
  if (services.volumes.some(isLocked)) throw new NeedsOsquery('the registry of a running Windows')
  for await (const { volume, entry, path } of filesLike(table, services, hives[hive], signal)) {
    const keys = await engine.registry([volume.canonical], entry, queries, signal)
    if (!('problem' in keys)) yield* keys
    else problems.add({ table, path, code: keys.isUnsupported ? 'unsupported' : 'damaged', message: keys.problem })
  }
}

function isLocked({ isImage, platform }: Volume): boolean {
  return !isImage && platform === 'windows'
}

/** A value as text; empty when it is not there. */
export function textOf(key: RegistryKey, name: string): string {
  const value = registryValue(key, name)
  return value === undefined ? '' : String(value).slice(0, 4096)
}
