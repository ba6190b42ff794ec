/**
 * LIKE and GLOB as SQLite answers them, for tables that filter before SQLite does.
 *
 * LIKE ignores case for ASCII letters only; `_` and `?` stand for one code point. A prefilter that is stricter than
 * SQLite loses rows silently, so both are held to SQLite's own answers by a property test. SQLite's matcher stops at a
 * NUL; callers that may meet one must not filter by it.
 * https://sqlite.org/lang_expr.html#like, `patternCompare` in https://sqlite.org/src/file/src/func.c
 */

type Token = 'any' | 'one' | Matcher
type Matcher = (point: number) => boolean

/** Whether `value LIKE pattern`. */
export function like(pattern: string, value: string): boolean {
  return likeMatcher(pattern)(value)
}

/** Whether `value GLOB pattern`. */
export function glob(pattern: string, value: string): boolean {
  return globMatcher(pattern)(value)
}

/** LIKE with the pattern read once. */
export function likeMatcher(pattern: string): (value: string) => boolean {
  const tokens: Token[] = codePoints(pattern).map((point) => {
    if (point === 0x25) return 'any'
    if (point === 0x5f) return 'one'
    const wanted = fold(point)
    return (seen) => fold(seen) === wanted
  })
  return (value) => matches(tokens, codePoints(value))
}

/** GLOB with the pattern read once. */
export function globMatcher(pattern: string): (value: string) => boolean {
  const tokens = globTokens(codePoints(pattern))
  return (value) => tokens !== undefined && matches(tokens, codePoints(value))
}

/** Two pointers and one remembered star: never worse than quadratic. */
function matches(tokens: readonly Token[], points: readonly number[]): boolean {
  let t = 0
  let p = 0
  let star = -1
  let mark = 0
  while (p < points.length) {
    const token = tokens[t]
    const point = points[p] ?? 0
    if (token === 'any') {
      star = t++
      mark = p
    } else if (token !== undefined && (token === 'one' || token(point))) {
      t++
      p++
    } else if (star >= 0) {
      t = star + 1
      p = ++mark
    } else return false
  }
  while (tokens[t] === 'any') t++
  return t === tokens.length
}

/** Undefined for a class that never closes: SQLite matches nothing then. */
function globTokens(pattern: readonly number[]): Token[] | undefined {
  const tokens: Token[] = []
  for (let at = 0; at < pattern.length; at++) {
    const point = pattern[at] ?? 0
    if (point === 0x2a) tokens.push('any')
    else if (point === 0x3f) tokens.push('one')
    else if (point !== 0x5b) tokens.push((seen) => seen === point)
    else {
      const found = globClass(pattern, at + 1)
      if (!found) return undefined
      tokens.push(found.matcher)
      at = found.end
    }
  }
  return tokens
}

/** `[...]`: `^` first inverts, `]` first is literal, `a-z` is a range. */
function globClass(pattern: readonly number[], from: number): { matcher: Matcher; end: number } | undefined {
  const singles = new Set<number>()
  const ranges: (readonly [number, number])[] = []
  const isInverted = pattern[from] === 0x5e
  let at = isInverted ? from + 1 : from
  let previous = 0
  if (pattern[at] === 0x5d) {
    singles.add(0x5d)
    at++
  }
  for (; at < pattern.length && pattern[at] !== 0x5d; at++) {
    const point = pattern[at] ?? 0
    const next = pattern[at + 1]
    if (point === 0x2d && next !== undefined && next !== 0x5d && previous > 0) {
      ranges.push([previous, next])
      previous = 0
      at++
    } else {
      singles.add(point)
      previous = point
    }
  }
  if (at >= pattern.length) return undefined
  const isIn = (seen: number) => singles.has(seen) || ranges.some(([low, high]) => seen >= low && seen <= high)
  return { matcher: (seen) => isIn(seen) !== isInverted, end: at }
}

function fold(point: number): number {
  return point >= 0x41 && point <= 0x5a ? point + 32 : point
}

/** SQLite reads surrogates, U+FFFE and U+FFFF as U+FFFD. */
function codePoints(text: string): number[] {
  return Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0
    return (point & ~0x7ff) === 0xd800 || (point & ~1) === 0xfffe ? 0xfffd : point
  })
}
