/**
 * What one indicator must be to make sense, beyond its shape: the same rules for our own files and for imports.
 *
 * A path has to name something below a root, and has to end in something more than wildcards, or a single careless
 * line would make a finding of every file. Hints about files belong to digests alone.
 */
import type { Indicator } from '../domain/indicator.ts'
import { digestAlgorithms } from '../domain/observable.ts'
import { pathPatterns } from '../domain/path-pattern.ts'

/** What of an indicator these rules look at. */
export type Judged = Pick<Indicator, 'type' | 'value' | 'platform' | 'names' | 'kinds' | 'size'>

/** A problem and the field it is in. */
export interface Nonsense {
  readonly field: string
  readonly message: string
}

/** Everything about an indicator that makes no sense. */
export function nonsenseIn(one: Judged): Nonsense[] {
  const found: Nonsense[] = []
  if (one.type === 'path') {
    const message = pathProblem(one)
    if (message !== undefined) found.push({ field: 'value', message })
  }
  if (!(digestAlgorithms as readonly string[]).includes(one.type)) {
    for (const field of ['names', 'kinds', 'size'] as const) {
      if (one[field] !== undefined)
        found.push({ field, message: `a ${one.type} has no ${field}; expected on digests only` })
    }
  }
  const { min, max } = one.size ?? {}
  if (min !== undefined && max !== undefined && min > max) {
    found.push({ field: 'size', message: `min ${min} is above max ${max}; expected a range` })
  }
  return found
}

function pathProblem(one: Judged): string | undefined {
  const patterns = pathPatterns(one.value, one.platform)
  if (patterns.length === 0) {
    return `path is ${JSON.stringify(one.value)}; expected a path from a drive, a known %FOLDER%, ~ or /`
  }
  const isWide = patterns.some((pattern) => !/[^*./]/.test(pattern.slice(pattern.lastIndexOf('/') + 1)))
  return isWide ? `path is ${JSON.stringify(one.value)}; expected a last component with letters or digits` : undefined
}
