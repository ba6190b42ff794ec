/**
 * The tokens of an XML document: tags and text, in one pass.
 *
 * Comments, processing instructions and the document type are skipped, attributes are not kept. The five predefined
 * entities and character references are decoded; any other reference stays as written. Time is linear in the text:
 * every search starts where the last token ended.
 * https://www.w3.org/TR/xml/
 */

/** A piece of a document. After `damage` nothing follows. */
export type XmlToken =
  | { readonly kind: 'open'; readonly name: string; readonly isEmpty: boolean }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'damage'; readonly problem: string }

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Yields the tokens of a document, decoded. */
export function* xmlTokens(text: string): Generator<XmlToken> {
  let at = 0
  while (at < text.length) {
    const mark = text.indexOf('<', at)
    const end = mark < 0 ? text.length : mark
    if (end > at) yield { kind: 'text', text: decode(text.slice(at, end)) }
    if (mark < 0) return
    const stop = endOfMarkup(text, mark)
    if (stop < 0) {
      yield { kind: 'damage', problem: `a tag at ${mark} does not end` }
      return
    }
    const token = markup(text.slice(mark, stop))
    if (token) yield token
    at = stop
  }
}

/** Index behind the markup that starts at `mark`, or -1. */
function endOfMarkup(text: string, mark: number): number {
  const behind = (end: string, from: number) => {
    const at = text.indexOf(end, from)
    return at < 0 ? -1 : at + end.length
  }
  if (text.startsWith('<!--', mark)) return behind('-->', mark + 4)
  if (text.startsWith('<![CDATA[', mark)) return behind(']]>', mark + 9)
  if (text.startsWith('<?', mark)) return behind('?>', mark + 2)
  if (text.startsWith('<!', mark)) return endOfDeclaration(text, mark)
  return endOfTag(text, mark)
}

/** A tag ends at the first `>` outside quotes. */
function endOfTag(text: string, mark: number): number {
  for (let at = mark + 1; at < text.length; at++) {
    const c = text[at]
    if (c === '>') return at + 1
    if (c === '"' || c === "'") at = text.indexOf(c, at + 1)
    if (at < 0) return -1
  }
  return -1
}

/** A document type ends at the first `>` outside quotes, comments and its bracketed subset. */
function endOfDeclaration(text: string, mark: number): number {
  let depth = 0
  for (let at = mark + 2; at < text.length; at++) {
    const c = text[at]
    if (c === '>' && depth === 0) return at + 1
    if (c === '[') depth += 1
    else if (c === ']') depth -= 1
    else if (c === '"' || c === "'") at = text.indexOf(c, at + 1)
    else if (text.startsWith('<!--', at)) at = text.indexOf('-->', at + 4)
    if (at < 0) return -1
  }
  return -1
}

function markup(raw: string): XmlToken | undefined {
  if (raw.startsWith('<![CDATA[')) return { kind: 'text', text: lineEnds(raw.slice(9, -3)) }
  if (raw.startsWith('<!') || raw.startsWith('<?')) return undefined
  const isClose = raw.startsWith('</')
  const name = /^[^\s/>]*/.exec(raw.slice(isClose ? 2 : 1))?.[0] ?? ''
  if (name === '') return { kind: 'damage', problem: 'a tag without a name' }
  return isClose ? { kind: 'close', name } : { kind: 'open', name, isEmpty: raw.endsWith('/>') }
}

/** Text with line ends normalised and references replaced. Replacements are not looked at again. */
function decode(raw: string): string {
  const text = lineEnds(raw)
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/g, (all, hex, decimal, name) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? all) : all
    const code = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all
  })
}

function lineEnds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}
