/**
 * One directory while it is read.
 *
 * Names are read a few at a time, ruled on, and only what a rule selects is looked at with lstat. Where a file system
 * does not tell the type with the name, Node looks at every name itself before handing it out; there is no way to
 * ask it not to.
 */
import type { Dir, Dirent } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import type { WalkPlan } from '../engine.ts'
import { entryOf, requireRegular } from './entry.ts'
import type { Folder } from './folder.ts'
import type { Folders, Lease } from './folders.ts'
import { absoluteKey, type Parts, pathOf } from './location.ts'
import { mayEnter } from './mounts.ts'
import type { Reach, Rules } from './rules.ts'
import type { Tally } from './tally.ts'
import type { Visited } from './visited.ts'

/** Names read in one step: eight directories at a time make a batch. */
export const stepSize = 128

/** A directory to be read, and what can match in it. */
export interface Place {
  readonly root: number
  readonly parts: Parts
  readonly reach: Reach
  /** Devices of the parent and of the root; undefined for a root. */
  readonly around: { readonly parent: bigint; readonly root: bigint } | undefined
}

/** What all listings of a walk share. */
export interface WalkState {
  readonly plan: WalkPlan
  readonly rules: Rules
  readonly folders: Folders
  readonly tally: Tally
  readonly visited: Visited
  /** Keys of the absolute paths that are not to be entered. */
  readonly skip: ReadonlySet<string>
  /** Directories to be read next. */
  readonly places: Place[]
}

/** Reads one directory in steps. */
export class Listing {
  readonly #walk: WalkState
  readonly #place: Place
  #lease: Lease | undefined
  #directory: Dir | undefined
  #around = { parent: 0n, root: 0n }
  #isDone = false
  #isStepping = false

  constructor(walk: WalkState, place: Place) {
    this.#walk = walk
    this.#place = place
  }

  /** Whether there is nothing more to read. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Opens the directory at first, then reads and rules on a few names. Never rejects for what it finds. */
  async step(): Promise<void> {
    this.#isStepping = true
    try {
      if (this.#directory !== undefined || (await this.#open())) await this.#read()
      else this.#isDone = true
    } catch (error) {
      this.#isDone = true
      this.#walk.tally.fail(this.#place.root, this.#place.parts, error)
    } finally {
      this.#isStepping = false
      if (this.#isDone) await this.#close()
    }
  }

  /** Ends the reading; a step under way ends first, because a descriptor in use must not be closed. */
  async giveUp(): Promise<void> {
    this.#isDone = true
    if (!this.#isStepping) await this.#close()
  }

  async #close(): Promise<void> {
    const directory = this.#directory
    const lease = this.#lease
    this.#directory = undefined
    this.#lease = undefined
    await directory?.close().catch(() => {}) // it was only read
    lease?.release()
  }

  async #open(): Promise<boolean> {
    const { plan, folders, tally, visited } = this.#walk
    const { root, parts, reach, around } = this.#place
    this.#lease = await folders.acquire(root, parts)
    const { folder } = this.#lease
    const { dev, ino } = await folder.stat()
    if (around !== undefined && !(await mayEnter(plan.mounts, folder, dev, around))) {
      tally.refuse(root, parts, 'other_filesystem', 'a mount point that is not crossed')
      return false
    }
    if (!visited.isNew(root, dev, ino, reach)) return false
    this.#around = { parent: dev, root: around?.root ?? dev }
    this.#directory = await opendir(folder.self, { encoding: 'buffer' as BufferEncoding, bufferSize: stepSize })
    await folder.verify()
    tally.directories++
    return true
  }

  async #read(): Promise<void> {
    const { tally } = this.#walk
    const looks: Promise<void>[] = []
    for (let count = 0; count < stepSize && !this.#isDone; count++) {
      const dirent = (await this.#directory?.read()) as Dirent<Buffer> | null | undefined
      if (dirent && tally.countEntry(this.#place.root, this.#place.parts)) looks.push(...this.#rule(dirent))
      else this.#isDone = true
    }
    await Promise.all(looks)
  }

  /** Decides on one name; what is returned is the look at the file that it takes, if it takes one. */
  #rule(dirent: Dirent<Buffer>): Promise<void>[] {
    const { tally, rules } = this.#walk
    const { root, parts, reach } = this.#place
    const here = [...parts, dirent.name]
    const ruling = rules.rule(reach, dirent.name)
    if (dirent.isFile()) tally.files++
    if (dirent.isDirectory()) this.#descend(here, ruling.below)
    else if (dirent.isSymbolicLink()) {
      // A link to a directory hides what is below from rules that name it: `var/log/x` where `var` is a link.
      if (ruling.isExpected || ruling.selecting.length > 0)
        tally.refuse(root, here, 'symlink', 'a symbolic link; links are not followed')
    } else if (ruling.selecting.length > 0) return [this.#look(here, dirent.name, ruling.selecting)]
    return []
  }

  #descend(here: Parts, below: Reach): void {
    const { plan, folders, tally, skip, places } = this.#walk
    const { root } = this.#place
    if (below.length === 0) return
    if (skip.size > 0 && skip.has(absoluteKey(folders.rootPath(root), here)))
      tally.refuse(root, here, 'skipped', 'in the skip list')
    else if (here.length > plan.maxDepth) tally.cut(root, here, 'too_deep', `deeper than ${plan.maxDepth} levels`)
    else places.push({ root, parts: here, reach: below, around: this.#around })
  }

  async #look(here: Parts, name: Buffer, selecting: readonly number[]): Promise<void> {
    const { tally, rules } = this.#walk
    const { root } = this.#place
    try {
      const stats = await lstat(this.#folder().at(name), { bigint: true })
      requireRegular(stats)
      const held = rules.ofSize(selecting, Number(stats.size))
      if (held.length > 0) tally.select(entryOf(root, pathOf(here), held, stats))
    } catch (error) {
      tally.fail(root, here, error)
    }
  }

  #folder(): Folder {
    if (this.#lease === undefined) throw new Error('the directory is not open')
    return this.#lease.folder
  }
}
