/**
 * Settled files of the native engine: a table of fingerprints that lives in the add-on and is never copied here.
 *
 * What crosses is a path, and the numbers of entries that a pass had done with. How it is kept is in
 * scan/src/settled.rs.
 */
import { randomBytes } from 'node:crypto'
import type { SettledFiles, WalkEntry } from './engine.ts'

/** The secret of a new list: fingerprints that nobody can aim. */
const keyBytes = 16

/** What the add-on exports for it. */
export interface SettledAddon {
  readonly NativeSettled: new (scope: Buffer, key: Buffer, nowMs: number) => NativeSettled
}

/** The add-on's own object. */
export interface NativeSettled {
  load(path: string): Promise<Uint8Array>
  settle(tickets: Uint32Array): void
  save(path: string, isWhole: boolean): Promise<Uint8Array>
}

/** Reads an answer of one number; throws what the add-on refused. */
type Count = (packed: Uint8Array) => number

/** Settled files, for the walks of this engine. */
export class NativeSettledFiles implements SettledFiles {
  /** What a walk of the add-on is given. */
  readonly native: NativeSettled
  readonly #path: string
  readonly #count: Count

  private constructor(native: NativeSettled, path: string, count: Count) {
    this.native = native
    this.#path = path
    this.#count = count
  }

  /** Rejects when the file is damaged or cannot be read. */
  static async open(
    addon: SettledAddon,
    path: string,
    scope: string,
    nowMs: number,
    count: Count,
  ): Promise<SettledFiles> {
    const native = new addon.NativeSettled(Buffer.from(scope, 'hex'), randomBytes(keyBytes), nowMs)
    count(await native.load(path))
    return new NativeSettledFiles(native, path, count)
  }

  settle(entries: readonly Pick<WalkEntry, 'ticket'>[]): void {
    const tickets = entries.flatMap(({ ticket }) => ticket ?? [])
    if (tickets.length > 0) this.native.settle(Uint32Array.from(tickets))
  }

  async save(isWhole: boolean): Promise<boolean> {
    return this.#count(await this.native.save(this.#path, isWhole)) === 1
  }
}
