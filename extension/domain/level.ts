/**
 * How serious a finding is, in the five words of Sigma.
 * https://sigmahq.io/docs/basics/rules.html#level
 */
export const levels = ['informational', 'low', 'medium', 'high', 'critical'] as const

/** One of Sigma's levels. */
export type Level = (typeof levels)[number]

/** Orders levels: negative when `a` is milder than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b)
}

/** The gravest of several levels; `informational` for none. */
export function highestLevel(all: Iterable<Level>): Level {
  let highest: Level = 'informational'
  for (const level of all) if (compareLevels(level, highest) > 0) highest = level
  return highest
}
