/**
 * Reads many files, each opened as safely as can be, within its time, and as gently as asked.
 *
 * What is done with an open file is the caller's; what goes wrong with one file is data, in its place among the others.
 */

import type { PathText } from '../../domain/path-text.ts'
import { CpuBudget } from '../cpu-budget.ts'
import type { EngineErrorCode, FileIdentity, FileRef, Pace } from '../engine.ts'
import { ReadBudget } from '../read-budget.ts'
import { identityOf, isSameIdentity } from './entry.ts'
import { FileFailure, fileFailure } from './failure.ts'
import type { Addressing } from './folder.ts'
import { Folders } from './folders.ts'
import { partsOf } from './location.ts'
import { type OpenFile, openRegular } from './open.ts'
import { mapBounded, untilAborted, withinMs } from './patience.ts'
import { usableRoots } from './roots.ts'

/** Files read at a time: as many as Node has threads for file calls. */
const width = 4

/** The contract's bound on one request. */
const maxItems = 1024

/** A file somebody wants read. */
export interface WantedFile extends FileRef {
  readonly expected?: FileIdentity
}

/** The part of a request that says which files, and how. */
interface FilesRequest<Item extends WantedFile> {
  readonly roots: readonly PathText[]
  readonly items: readonly Item[]
  readonly fileTimeoutMs: number
  readonly pace?: Pace
}

/** Why a file was not read. */
export interface Failed {
  readonly error: EngineErrorCode
  readonly message: string
}

/**
 * Rests as the pace asks, also for the bytes that were read since the last call, and throws when the file has taken too
 * long or nobody wants it any more.
 */
export type GoOn = (bytesRead?: number) => Promise<void>

/** What a request may use. */
interface Budgets {
  readonly cpu: CpuBudget
  readonly reads?: ReadBudget
}

/** What is done with one open file. */
type Work<Item, T> = (file: OpenFile, item: Item, goOn: GoOn) => Promise<T>

/** One result per item, in their order. */
export async function eachFile<Item extends WantedFile, T>(
  addressing: Addressing,
  request: FilesRequest<Item>,
  signal: AbortSignal,
  work: Work<Item, T>,
): Promise<readonly (T | Failed)[]> {
  signal.throwIfAborted()
  const { roots, items, pace } = request
  if (items.length > maxItems) throw new RangeError(`${items.length} files to read; expected at most ${maxItems}`)
  const folders = new Folders(addressing, await untilAborted(signal, usableRoots(roots)))
  const budgets = pace && budgetsOf(pace)
  for (const { root } of items) folders.rootPath(root)
  const one = (item: Item) => oneFile(folders, request.fileTimeoutMs, item, budgets, signal, work)
  try {
    return await untilAborted(signal, mapBounded(width, items, one))
  } finally {
    folders.close()
  }
}

async function oneFile<Item extends WantedFile, T>(
  folders: Folders,
  timeoutMs: number,
  item: Item,
  budgets: Budgets | undefined,
  signal: AbortSignal,
  work: Work<Item, T>,
): Promise<T | Failed> {
  const late = () => new FileFailure('timeout', `took longer than ${timeoutMs} ms`)
  let restedMs = 0
  const deadline = performance.now() + timeoutMs
  const tell = (ms: number) => {
    restedMs += ms
  }
  const goOn = async (bytesRead = 0) => {
    budgets?.reads?.count(bytesRead)
    await budgets?.cpu.rest(signal, tell)
    await budgets?.reads?.rest(signal, tell)
    signal.throwIfAborted()
    if (performance.now() - restedMs > deadline) throw late()
  }
  try {
    await goOn()
    const done = folders.locate(item.root, partsOf(item.path), async (path, verify) => {
      const file = await openRegular(folders.addressing, path, verify)
      try {
        return await work(file, item, goOn)
      } finally {
        await file.handle.close()
      }
    })
    return await withinMs(timeoutMs, done, late, () => restedMs)
  } catch (error) {
    signal.throwIfAborted()
    const { code, message } = fileFailure(error)
    return { error: code, message }
  }
}

function budgetsOf({ cpuShare, bytesPerSecond }: Pace): Budgets {
  const cpu = new CpuBudget(cpuShare)
  return bytesPerSecond === undefined ? { cpu } : { cpu, reads: new ReadBudget(bytesPerSecond) }
}

/** What an open file is, when it is the one that was expected and not too large. */
export function expectedFile(file: OpenFile, { expected }: WantedFile, maxBytes: number): FileIdentity {
  const identity = identityOf(file.stats)
  if (expected && !isSameIdentity(expected, identity)) throw changed('not the file that was expected')
  if (identity.size > maxBytes) throw new FileFailure('too_big', `${identity.size} bytes; the limit is ${maxBytes}`)
  return identity
}

/** Throws when a file is not what it was. */
export async function verifyUnchanged(file: OpenFile, identity: FileIdentity): Promise<void> {
  const now = identityOf(await file.handle.stat({ bigint: true }))
  if (!isSameIdentity(identity, now)) throw changed('its times or size')
}

/** The failure of a file that is not, or no longer, what it was. */
export function changed(what: string): FileFailure {
  return new FileFailure('changed', `the file changed: ${what}`)
}
