/**
 * What lies in the daemon's database: the parts, and the bounds of the spool as configured.
 */
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import { bytes, milliseconds } from './configuration/units.ts'
import { resultStatePart } from './results/result-state.ts'
import { schedulePart } from './schedule/schedule-state.ts'
import type { SpoolBounds } from './spool/spool.ts'
import { spoolPart } from './spool/spool-part.ts'
import type { StorePart } from './store/store.ts'

/** All parts, in the order in which they are made. */
export const storeParts: readonly StorePart[] = [spoolPart, resultStatePart, schedulePart]

/** The bounds that a configuration sets. */
export function spoolBounds({ spool }: Pick<DaemonConfiguration, 'spool'>): SpoolBounds {
  return {
    maxBytes: bytes(spool.max_bytes),
    maxAgeSeconds: milliseconds(spool.max_age) / 1000,
    whenFull: spool.when_full,
  }
}
