/**
 * YARA source, taken apart into its rules without understanding them.
 *
 * YARA-X refuses a whole source for one bad rule; a file of an operator must not lose its other rules, and what a rule
 * means (its metadata) must be known before anything is compiled. So the text is cut at rule boundaries, with strings,
 * regular expressions and comments told apart, in one pass. What a rule says is for the compiler.
 * https://virustotal.github.io/yara-x/docs/writing_rules/anatomy-of-a-rule/
 */

/** A value in a rule's `meta` section. */
export type MetaValue = string | number | boolean

/** One rule as written. */
export interface RuleText {
  readonly name: string
  /** Line of the source on which it begins, from 1. */
  readonly line: number
  /** From its modifiers to its closing brace. */
  readonly text: string
  /** Module imports that stand before it in the source. */
  readonly imports: readonly string[]
  readonly isPrivate: boolean
  readonly meta: Readonly<Record<string, MetaValue>>
}

/** Why a piece of a source is no rule. */
export interface TextProblem {
  readonly line: number
  readonly message: string
}

/** Takes a source apart. Total: any text gives rules and problems. */
export function rulesIn(source: string): {
  readonly rules: readonly RuleText[]
  readonly problems: readonly TextProblem[]
} {
  const rules: RuleText[] = []
  const problems: TextProblem[] = []
  const imports: string[] = []
  const tokens = new Tokens(source)
  let begin: Token | undefined
  for (let token = tokens.next(); token; token = tokens.next()) {
    begin ??= token
    if (token.text === 'import' || token.text === 'include') {
      const what = tokens.next()
      if (token.text === 'include')
        problems.push({ line: token.line, message: 'include is not allowed; give the file itself' })
      else if (what?.kind === 'string') imports.push(`import ${what.text}`)
      else problems.push({ line: token.line, message: 'import without the name of a module' })
      begin = undefined
    } else if (token.text === 'rule') {
      const rule = ruleAt(source, tokens, begin, imports)
      if ('message' in rule) problems.push(rule)
      else rules.push(rule)
      begin = undefined
    } else if (token.text !== 'private' && token.text !== 'global') {
      problems.push({ line: token.line, message: `${shown(token.text)} where a rule was expected` })
      tokens.skipToRule()
      begin = undefined
    }
  }
  return { rules, problems }
}

function ruleAt(source: string, tokens: Tokens, begin: Token, imports: readonly string[]): RuleText | TextProblem {
  const name = tokens.next()
  if (name?.kind !== 'word') return { line: begin.line, message: 'a rule without a name' }
  let token = tokens.next()
  while (token && token.text !== '{') token = tokens.next()
  const meta: Record<string, MetaValue> = {}
  let depth = token ? 1 : 0
  let section = ''
  let key: Token | undefined
  while (token && depth > 0) {
    token = tokens.next()
    if (token?.text === '{') depth++
    if (token?.text === '}') depth--
    if (!token || depth !== 1) continue
    if (token.kind === 'word' && tokens.peek() === ':' && sections.has(token.text)) {
      section = token.text
      key = undefined
    } else if (section === 'meta') key = metaEntry(meta, key, token)
  }
  if (!token) return { line: begin.line, message: `rule ${shown(name.text)} has no end` }
  const text = source.slice(begin.at, token.at + 1)
  const isPrivate = /^(?:global\s+)?private\b/.test(text)
  return { name: name.text, line: begin.line, text, imports: [...imports], isPrivate, meta: { ...meta } }
}

const sections = new Set(['meta', 'strings', 'variables', 'condition'])

/** Takes one token of `key = value`; the key while its value is still to come. */
function metaEntry(meta: Record<string, MetaValue>, key: Token | undefined, token: Token): Token | undefined {
  if (token.text === '=' || token.text === ':') return key
  if (!key) return token.kind === 'word' ? token : undefined
  const value = metaValue(token)
  if (value !== undefined && key.text !== '__proto__') meta[key.text] = value
  return undefined
}

function metaValue({ kind, text }: Token): MetaValue | undefined {
  if (kind === 'string') return text.slice(1, -1).replace(/\\(["\\])/g, '$1')
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d+$/.test(text) ? Number(text) : undefined
}

interface Token {
  readonly kind: 'word' | 'string' | 'other'
  readonly text: string
  readonly at: number
  readonly line: number
}

const word = /[A-Za-z0-9_$#@!.]+/y

/** Tokens of a source, comments left out. */
class Tokens {
  readonly #source: string
  #at = 0
  #line = 1
  /** Where the line ends: found once per line, or a source of one long line would be read once per token. */
  #lineEnd: number
  /** The last token, which tells a regular expression from a division. */
  #last = ''

  constructor(source: string) {
    this.#source = source
    this.#lineEnd = source.indexOf('\n')
  }

  /** The next token; undefined at the end. */
  next(): Token | undefined {
    this.#skipBlank()
    const at = this.#at
    const line = this.#line
    const first = this.#source[at]
    if (first === undefined) return undefined
    const kind = first === '"' || this.#isRegexp(first) ? 'string' : 'other'
    if (kind === 'string') this.#advance(this.#quotedEnd(first))
    else {
      word.lastIndex = at
      this.#advance(word.test(this.#source) ? word.lastIndex : at + 1)
    }
    const text = this.#source.slice(at, this.#at)
    this.#last = text
    return { kind: kind === 'string' ? kind : /^[A-Za-z0-9_]/.test(text) ? 'word' : 'other', text, at, line }
  }

  /** The next character that is neither blank nor comment, not consumed. */
  peek(): string | undefined {
    this.#skipBlank()
    return this.#source[this.#at]
  }

  /** Goes to the next word that begins a rule, on a line of its own. */
  skipToRule(): void {
    const next = /\n[ \t]*(?:(?:private|global)\s+)*rule\s/g
    next.lastIndex = Math.max(0, this.#at - 1)
    const found = next.exec(this.#source)
    this.#advance(found ? found.index + 1 : this.#source.length)
  }

  #skipBlank(): void {
    for (;;) {
      const rest = this.#source.slice(this.#at, this.#at + 2)
      if (rest === '//') this.#advance(endOf(this.#source, '\n', this.#at))
      else if (rest === '/*') this.#advance(endOf(this.#source, '*/', this.#at + 2))
      else if (/^\s/.test(rest)) this.#advance(this.#at + 1)
      else return
    }
  }

  /** `=` and `matches` are followed by one, and so are the brackets and commas of a call. */
  #isRegexp(first: string): boolean {
    return first === '/' && ['=', 'matches', '(', ','].includes(this.#last)
  }

  /** Behind the closing quote; a quote that is never closed ends with its line. */
  #quotedEnd(quote: string): number {
    for (let at = this.#at + 1; at < this.#source.length; at++) {
      const one = this.#source[at]
      if (one === '\\') at++
      else if (one === quote) return at + 1
      else if (one === '\n') return at
    }
    return this.#source.length
  }

  #advance(to: number): void {
    while (this.#lineEnd >= 0 && this.#lineEnd < to) {
      this.#line++
      this.#lineEnd = this.#source.indexOf('\n', this.#lineEnd + 1)
    }
    this.#at = to
  }
}

function endOf(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? text.length : at + what.length
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40))
}
