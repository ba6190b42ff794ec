/**
 * Where full passes keep which files they had done with, so that the next one need not look at them.
 *
 * A file is left out only while its place, inode, size and times are what they were, and while everything that decides
 * what is said of a file is what it was: that is the scope, and a change of indicators, rules or selection makes it
 * another one. Then every file is looked at again, with its digests from the hash cache. Like that cache this is a
 * convenience: a list that is damaged is set aside, one that cannot be used is done without.
 */
import { createHash } from 'node:crypto'
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PathText } from '../domain/path-text.ts'
import type { ScanEngine, SettledFiles } from '../native/engine.ts'
import type { Logger } from '../runtime/log.ts'

/** Settled files for the length of one pass. */
export interface SettledPass {
  /** What the walk is given and the pass adds to; absent: every file is looked at. */
  readonly files?: SettledFiles
  /** Keeps them. `isWhole`: the walk met everything below its root, and what it did not meet is forgotten. */
  keep(isWhole: boolean): Promise<void>
}

/** Remembers settled files between passes. */
export interface SettledStore {
  /** For a pass below `root`; the list is believed only when it was kept for an equal `scope`. Never rejects. */
  open(engine: ScanEngine, root: PathText, scope: unknown, nowMs: number): Promise<SettledPass>
}

const everyFileIsLookedAt: SettledPass = { keep: async () => {} }

/** A store that remembers nothing. */
export const nothingSettled: SettledStore = { open: async () => everyFileIsLookedAt }

/** Raised when the same scope has come to mean something else: what is judged of a file without a new release. */
const revision = 1
/** Lists that are kept: one for each volume of a host, or for the images last hunted through. */
const maxLists = 8
/** What is written beside a list is a left-over when it is older, whoever has its writer's number now; milliseconds. */
const leftoverMs = 3_600_000

/** A store in the state directory. */
export function openSettledStore(directory: string, log: Logger): SettledStore {
  return new DirectoryStore(directory, log)
}

class DirectoryStore implements SettledStore {
  readonly #directory: string
  readonly #log: Logger

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    this.#log = log
  }

  async open(engine: ScanEngine, root: PathText, scope: unknown, nowMs: number): Promise<SettledPass> {
    const path = join(this.#directory, `settled-${digestOf(root).slice(0, 16)}`)
    this.#prune()
    const wanted = digestOf([revision, engine.name, root, scope])
    const files = await this.#load(engine, path, wanted, nowMs)
    if (!files) return everyFileIsLookedAt
    return { files, keep: (isWhole) => this.#keep(files, path, isWhole) }
  }

  async #load(engine: ScanEngine, path: string, scope: string, nowMs: number): Promise<SettledFiles | undefined> {
    try {
      return await engine.settled(path, scope, nowMs)
    } catch (cause) {
      this.#log.warn(
        { path, set_aside: `${path}.damaged`, err: cause },
        'list of settled files was damaged and is built anew',
      )
    }
    try {
      renameSync(path, `${path}.damaged`)
      return await engine.settled(path, scope, nowMs)
    } catch (cause) {
      this.#log.warn({ path, err: cause }, 'list of settled files cannot be used, sweeping without it')
      return undefined
    }
  }

  async #keep(files: SettledFiles, path: string, isWhole: boolean): Promise<void> {
    try {
      if (await files.save(isWhole)) this.#prune()
    } catch (cause) {
      this.#log.warn({ path, err: cause }, 'list of settled files was not kept, the next sweep looks at every file')
    }
  }

  /** Removes the oldest lists above the bound, and what killed processes left: also those that never come to keep. */
  #prune(): void {
    try {
      const files = this.#files()
      const isBeside = ({ path }: { path: string }) => path.endsWith('.new')
      const newest = Math.max(...files.map(({ mtimeMs }) => mtimeMs))
      const left = files.filter(
        (file) => isBeside(file) && (file.mtimeMs < newest - leftoverMs || isAbandoned(file.path)),
      )
      const lists = files.filter((file) => !isBeside(file)).sort((a, b) => b.mtimeMs - a.mtimeMs)
      for (const { path } of [...left, ...lists.slice(maxLists)]) rmSync(path, { force: true })
    } catch (cause) {
      this.#log.warn({ path: this.#directory, err: cause }, 'old lists of settled files were not removed')
    }
  }

  #files(): { path: string; mtimeMs: number }[] {
    const names = readdirSync(this.#directory).filter((name) => name.startsWith('settled-'))
    return names.flatMap((name) => {
      const path = join(this.#directory, name)
      const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
      return mtimeMs === undefined ? [] : [{ path, mtimeMs }]
    })
  }
}

/** Whether the process that was writing a file beside a list is gone; its number is in the name, `.PID-N.new`. */
function isAbandoned(path: string): boolean {
  const pid = Number(/\.(\d+)-\d+\.new$/.exec(path)?.[1])
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
