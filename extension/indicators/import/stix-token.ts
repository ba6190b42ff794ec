/**
 * Tokens of STIX patterns.
 * https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html section 9
 *
 * Patterns come from strangers: length and number of tokens are bounded, every token is found by one anchored
 * expression without nested repetition, and nothing is guessed.
 */

/** What a token is. `word` is an identifier or a keyword; keywords are words in capitals. */
export type TokenKind = 'word' | 'text' | 'number' | 'time' | 'bytes' | 'sign' | 'end'

/** One token. For `text`, `time` and `bytes` the value is what stood inside the quotes, unescaped. */
export interface Token {
  readonly kind: TokenKind
  readonly value: string
  /** Offset in the pattern, from 0. */
  readonly at: number
}

/** Tokens, or what stopped them. */
export type Tokens = { readonly tokens: readonly Token[] } | { readonly problem: string }

/** Longest pattern read. Public bundles have patterns of a few kilobytes where hashes are joined by OR. */
export const maxPatternLength = 256 << 10

/** Most tokens read: about 8 for each value. */
const maxTokens = 65_536

const blank = /\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*/y
const shapes: readonly (readonly [TokenKind, RegExp])[] = [
  ['time', /t'([^'\\]*)'/y],
  ['bytes', /[hb]'([^'\\]*)'/y],
  ['word', /[A-Za-z_][A-Za-z0-9_-]*/y],
  ['number', /[+-]?\d+(?:\.\d+)?/y],
  ['sign', /==|!=|<>|<=|>=|[=<>[\](),:.*]/y],
]

/** Splits a pattern. The last token is always `end`. */
export function tokensOf(pattern: string): Tokens {
  if (pattern.length > maxPatternLength) {
    return { problem: `the pattern has ${pattern.length} characters; expected at most ${maxPatternLength}` }
  }
  const tokens: Token[] = []
  let at = 0
  while (at < pattern.length) {
    const skipped = match(blank, pattern, at)
    if (skipped !== undefined) {
      at += skipped[0].length
      continue
    }
    const token = pattern[at] === "'" ? textToken(pattern, at) : shapedToken(pattern, at)
    if (token === undefined) return { problem: `unexpected ${JSON.stringify(pattern[at])} at ${at}` }
    if (token.end < 0) return { problem: `the text that starts at ${at} is never closed` }
    tokens.push({ kind: token.kind, value: token.value, at })
    if (tokens.length > maxTokens) return { problem: `the pattern has more than ${maxTokens} tokens` }
    at = token.end
  }
  tokens.push({ kind: 'end', value: '', at: pattern.length })
  return { tokens }
}

interface Found {
  readonly kind: TokenKind
  readonly value: string
  readonly end: number
}

function shapedToken(pattern: string, at: number): Found | undefined {
  for (const [kind, shape] of shapes) {
    const found = match(shape, pattern, at)
    if (found !== undefined) return { kind, value: found[1] ?? found[0], end: at + found[0].length }
  }
  return undefined
}

/** `\\` and `\'` are the only escapes; a lone backslash, common in Windows paths, is kept. */
function textToken(pattern: string, start: number): Found {
  let value = ''
  let from = start + 1
  for (let at = from; at < pattern.length; at++) {
    const c = pattern[at]
    if (c === "'") return { kind: 'text', value: value + pattern.slice(from, at), end: at + 1 }
    const next = pattern[at + 1]
    if (c === '\\' && (next === '\\' || next === "'")) {
      value += pattern.slice(from, at) + next
      at += 1
      from = at + 1
    }
  }
  return { kind: 'text', value: '', end: -1 }
}

function match(shape: RegExp, text: string, at: number): RegExpExecArray | undefined {
  shape.lastIndex = at
  return shape.exec(text) ?? undefined
}
