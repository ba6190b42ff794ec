/**
 * A set from content that is known to be canonical: ids and version given, everything frozen.
 */
import type { Indicator, IndicatorSet } from '../domain/indicator.ts'
import { type SetContent, setVersion } from './set-text.ts'

/** A set from content that is already canonical, sorted and unique; frozen. */
export function frozenSet(content: SetContent): IndicatorSet {
  const indicators = content.indicators.map(
    (one): Indicator => deepFreeze({ ...one, id: `${content.id}/${one.number}`, set: content.id }),
  )
  const { id, title, source } = content
  return deepFreeze({ id, title, source: { ...source }, indicators, version: setVersion(content) })
}

/** Freezes an object and all that it holds. */
export function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner as object)
  }
  return Object.freeze(value)
}
