/**
 * Path patterns, the one pattern language of places, indicators and selection rules.
 *
 * A pattern is a relative path with `/` between components. Inside a component `*` stands for any run of characters,
 * never for `/`; a component `**` stands for any number of components, none included. There is no `?`, no class, no
 * brace and no escape: those characters are ordinary. Case is ignored for ASCII letters
 * when asked. The native engine implements the same language on bytes; a shared table of cases holds both to it.
 */

/** A compiled pattern. */
export interface Glob {
  readonly pattern: string
  readonly components: readonly string[]
  readonly ignoreCase: boolean
}

/** Compiles a pattern; leading and doubled slashes are dropped. */
export function glob(pattern: string, ignoreCase: boolean): Glob {
  const components = pattern.split('/').filter((part) => part !== '')
  return { pattern, components: ignoreCase ? components.map(foldAscii) : components, ignoreCase }
}

/** Whether a relative path (components joined by `/`) matches the whole pattern. */
export function matchesGlob(compiled: Glob, path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '')
  let states = start(compiled)
  for (const part of parts) {
    states = step(compiled, states, part)
    if (states.length === 0) return false
  }
  return accepts(compiled, states)
}

/** The positions in the pattern before any component has been read. */
export function start(compiled: Glob): number[] {
  return close(compiled, [0])
}

/** The positions after one more path component; empty means nothing below can match. */
export function step(compiled: Glob, states: readonly number[], component: string): number[] {
  const name = compiled.ignoreCase ? foldAscii(component) : component
  const next: number[] = []
  for (const at of states) {
    const want = compiled.components[at]
    if (want === undefined) continue
    if (want === '**') next.push(at)
    else if (matchesComponent(want, name)) next.push(at + 1)
  }
  return close(compiled, next)
}

/** Whether the path read so far is a complete match. */
export function accepts(compiled: Glob, states: readonly number[]): boolean {
  return states.includes(compiled.components.length)
}

/** Lower-cases A to Z only, as NTFS and APFS look-ups of these names do for ASCII. */
export function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (run) => run.toLowerCase())
}

function close(compiled: Glob, states: number[]): number[] {
  const out = new Set<number>()
  for (let at of states) {
    while (!out.has(at)) {
      out.add(at)
      if (compiled.components[at] !== '**') break
      at += 1
    }
  }
  return [...out]
}

/** Wildcard match of one component: linear in time for one star, never exponential (two-pointer backtracking). */
export function matchesComponent(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let mark = 0
  while (n < name.length) {
    const c = pattern[p]
    if (c === '*') {
      star = p++
      mark = n
    } else if (c !== undefined && c === name[n]) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
