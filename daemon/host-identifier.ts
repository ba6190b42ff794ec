/**
 * What lines call this host, by osquery's own choices. https://osquery.readthedocs.io/en/stable/installation/cli-flags/
 */
import { hostname } from 'node:os'
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import type { Engine } from './engine/engine.ts'

const timeoutMs = 10_000
const budget = { maxRows: 1, maxCellBytes: 1024, maxBytes: 1024 * 1024 }

/** The identifier; the host's name where its UUID cannot be found out, with the reason told to `warn`. */
export async function hostIdentifier(
  { host_identifier: kind, specified_identifier: specified }: DaemonConfiguration,
  engine: Engine,
  warn: (reason: string) => void,
): Promise<string> {
  if (kind === 'specified' && specified !== undefined) return specified
  if (kind === 'hostname') return hostname()
  try {
    const { rows } = await engine.query('SELECT uuid FROM system_info', budget, AbortSignal.timeout(timeoutMs))
    const uuid = rows[0]?.['uuid']
    if (uuid) return uuid
    warn('system_info has no uuid')
  } catch (cause) {
    warn(cause instanceof Error ? cause.message : String(cause))
  }
  return hostname()
}
