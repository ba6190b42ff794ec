/**
 * A bounded search of executable memory for the decrypted loader.
 *
 * The loader never touches the disk in this form, so this is where it can be seen. Memory is read through
 * /proc/PID/mem: nothing is attached, stopped or written. Reading needs the rights that attaching would.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { type Bootstrap, bootstrapLength, findBootstraps } from './bootstrap.ts'
import type { ProcessBounds, Reasons } from './bounds.ts'
import type { Mapping } from './mappings.ts'

/** A loader in the memory of a process. */
export interface LoaderInMemory {
  readonly address: bigint
  readonly mapping: Mapping
  readonly bootstrap: Bootstrap
  /** Whether a whole PE header follows the `MZ` of the library. */
  readonly hasPeHeader: boolean
}

/** Loaders of one process that are told; more add nothing. */
const maxFound = 8
/** Looks at where a shape points, of one process: a hostile one may be full of them. */
const maxLooks = 256
/** Of memory, as far as reading is concerned; a larger page fails as often as it has of these. */
const pageBytes = 4096
/** Enough for an MZ header and the place of the PE header. */
const headerBytes = 64

/** Searches process after process, within one budget. */
export class MemoryScan {
  readonly #proc: string
  readonly #bounds: ProcessBounds
  readonly #reasons: Reasons
  readonly #isLate: () => boolean
  readonly #piece: Buffer
  #bytesLeft: number

  constructor(proc: string, bounds: ProcessBounds, reasons: Reasons, isLate: () => boolean) {
    this.#proc = proc
    this.#bounds = bounds
    this.#reasons = reasons
    this.#isLate = isLate
    this.#piece = Buffer.allocUnsafe(Math.max(bounds.pieceBytes, 2 * bootstrapLength))
    this.#bytesLeft = bounds.maxMemoryBytes
  }

  /** Loaders in these mappings. What cannot be read is counted, not thrown. */
  async search(pid: number, mappings: readonly Mapping[], signal: AbortSignal): Promise<LoaderInMemory[]> {
    if (mappings.length === 0) return []
    let memory: FileHandle
    try {
      memory = await open(`${this.#proc}/${pid}/mem`, 'r')
    } catch (error) {
      this.#reasons.addFailure(error, 'the memory of processes')
      return []
    }
    const search = new ProcessSearch(memory)
    let bytesLeft = Math.min(this.#bytesLeft, this.#bounds.maxProcessMemoryBytes)
    const before = bytesLeft
    try {
      for (const mapping of mappings) {
        for (let at = mapping.start; at < mapping.end && search.found.length < maxFound; ) {
          signal.throwIfAborted()
          if (this.#isLate()) return search.found // counted by who gave the deadline
          if (bytesLeft < bootstrapLength) {
            this.#reasons.add('bounds', 'memory of processes beyond the bound was not searched')
            return search.found
          }
          const length = Math.min(Number(mapping.end - at), this.#piece.length, bytesLeft)
          const read = await readAt(memory, this.#piece.subarray(0, length), at)
          bytesLeft -= read ?? pageBytes
          if (read === 0) break // the process has ended
          if (read === undefined) {
            at += BigInt(pageBytes) // a page that cannot be read hides what follows it from nobody
            continue
          }
          await search.look(this.#piece.subarray(0, read), at, mapping)
          at += BigInt(read)
          if (at < mapping.end && read >= bootstrapLength) at -= BigInt(bootstrapLength - 1)
        }
      }
      if (search.looksLeft === 0)
        this.#reasons.add('bounds', 'a process has more shapes of a loader than are looked at')
      return search.found
    } finally {
      this.#bytesLeft -= before - bytesLeft
      await memory.close()
    }
  }
}

/** The search of one process. */
class ProcessSearch {
  readonly found: LoaderInMemory[] = []
  looksLeft = maxLooks
  readonly #memory: FileHandle

  constructor(memory: FileHandle) {
    this.#memory = memory
  }

  async look(piece: Buffer, start: bigint, mapping: Mapping): Promise<void> {
    for (const bootstrap of findBootstraps(piece)) {
      if (this.looksLeft === 0) return
      const address = start + BigInt(bootstrap.at)
      if (this.found.length >= maxFound || this.found.some((one) => one.address === address)) continue
      const header = await this.#header(address + BigInt(bootstrap.library), mapping)
      if (header?.toString('latin1', 0, 2) !== 'MZ') continue
      this.found.push({
        address,
        mapping,
        bootstrap,
        hasPeHeader: await this.#hasPe(header, address, bootstrap, mapping),
      })
    }
  }

  async #hasPe(header: Buffer, address: bigint, { library }: Bootstrap, mapping: Mapping): Promise<boolean> {
    if (header.length < headerBytes) return false
    const at = address + BigInt(library) + BigInt(header.readUInt32LE(60))
    return (await this.#header(at, mapping))?.toString('latin1', 0, 4) === 'PE\0\0'
  }

  /** Bytes at an address, if it is in the mapping. */
  async #header(at: bigint, { end }: Mapping): Promise<Buffer | undefined> {
    if (at + 4n > end || this.looksLeft === 0) return undefined
    this.looksLeft--
    const buffer = Buffer.alloc(Math.min(headerBytes, Number(end - at)))
    return buffer.subarray(0, (await readAt(this.#memory, buffer, at)) ?? 0)
  }
}

/** How much could be read: none when the process has ended, undefined when this page cannot be read. */
async function readAt(memory: FileHandle, buffer: Buffer, at: bigint): Promise<number | undefined> {
  if (at >= 1n << 63n) return 0
  return await memory.read(buffer, 0, buffer.length, at).then(
    ({ bytesRead }) => bytesRead,
    () => undefined,
  )
}
