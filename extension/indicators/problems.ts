/**
 * Problems in indicator data: where, what was found, what was expected, and whether the data can be repaired.
 *
 * A file is checked to its end and all its problems are reported together. The number kept per file is bounded, because a
 * hostile file can be wrong in half a million places.
 */
import { HunterError } from '../domain/errors.ts'

/** One thing wrong with one place of one file. */
export interface IndicatorProblem {
  readonly file: string
  /** Such as `indicators[12].value`; empty when the whole file is meant. */
  readonly place: string
  /** What was found and what was expected, without a final full stop. */
  readonly message: string
  /** The command that repairs it; absent when a person must decide. */
  readonly fix?: string
}

/** What repairs everything that can be repaired without a decision. */
export const fixCommand = 'Run threecx indicators check --fix.'

/** Kept per file. More says nothing new, and the message counts the rest. */
export const maxProblems = 1000

/** One problem as one line. */
export function problemText(problem: IndicatorProblem): string {
  const place = problem.place === '' ? '' : ` ${problem.place}:`
  return `cannot load ${problem.file}:${place} ${problem.message}.${problem.fix === undefined ? '' : ` ${problem.fix}`}`
}

/** Indicator data that cannot be used, with every problem found. */
export class IndicatorsError extends HunterError {
  readonly problems: readonly IndicatorProblem[]

  constructor(problems: readonly IndicatorProblem[], options?: ErrorOptions) {
    const [first] = problems
    const rest = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    super('indicators_invalid', `${first ? problemText(first) : 'cannot load indicators'}${rest}`, options)
    this.name = 'IndicatorsError'
    this.problems = problems
  }
}

/** Collects the problems of one file, up to a bound. */
export class ProblemList {
  readonly #file: string
  readonly #problems: IndicatorProblem[] = []
  #omitted = 0

  constructor(file: string) {
    this.#file = file
  }

  add(place: string, message: string, fix?: string): void {
    if (this.#problems.length >= maxProblems) this.#omitted += 1
    else this.#problems.push({ file: this.#file, place, message, ...(fix === undefined ? {} : { fix }) })
  }

  get isFull(): boolean {
    return this.#omitted > 0
  }

  /** All problems, with one last line for those that were not kept. */
  all(): IndicatorProblem[] {
    if (this.#omitted === 0) return [...this.#problems]
    const message = `more than ${maxProblems} problems; the rest is not listed`
    return [...this.#problems, { file: this.#file, place: '', message }]
  }
}

/** A value as quoted in a message: JSON, one line, bounded. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
