/** A part of the benchmark: what `npm run bench -- NAME` runs. One per folder, in `part.ts`, and listed in `parts.ts`. */

/** Takes a line of results. */
export type Say = (line: string) => void

/** What a part is given. */
export interface Bench {
  /** Where trees and programs are kept between runs. */
  readonly base: string
  /** How often everything is measured, after a first time that is not counted. */
  readonly rounds: number
  readonly say: Say
}

/** One part. */
export interface Part {
  readonly name: string
  /** Its heading in results.md. */
  readonly title: string
  /** How it measures: what a reader of its tables must know. */
  how(rounds: number): string
  /** Whether the targets, or the picture of the limits, need it. */
  readonly hasTargets: boolean
  /** Measures, says tables, and keeps what the targets need. Throws when answers differ. */
  run(bench: Bench): void | Promise<void>
}
