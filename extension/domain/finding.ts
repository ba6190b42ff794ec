/**
 * Findings: one piece of evidence times one indicator, and what they say about a thing.
 */
import type { Evidence } from './evidence.ts'
import type { Indicator } from './indicator.ts'
import type { Observable } from './observable.ts'

/** One evidence, one indicator, and the observable that joins them. */
export interface Finding {
  readonly evidence: Evidence
  readonly observable: Observable
  readonly indicator: Indicator
}

/**
 * What is said of a thing.
 *
 * - `malicious`: a digest, a verified decode, or a fact with no benign reading.
 * - `suspicious`: it looks like a part of the attack, and something benign could too.
 * - `affected`: it belongs to a compromised release.
 * - `benign`: a known clean neighbour; shown only when asked for.
 */
export const verdicts = ['benign', 'affected', 'suspicious', 'malicious'] as const

/** One of the verdicts, mildest first. */
export type Verdict = (typeof verdicts)[number]

/** What one indicator says of a thing it matches; undefined when it says nothing by itself. */
export function verdictOf(indicator: Indicator): Verdict | undefined {
  switch (indicator.status) {
    case 'malicious':
      return indicator.level === 'critical' ? 'malicious' : 'suspicious'
    case 'affected':
      return 'affected'
    case 'benign':
      return 'benign'
    case 'context':
      return undefined
  }
}

/** The gravest of several verdicts. */
export function gravest(all: Iterable<Verdict>): Verdict | undefined {
  let worst: Verdict | undefined
  for (const verdict of all) {
    if (worst === undefined || verdicts.indexOf(verdict) > verdicts.indexOf(worst)) worst = verdict
  }
  return worst
}
