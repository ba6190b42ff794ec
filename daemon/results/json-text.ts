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
/** Characters from which on bytes are copied by a loop: a call per character takes seconds for a cell of megabytes. */
const long = 4096
/** The engine's longest string, less what stands around a value. */
const longestText = 2 ** 29 - 64

/** A JSON string. A lone surrogate, which UTF-8 cannot say, becomes U+FFFD. Throws `RangeError` when no string would hold it. */
export function jsonText(value: string): string {
  if (!needsCare.test(value)) return `"${value}"`
  return `"${replaced(value.toWellFormed(), escaped, escapes)}"`
}

/** A value as it stands in differential lines, and in these alone: osquery writes control characters as `\x0A` first. */
export function printable(value: string): string {
  return hasUnprintable.test(value) ? replaced(value, unprintable, words) : value
}

const words = new Map<number, string>(
  Array.from({ length: 0x20 }, (_, code) => [code, `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`]),
)

function replaced(value: string, sought: RegExp, texts: ReadonlyMap<number, string>): string {
  if (value.length < long) return value.replace(sought, (one) => texts.get(one.charCodeAt(0)) ?? one)
  const from = Buffer.from(value, 'utf8')
  const byByte = Array.from({ length: 256 }, (_, byte) => texts.get(byte) ?? '')
  const growth = Uint8Array.from(byByte, (text) => Math.max(0, text.length - 1))
  let length = from.length
  for (let at = 0; at < from.length; at++) length += growth[from[at] ?? 0] ?? 0
  if (length > longestText) throw new RangeError(`a text of ${length} bytes is longer than a string may be`)
  const to = Buffer.allocUnsafe(length)
  let end = 0
  for (let at = 0; at < from.length; at++) {
    const byte = from[at] ?? 0
    if (growth[byte] === 0) {
      to[end++] = byte
      continue
    }
    const text = byByte[byte] ?? ''
    for (let one = 0; one < text.length; one++) to[end++] = text.charCodeAt(one)
  }
  return to.toString('utf8')
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
