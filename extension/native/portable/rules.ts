/**
 * The rules of a plan, followed down a tree name by name.
 *
 * A `Reach` is what can still match below one directory; when it is empty the directory is not even opened. Patterns
 * and names are compared as bytes (each byte one character of a latin1 string): an escape such as `\xff` in a path's
 * text form is one byte here, not four characters that a `*` could split.
 */
import { accepts, foldAscii, type Glob, glob, start, step } from '../../domain/glob.ts'
import type { SelectRule } from '../engine.ts'
import { rawPath } from './location.ts'

/** One rule, and its positions after the components read so far. */
interface Follower {
  readonly rule: number
  readonly positions: readonly number[]
}

/** What can still match below a directory. */
export type Reach = readonly Follower[]

/** What the rules say of one name in a directory. */
export interface Ruling {
  /** Rules whose pattern the path matches, ascending; sizes not looked at. */
  readonly selecting: readonly number[]
  /** Rules that may match below, were this a directory. */
  readonly below: Reach
  /** Whether a rule spells this very name out at this very place: something is expected here. */
  readonly isExpected: boolean
}

/** The compiled rules of a plan. */
export class Rules {
  readonly #rules: readonly SelectRule[]
  readonly #globs: readonly Glob[]
  readonly #ignoreCase: boolean

  constructor(rules: readonly SelectRule[], ignoreCase: boolean) {
    this.#rules = rules
    this.#ignoreCase = ignoreCase
    // Patterns are folded here and names once in `rule`, so the glob itself need not fold for every rule.
    this.#globs = rules.map(({ pattern }) => ({
      ...glob(rawPath(pattern).toString('latin1'), ignoreCase),
      ignoreCase: false,
    }))
  }

  /** What can match below a root. */
  top(): Reach {
    return this.#globs
      .map((compiled, rule) => ({ rule, positions: start(compiled) }))
      .filter((one) => this.#goesOn(one))
  }

  /** Rules that select a root which is itself a file: those that match the empty path. */
  selectingRoot(): readonly number[] {
    return [...this.#globs.entries()].filter(([, one]) => accepts(one, start(one))).map(([rule]) => rule)
  }

  /** Follows one name down. */
  rule(reach: Reach, name: Buffer): Ruling {
    const text = this.#ignoreCase ? foldAscii(name.toString('latin1')) : name.toString('latin1')
    const selecting: number[] = []
    const below: Follower[] = []
    let isExpected = false
    for (const { rule, positions } of reach) {
      const compiled = this.#globOf(rule)
      const next = { rule, positions: step(compiled, positions, text) }
      if (next.positions.length === 0) continue
      if (accepts(compiled, next.positions)) selecting.push(rule)
      if (this.#goesOn(next)) below.push(next)
      isExpected ||= positions.some((at) => compiled.components[at] === text && !isFloating(compiled, at))
    }
    return { selecting, below, isExpected }
  }

  /** The rules among `selecting` whose size bounds hold. */
  ofSize(selecting: readonly number[], size: number): readonly number[] {
    return selecting.filter((rule) => {
      const { minSize = 0, maxSize = Number.POSITIVE_INFINITY } = this.#rules[rule] ?? {}
      return size >= minSize && size <= maxSize
    })
  }

  #globOf(rule: number): Glob {
    const compiled = this.#globs[rule]
    if (compiled === undefined) throw new RangeError(`rule is ${rule}; expected an index below ${this.#globs.length}`)
    return compiled
  }

  #goesOn({ rule, positions }: Follower): boolean {
    return positions.some((at) => at < this.#globOf(rule).components.length)
  }
}

/** Whether a position lies behind a `**`, so that it can be anywhere in the tree. */
function isFloating({ components }: Glob, at: number): boolean {
  const first = components.indexOf('**')
  return first >= 0 && first < at
}
