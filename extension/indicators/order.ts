/**
 * The order of indicators in a set: by type, then value, then platform, by code unit.
 *
 * Plain string order, so that it is the same on every machine and in every language. Two entries with the same key
 * are one indicator said twice.
 */

/** The fields that say which indicator this is. */
export interface Keyed {
  readonly type: string
  readonly value: string
  readonly platform?: string
}

/** Negative when `a` stands before `b`; 0 when they say the same. */
export function compareIndicators(a: Keyed, b: Keyed): number {
  return compare(a.type, b.type) || compare(a.value, b.value) || compare(a.platform ?? '', b.platform ?? '')
}

/** The identity of an indicator within its set, as one string. */
export function indicatorKey(one: Keyed): string {
  return `${one.type}\n${one.value}\n${one.platform ?? ''}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
