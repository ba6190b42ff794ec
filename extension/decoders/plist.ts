/**
 * Property lists: the string values of the top-level dictionary, which is where a bundle states name and version.
 *
 * Two encodings, one answer. Nested values are stepped over and never built, so there is no recursion to exhaust and
 * nothing to expand. The old OpenStep encoding is refused: bundles have not used it for twenty years.
 * https://developer.apple.com/library/archive/documentation/General/Reference/InfoPlistKeyReference/
 */
import { utf8Text, utf16Text } from './bytes.ts'
import { binaryPlistStrings } from './plist-binary.ts'
import { xmlPlistStrings } from './plist-xml.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** String values by key. Of a key stated twice the last counts, as in Core Foundation. */
export interface PlistStrings {
  readonly format: 'xml' | 'binary'
  readonly strings: Readonly<Record<string, string>>
}

/** Info.plist files have 1 to 20 KB; the largest with embedded document types some hundred. */
export const maxPlist = 1 << 20

/** Reads a property list. */
export function plistStrings(bytes: Uint8Array): PlistStrings | Refusal {
  if (bytes.length > maxPlist) return refuse(`property list of ${bytes.length} bytes; expected at most ${maxPlist}`)
  const isBinary = isBinaryPlist(bytes)
  const strings = isBinary ? binaryPlistStrings(bytes) : xmlPlistStrings(xmlText(bytes))
  if (isRefusal(strings)) return strings
  // fromEntries defines own properties, so a key named __proto__ is only a key.
  return { format: isBinary ? 'binary' : 'xml', strings: Object.fromEntries(strings) }
}

/** Whether bytes start as a binary property list. */
export function isBinaryPlist(head: Uint8Array): boolean {
  return [...'bplist0'].every((letter, index) => head[index] === letter.charCodeAt(0))
}

/** Text of an XML document by its byte order mark, or by the zero bytes beside its first `<`; else UTF-8. */
export function xmlText(bytes: Uint8Array): string {
  const [first, second] = bytes
  const isLittle = (first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)
  const text = isLittle || isBig ? utf16Text(bytes, isLittle) : utf8Text(bytes)
  return text.startsWith('\ufeff') ? text.slice(1) : text
}
