/**
 * From what zod found to messages in the house's wording: what was found, what was expected.
 */
import type { z } from 'zod'
import { type ProblemList, quoted } from './problems.ts'

/** Adds each issue as a problem, its place below `base`. */
export function addIssues(
  problems: ProblemList,
  issues: readonly z.core.$ZodIssue[],
  base: string,
  input: unknown,
): void {
  for (const issue of issues) {
    const place = issue.path.reduce<string>(
      (text, key) =>
        typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
      base,
    )
    for (const message of messages(issue, valueAt(input, issue.path))) problems.add(place, message)
  }
}

function messages(issue: z.core.$ZodIssue, found: unknown): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `unknown field ${quoted(key)}`)
  const expected = expectation(issue)
  return [found === undefined ? `missing; expected ${expected}` : `found ${shown(found)}; expected ${expected}`]
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        { int: 'a whole number', array: 'a list', record: 'an object' }[issue.expected as string] ??
        article(issue.expected)
      )
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`
    case 'invalid_format':
      return issue.message
    case 'too_big':
      return `at most ${amount(issue.maximum, issue.origin)}`
    case 'too_small':
      return `at least ${amount(issue.minimum, issue.origin)}`
    default:
      return issue.message
  }
}

function amount(count: number | bigint, origin: string): string {
  if (origin === 'string') return `${count} ${count === 1 ? 'character' : 'characters'}`
  return origin === 'array' ? `${count} ${count === 1 ? 'entry' : 'entries'}` : String(count)
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`
}

/** Scalars as they are; what holds others by its kind, because quoting half a file helps nobody. */
function shown(found: unknown): string {
  if (Array.isArray(found)) return `a list of ${found.length}`
  return typeof found === 'object' && found !== null ? 'an object' : quoted(found)
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = input
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}
