/**
 * Totals of a walk, its bound on entries, and what waits to be yielded.
 *
 * All directories being read write here; JavaScript runs one of them at a time, so counting needs no lock.
 */
import type { EngineError, EngineErrorCode, WalkBatch, WalkEntry, WalkProgress } from '../engine.ts'
import { fileFailure } from './failure.ts'
import { type Parts, pathOf } from './location.ts'

/** The contract's bound on one batch; errors keep to it, too. */
const batchSize = 1024

/** Counts and collects. */
export class Tally {
  directories = 0
  files = 0
  #entries = 0
  #selected = 0
  #isTruncated = false
  #isFull = false
  readonly #maxEntries: number
  readonly #found: WalkEntry[] = []
  readonly #errors: EngineError[] = []

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Whether maxEntries was reached and one more was seen: the walk ends. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Counts one name read from `directory`; false when it is one too many. */
  countEntry(root: number, directory: Parts): boolean {
    if (this.#entries < this.#maxEntries) {
      this.#entries++
      return true
    }
    if (!this.#isFull) this.cut(root, directory, 'too_many', `more than ${this.#maxEntries} entries`)
    this.#isFull = true
    return false
  }

  /** Notes a place where a bound ended the walk. */
  cut(root: number, place: Parts, code: EngineErrorCode, message: string): void {
    this.#isTruncated = true
    this.refuse(root, place, code, message)
  }

  /** Notes something that was not examined. */
  refuse(root: number, place: Parts, code: EngineErrorCode, message: string): void {
    this.#errors.push({ root, path: pathOf(place), code, message })
  }

  /** Notes what went wrong with something. */
  fail(root: number, place: Parts, error: unknown): void {
    const { code, message } = fileFailure(error)
    this.refuse(root, place, code, message)
  }

  /** Notes a selected file. */
  select(entry: WalkEntry): void {
    this.#selected++
    this.#found.push(entry)
  }

  /** Whether a whole batch waits. */
  get hasBatch(): boolean {
    return this.#found.length >= batchSize || this.#errors.length >= batchSize
  }

  /** Whether anything waits. */
  get isWaiting(): boolean {
    return this.#found.length + this.#errors.length > 0
  }

  /** Takes up to one batch of what waits. */
  take(): WalkBatch {
    return {
      entries: this.#found.splice(0, batchSize),
      errors: this.#errors.splice(0, batchSize),
      progress: this.#progress(),
    }
  }

  #progress(): WalkProgress {
    return {
      directories: this.directories,
      entries: this.#entries,
      files: this.files,
      selected: this.#selected,
      settled: 0,
      truncated: this.#isTruncated,
    }
  }
}
