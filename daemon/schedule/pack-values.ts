/**
 * Values of a pack as osquery reads them: numbers and switches may be texts.
 *
 * Where osquery would quietly take nonsense for 0 or false, these throw: a query that is off by a typing error should
 * be named, not run otherwise. `osquery/utils/json/json.cpp`.
 */

/** What is wrong with a value, without its place. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
}

/** A JSON object. */
export type PackObject = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is PackObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number within bounds, also as a text; undefined when it is not there. */
export function wholeNumber(of: PackObject, key: string, least: number, most: number): number | undefined {
  const value = present(of, key)
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value.trim()) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number
  throw new ValueError(`${key} is ${shown(value)}; expected a whole number from ${least} to ${most}`)
}

/** A switch: true or false, a number, or one of osquery's words for them. */
export function truth(of: PackObject, key: string): boolean | undefined {
  const value = present(of, key)
  if (value === undefined) return undefined
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'string' && /^(true|t|false|f)$/i.test(value)) return /^t/i.test(value)
  throw new ValueError(`${key} is ${shown(value)}; expected true or false`)
}

/** A text. */
export function word(of: PackObject, key: string): string | undefined {
  const value = present(of, key)
  if (value === undefined) return undefined
  if (typeof value === 'string') return value
  throw new ValueError(`${key} is ${shown(value)}; expected a text`)
}

/** Texts. */
export function words(of: PackObject, key: string): readonly string[] | undefined {
  const value = present(of, key)
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new ValueError(`${key} is ${shown(value)}; expected a list of texts`)
}

function present(of: PackObject, key: string): unknown {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  return value === null ? undefined : value
}

/** A value for messages, not all of a long one. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
