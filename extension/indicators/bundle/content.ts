/**
 * What an indicator bundle brings, as values: sets, YARA rules, and places to sweep.
 *
 * Each replaces what the program ships under the same id and stands beside the rest, so that a bundle can add, correct
 * and (with a set without indicators) take back, and never blinds a host by what it leaves out. Where sources and
 * installs are looked for is not part of it: those lists speak of readers inside the program.
 */
import type { IndicatorSet } from '../../domain/indicator.ts'
import type { BundledData } from '../checked-data.ts'
import type { Place } from '../places.ts'
import type { SetContent } from '../set-text.ts'

/** The newest shape of a payload this program reads. */
export const payloadFormat = 1

/** A file of YARA rules. */
export interface BundleRules {
  /** Name of the file without its ending: replaces the shipped one of that name. */
  readonly name: string
  readonly text: string
}

/** The payload of a bundle, as JSON has it. */
export interface BundlePayload {
  readonly format: typeof payloadFormat
  readonly name: string
  readonly version: number
  /** ISO, UTC, to the second. */
  readonly created: string
  readonly expires?: string
  /** Least version of threecx-hunter. */
  readonly requires?: { readonly threecx: string }
  readonly sets: readonly SetContent[]
  readonly rules: readonly BundleRules[]
  readonly places: readonly Place[]
}

/** The payload as the program uses it; frozen. Times are unix seconds. */
export interface BundleContent {
  readonly name: string
  readonly version: number
  readonly created: number
  readonly expires?: number
  readonly sets: readonly IndicatorSet[]
  readonly rules: readonly BundleRules[]
  readonly places: readonly Place[]
}

/** The shipped data with that of a bundle. */
export function withBundle(shipped: BundledData, content: BundleContent): BundledData {
  const origin = Object.freeze({ kind: 'bundle' as const, name: content.name, version: content.version })
  const sets = content.sets.map((set): IndicatorSet => Object.freeze({ ...set, origin }))
  return { ...shipped, sets: replaced(shipped.sets, sets), places: replaced(shipped.places, content.places) }
}

/** The one list with those of the other in place of entries with the same id, the rest behind. */
function replaced<T extends { readonly id: string }>(those: readonly T[], by: readonly T[]): readonly T[] {
  const newer = new Map(by.map((one) => [one.id, one]))
  const ids = new Set(those.map(({ id }) => id))
  return [...those.map((one) => newer.get(one.id) ?? one), ...by.filter(({ id }) => !ids.has(id))]
}
