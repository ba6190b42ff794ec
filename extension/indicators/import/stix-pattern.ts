/**
 * The grammar of STIX 2.1 patterns, as a recursive-descent parser.
 * https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html section 9.5
 *
 * It reads everything the standard allows (comparisons and their sets, NOT, EXISTS, observations joined by AND, OR and
 * FOLLOWEDBY, qualifiers), so that what cannot become an indicator is reported for what it is and not as a syntax
 * error. What it means is decided in stix-meaning.ts. Recursion happens in parentheses only, and is bounded.
 */
import { type Token, type TokenKind, tokensOf } from './stix-token.ts'

/** `file:hashes.'SHA-256'` is the object `file` and the steps `hashes`, `SHA-256`. A list step is `[0]` or `[*]`. */
export interface ObjectPath {
  readonly object: string
  readonly steps: readonly string[]
}

/** A constant, as text; `type` says how it was written. */
export interface Constant {
  readonly type: 'text' | 'number' | 'boolean' | 'time' | 'bytes'
  readonly value: string
}

export type Operator =
  | '='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'IN'
  | 'LIKE'
  | 'MATCHES'
  | 'ISSUBSET'
  | 'ISSUPERSET'
  | 'EXISTS'

/** One comparison. EXISTS has no values, IN has several. */
export interface Test {
  readonly kind: 'test'
  readonly path: ObjectPath
  readonly isNegated: boolean
  readonly operator: Operator
  readonly values: readonly Constant[]
}

/** Comparisons inside one pair of brackets; AND binds tighter than OR. */
export type Comparison = Test | { readonly kind: 'and' | 'or'; readonly parts: readonly Comparison[] }

export type Qualifier =
  | { readonly kind: 'within'; readonly seconds: number }
  | { readonly kind: 'repeats'; readonly times: number }
  | { readonly kind: 'window'; readonly start: string; readonly stop: string }

export type Observation =
  | { readonly kind: 'observation'; readonly comparison: Comparison }
  | { readonly kind: 'and' | 'or' | 'followedby'; readonly parts: readonly Observation[] }
  | { readonly kind: 'qualified'; readonly inner: Observation; readonly qualifier: Qualifier }

/** A parsed pattern, or where it stops making sense. */
export type ParsedPattern = { readonly pattern: Observation } | { readonly problem: string }

/** Deepest nesting of parentheses. People write two or three. */
const maxDepth = 64

/** Qualifiers on one observation. The language has three. */
const maxQualifiers = 8

/** Parses a pattern; never throws. */
export function parseStixPattern(text: string): ParsedPattern {
  const lexed = tokensOf(text)
  if ('problem' in lexed) return lexed
  try {
    return { pattern: new Parser(lexed.tokens).pattern() }
  } catch (cause) {
    if (cause instanceof SyntaxProblem) return { problem: cause.message }
    throw cause
  }
}

/** Leaves the parser; never leaves this module. */
class SyntaxProblem extends Error {}

const simpleOperators: Readonly<Record<string, Operator>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
}
const textOperators: ReadonlySet<string> = new Set(['LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET'])
const keywords: ReadonlySet<string> = new Set(
  'AND OR NOT FOLLOWEDBY LIKE MATCHES ISSUPERSET ISSUBSET EXISTS IN START STOP SECONDS WITHIN REPEATS TIMES'.split(' '),
)

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  pattern(): Observation {
    const pattern = this.#observations()
    if (this.#peek().kind !== 'end') throw this.#unexpected('the end of the pattern')
    return pattern
  }

  #observations(): Observation {
    const anyOf = () => this.#joined('OR', 'or', () => this.#joined('AND', 'and', () => this.#observation()))
    return this.#joined('FOLLOWEDBY', 'followedby', anyOf)
  }

  #observation(): Observation {
    let inner: Observation
    if (this.#accept('[')) {
      inner = { kind: 'observation', comparison: this.#comparisons() }
      this.#expect(']')
    } else if (this.#accept('(')) {
      inner = this.#nested(() => this.#observations())
      this.#expect(')')
    } else throw this.#unexpected('[ or (')
    for (let count = 1, one = this.#qualifier(); one !== undefined; count++, one = this.#qualifier()) {
      if (count > maxQualifiers) throw new SyntaxProblem(`more than ${maxQualifiers} qualifiers on one observation`)
      inner = { kind: 'qualified', inner, qualifier: one }
    }
    return inner
  }

  #qualifier(): Qualifier | undefined {
    if (this.#acceptWord('WITHIN')) {
      const seconds = Number(this.#constant('number').value)
      this.#expectWord('SECONDS')
      return { kind: 'within', seconds }
    }
    if (this.#acceptWord('REPEATS')) {
      const times = Number(this.#constant('number').value)
      this.#expectWord('TIMES')
      return { kind: 'repeats', times }
    }
    if (this.#acceptWord('START')) {
      const start = this.#constant('time').value
      this.#expectWord('STOP')
      return { kind: 'window', start, stop: this.#constant('time').value }
    }
    return undefined
  }

  #comparisons(): Comparison {
    return this.#joined('OR', 'or', () => this.#joined('AND', 'and', () => this.#comparison()))
  }

  #comparison(): Comparison {
    if (this.#accept('(')) {
      const inner = this.#nested(() => this.#comparisons())
      this.#expect(')')
      return inner
    }
    const isDenied = this.#acceptWord('NOT')
    if (this.#acceptWord('EXISTS')) {
      return { kind: 'test', path: this.#path(), isNegated: isDenied, operator: 'EXISTS', values: [] }
    }
    const path = this.#path()
    const isNegated = this.#acceptWord('NOT') !== isDenied
    return { kind: 'test', path, isNegated, ...this.#operation() }
  }

  #operation(): { operator: Operator; values: Constant[] } {
    const token = this.#peek()
    const simple = token.kind === 'sign' ? simpleOperators[token.value] : undefined
    if (simple !== undefined) {
      this.#at += 1
      return { operator: simple, values: [this.#constant(undefined)] }
    }
    if (token.kind === 'word' && textOperators.has(token.value)) {
      this.#at += 1
      return { operator: token.value as Operator, values: [this.#constant('text')] }
    }
    if (!this.#acceptWord('IN')) throw this.#unexpected('a comparison')
    this.#expect('(')
    const values: Constant[] = []
    if (!this.#accept(')')) {
      do values.push(this.#constant(undefined))
      while (this.#accept(','))
      this.#expect(')')
    }
    return { operator: 'IN', values }
  }

  #path(): ObjectPath {
    const object = this.#name('an object path')
    this.#expect(':')
    const steps = [this.#step()]
    for (;;) {
      if (this.#accept('.')) steps.push(this.#step())
      else if (this.#accept('[')) {
        steps.push(`[${this.#accept('*') ? '*' : this.#constant('number').value}]`)
        this.#expect(']')
      } else return { object, steps }
    }
  }

  #step(): string {
    const token = this.#peek()
    if (token.kind !== 'text') return this.#name('a property')
    this.#at += 1
    return token.value
  }

  #constant(wanted: 'text' | 'number' | 'time' | undefined): Constant {
    const { kind, value } = this.#peek()
    const isBoolean = kind === 'word' && /^(true|false)$/i.test(value)
    const type = isBoolean ? 'boolean' : kind
    const isConstant = type === 'text' || type === 'number' || type === 'boolean' || type === 'time' || type === 'bytes'
    if (!isConstant || (wanted !== undefined && type !== wanted)) throw this.#unexpected(wanted ?? 'a constant')
    this.#at += 1
    return { type, value }
  }

  #name(expected: string): string {
    const token = this.#peek()
    if (token.kind !== 'word' || keywords.has(token.value)) throw this.#unexpected(expected)
    this.#at += 1
    return token.value
  }

  /** One part, or several joined by a word; never a list of one. */
  #joined<T, K extends string>(word: string, kind: K, part: () => T): T | { kind: K; parts: T[] } {
    const parts = [part()]
    while (this.#acceptWord(word)) parts.push(part())
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : { kind, parts }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw new SyntaxProblem(`parentheses are nested more than ${maxDepth} deep`)
    const value = read()
    this.#depth -= 1
    return value
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', value: '', at: 0 }
  }

  #acceptToken(kind: TokenKind, value: string): boolean {
    const token = this.#peek()
    if (token.kind !== kind || token.value !== value) return false
    this.#at += 1
    return true
  }

  #accept(sign: string): boolean {
    return this.#acceptToken('sign', sign)
  }

  #acceptWord(word: string): boolean {
    return this.#acceptToken('word', word)
  }

  #expect(sign: string): void {
    if (!this.#accept(sign)) throw this.#unexpected(sign)
  }

  #expectWord(word: string): void {
    if (!this.#acceptWord(word)) throw this.#unexpected(word)
  }

  #unexpected(expected: string): SyntaxProblem {
    const { kind, value, at } = this.#peek()
    const found = kind === 'end' ? 'the end' : JSON.stringify(value.slice(0, 40))
    return new SyntaxProblem(`${found} at ${at}; expected ${expected}`)
  }
}
