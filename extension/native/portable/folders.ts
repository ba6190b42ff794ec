/**
 * Directories held open, by path, so that neighbours are opened once.
 *
 * A directory is opened inside its parent, which is opened inside its own, down from the root. The least recently used
 * ones are closed beyond a bound; whoever needs one again opens the chain again. One in use is never closed: its
 * descriptor's number would soon name another.
 */
import { type Addressing, type Folder, openChild, openRoot } from './folder.ts'
import type { Parts } from './location.ts'
import type { Root } from './roots.ts'

/** Unused directories kept open: enough for the siblings of a batch, far below the usual limit of 1024 descriptors. */
const capacity = 256

interface Slot {
  readonly opening: Promise<Folder>
  users: number
}

/** A directory in use; call `release` exactly once. */
export interface Lease {
  readonly folder: Folder
  release(): void
}

/** The open directories of one call. */
export class Folders {
  readonly addressing: Addressing
  readonly #roots: readonly Root[]
  readonly #slots = new Map<string, Slot>()
  #isClosed = false

  constructor(addressing: Addressing, roots: readonly Root[]) {
    this.addressing = addressing
    this.#roots = roots
  }

  /** Opens a directory, or takes the open one. */
  async acquire(root: number, parts: Parts): Promise<Lease> {
    const key = `${root}/${parts.map((part) => part.toString('latin1')).join('/')}`
    const slot = this.#slots.get(key) ?? { opening: this.#open(root, parts), users: 0 }
    this.#slots.delete(key)
    this.#slots.set(key, slot)
    slot.users++
    try {
      return { folder: await slot.opening, release: () => this.#release(slot) }
    } catch (error) {
      if (this.#slots.get(key) === slot) this.#slots.delete(key)
      throw error
    }
  }

  /**
   * Names a file to `work`: inside its open parent directory, or by the root's own path when it is the root.
   * `verify` is to be called after opening.
   */
  async locate<T>(
    root: number,
    parts: Parts,
    work: (path: Buffer, verify: Folder['verify']) => Promise<T>,
  ): Promise<T> {
    const name = parts.at(-1)
    if (name === undefined) return work(this.rootPath(root), async () => {})
    const { folder, release } = await this.acquire(root, parts.slice(0, -1))
    try {
      return await work(folder.at(name), () => folder.verify())
    } finally {
      release()
    }
  }

  /** Closes what is unused now, and the rest as soon as it is released. */
  close(): void {
    this.#isClosed = true
    this.#trim(0)
  }

  /** The path of a root; an index beyond the request's roots is a defect of the caller. */
  rootPath(root: number): Buffer {
    const path = this.#roots[root]?.path
    if (path === undefined) throw new RangeError(`root is ${root}; expected an index below ${this.#roots.length}`)
    return path
  }

  async #open(root: number, parts: Parts): Promise<Folder> {
    const name = parts.at(-1)
    if (name === undefined) return openRoot(this.addressing, this.rootPath(root))
    const parent = await this.acquire(root, parts.slice(0, -1))
    try {
      return await openChild(this.addressing, parent.folder, name)
    } finally {
      parent.release()
    }
  }

  #release(slot: Slot): void {
    slot.users--
    this.#trim(this.#isClosed ? 0 : capacity)
  }

  #trim(size: number): void {
    if (this.#slots.size <= size) return
    for (const [key, slot] of this.#slots) {
      if (slot.users > 0) continue
      this.#slots.delete(key)
      slot.opening.then((folder) => folder.close()).catch(() => {}) // a close that fails has nothing to tell
      if (this.#slots.size <= size) return
    }
  }
}
