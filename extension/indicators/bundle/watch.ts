/**
 * Notices that other indicators are to be in force: a bundle was installed or rolled back, a key came or went, a time
 * is over.
 *
 * A look costs some calls of `stat`. Only when one of the files differs, or the bundle in force has expired, is
 * everything read and verified again.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { type BundleChoice, chooseBundle, noteChecked } from './choose.ts'
import type { BundleStore } from './store.ts'
import { keyFiles } from './trust.ts'

/** A bundle that was too old may only have met a clock that was wrong: it is tried again after so long. */
const retryMs = 3_600_000

/** Watches one store. */
export class BundleWatch {
  readonly #store: BundleStore
  readonly #trust: readonly string[]
  readonly #clock: Clock
  #stamp: string
  #choice: BundleChoice
  #chosenMs: number

  private constructor(store: BundleStore, trust: readonly string[], clock: Clock, stamp: string, choice: BundleChoice) {
    this.#store = store
    this.#trust = trust
    this.#clock = clock
    this.#stamp = stamp
    this.#choice = choice
    this.#chosenMs = clock.nowMs()
  }

  /** Chooses for the first time. */
  static async open(store: BundleStore, trust: readonly string[], clock: Clock): Promise<BundleWatch> {
    const stamp = stampOf(store, trust) // before the choice: what changes meanwhile is seen at the next look
    const choice = await chooseBundle(store, trust, secondsOf(clock))
    await noteChecked(store, choice)
    return new BundleWatch(store, trust, clock, stamp, choice)
  }

  /** What was chosen at the last look. */
  get choice(): BundleChoice {
    return this.#choice
  }

  /** Whether a look would choose anew. */
  get isOutdated(): boolean {
    return stampOf(this.#store, this.#trust) !== this.#stamp || this.#isOver()
  }

  /** Looks; the choice, which is another object when it was made anew. */
  async look(): Promise<BundleChoice> {
    const stamp = stampOf(this.#store, this.#trust)
    if (stamp === this.#stamp && !this.#isOver()) return this.#choice
    this.#choice = await chooseBundle(this.#store, this.#trust, secondsOf(this.#clock))
    this.#stamp = stamp
    this.#chosenMs = this.#clock.nowMs()
    return this.#choice
  }

  #isOver(): boolean {
    const { bundle, status } = this.#choice
    const nowMs = this.#clock.nowMs()
    if (bundle?.content.expires !== undefined && nowMs >= bundle.content.expires * 1000) return true
    const hasExpired = status.troubles.some(({ code }) => code === 'bundle_expired')
    return hasExpired && Math.abs(nowMs - this.#chosenMs) > retryMs
  }
}

/** Identity, size and times of everything a choice depends on. */
function stampOf(store: BundleStore, trust: readonly string[]): string {
  const files = [store.directory, ...filesIn(store.directory), ...trust.flatMap((path) => [path, ...keysAt(path)])]
  return files.map(stateOf).join('\n')
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.bundle') || name === 'installed.json')
      .sort()
      .map((name) => join(directory, name))
  } catch {
    return []
  }
}

function keysAt(path: string): readonly string[] {
  try {
    return keyFiles(path)
  } catch {
    return []
  }
}

function stateOf(path: string): string {
  try {
    const { dev, ino, size, mode, uid, gid, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true })
    return [path, dev, ino, size, mode, uid, gid, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return `${path} ${error instanceof Error && 'code' in error ? String(error.code) : ''}`
  }
}

function secondsOf(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1000)
}
