/**
 * JSON as osquery writes it: RapidJSON's escapes, and members as RapidJSON's objects keep them.
 *
 * RapidJSON escapes what JSON demands, with upper-case hex, and nothing else: no slash, no DEL, nothing beyond ASCII. Its
 * removal of a member puts the last one in the gap; osquery removes before it adds, so that a decoration that has the
 * name of a member changes the order of the line.
 */

const escapes = new Map<number, string>([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
])
for (let code = 0; code < 0x20; code++) {
  if (!escapes.has(code)) escapes.set(code, `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`)
}
const needsCare = /["\\\u0000-\u001f\ud800-\udfff]/
const escaped = /["\\\u0000-\u001f]/g
const unprintable = /[\u0000-\u001f]/g
const hasUnprintable = /[\u0000-\u001f]/

/** A JSON string. A lone surrogate, which UTF-8 cannot say, becomes U+FFFD. */
export function jsonText(value: string): string {
  if (!needsCare.test(value)) return `"${value}"`
  return `"${value.toWellFormed().replace(escaped, (one) => escapes.get(one.charCodeAt(0)) ?? one)}"`
}

/** A value as it stands in differential lines, and in these alone: osquery writes control characters as `\x0A` first. */
export function printable(value: string): string {
  if (!hasUnprintable.test(value)) return value
  return value.replace(unprintable, (one) => `\\x${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** Members of an object, each already JSON. */
export class JsonMembers {
  readonly #members: { readonly name: string; readonly json: string }[] = []

  /** Adds a member at the end; one of the same name goes first, and the last member takes its place. */
  set(name: string, json: string): this {
    const at = this.#members.findIndex((one) => one.name === name)
    const last = at < 0 ? undefined : this.#members.pop()
    if (last !== undefined && at < this.#members.length) this.#members[at] = last
    this.#members.push({ name, json })
    return this
  }

  toString(): string {
    return `{${this.#members.map(({ name, json }) => `${jsonText(name)}:${json}`).join(',')}}`
  }

  /** The object's text before and behind the value of a member. */
  around(name: string): { readonly before: string; readonly behind: string } {
    const at = this.#members.findIndex((one) => one.name === name)
    const texts = this.#members.map((one) => `${jsonText(one.name)}:${one.name === name ? '' : one.json}`)
    return { before: `{${texts.slice(0, at + 1).join(',')}`, behind: `${['', ...texts.slice(at + 1)].join(',')}}` }
  }
}
