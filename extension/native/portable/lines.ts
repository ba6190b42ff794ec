/**
 * Lines of a text file that hold one of many strings: read, unpack, recode, pick, one chunk at a time.
 */
import type { PathText } from '../../domain/path-text.ts'
import type { FileIdentity, FileRef } from '../engine.ts'
import { checkLinesRequest, type LinesBatch, type LinesProblem, type LinesRequest, type Packing } from '../lines.ts'
import { chunkSize } from './digest.ts'
import { changed, expectedFile } from './each-file.ts'
import { FileFailure, fileFailure } from './failure.ts'
import type { Addressing } from './folder.ts'
import { Folders } from './folders.ts'
import { LinePicker } from './line-picker.ts'
import { partsOf } from './location.ts'
import { type OpenFile, openRegular } from './open.ts'
import { untilAborted } from './patience.ts'
import { usableRoots } from './roots.ts'
import { StringSearch } from './string-search.ts'
import { packingOf, UnpackFailure, unpacked } from './unpack.ts'

/** A file to read, below one of the roots. */
type Item = FileRef & { readonly expected?: FileIdentity }

/** Reads a file; see the contract. */
export async function* lines(
  addressing: Addressing,
  roots: readonly PathText[],
  item: Item,
  request: LinesRequest,
  signal: AbortSignal,
): AsyncGenerator<LinesBatch, void, undefined> {
  signal.throwIfAborted()
  checkLinesRequest(request)
  let file: OpenFile
  try {
    file = await untilAborted(signal, opened(addressing, roots, item))
  } catch (error) {
    signal.throwIfAborted()
    yield { lines: [], packing: 'none', read: 0, problem: problemOf(error) }
    return
  }
  try {
    yield* new Reading(file, request, signal).batches()
  } finally {
    await file.handle.close()
  }
}

async function opened(addressing: Addressing, roots: readonly PathText[], item: Item): Promise<OpenFile> {
  const folders = new Folders(addressing, await usableRoots(roots))
  try {
    return await folders.locate(item.root, partsOf(item.path), async (path, verify) => {
      const file = await openRegular(addressing, path, verify)
      try {
        expectedFile(file, item, Number.POSITIVE_INFINITY)
        return file
      } catch (error) {
        await file.handle.close()
        throw error
      }
    })
  } finally {
    folders.close()
  }
}

/** The order of the bytes of UTF-16, by its mark. */
const marks: Readonly<Record<string, 'utf-16le' | 'utf-16be'>> = { fffe: 'utf-16le', feff: 'utf-16be' }

/** One file being read. */
class Reading {
  readonly #file: OpenFile
  readonly #request: LinesRequest
  readonly #signal: AbortSignal
  readonly #size: number
  #deadline: number
  #packing: Packing = 'none'
  #read = 0

  constructor(file: OpenFile, request: LinesRequest, signal: AbortSignal) {
    this.#file = file
    this.#request = request
    this.#signal = signal
    this.#size = Number(file.stats.size)
    this.#deadline = performance.now() + request.timeoutMs
  }

  async *batches(): AsyncGenerator<LinesBatch, void, undefined> {
    let picker: LinePicker | undefined
    let decoder: TextDecoder | undefined
    let problem: LinesBatch['problem']
    try {
      for await (const chunk of this.#text()) {
        let text = chunk
        if (picker === undefined) {
          const order = marks[chunk.toString('hex', 0, 2)]
          if (order !== undefined) {
            decoder = new TextDecoder(order, { ignoreBOM: true })
            text = chunk.subarray(2)
          }
          const search = new StringSearch(this.#request.patterns)
          picker = new LinePicker(this.#request, search, order ? 2 : 0, order ? 2 : 1)
        }
        picker.push(decoder ? Buffer.from(decoder.decode(text, { stream: true })) : text, false)
        const found = picker.take()
        if (found.length > 0) yield* this.#batch(found)
        if (picker.isBeyond) throw beyond('too_many', `more than ${this.#request.maxLines} lines`)
      }
    } catch (error) {
      this.#signal.throwIfAborted()
      problem = problemOf(error)
    }
    picker?.push(Buffer.from(decoder?.decode() ?? ''), true)
    const found = picker?.take() ?? []
    if (problem === undefined && picker?.isBeyond) {
      problem = { code: 'too_many', message: `more than ${this.#request.maxLines} lines; the rest was not read` }
    }
    yield { lines: found, packing: this.#packing, read: this.#read, ...(problem && { problem }) }
  }

  /** Time in which the batch is looked at does not count. */
  *#batch(found: LinesBatch['lines']): Generator<LinesBatch, void, undefined> {
    const given = performance.now()
    yield { lines: found, packing: this.#packing, read: this.#read }
    this.#deadline += performance.now() - given
  }

  /** The unpacked text up to the limit; the first chunk has two bytes or is all there is. */
  async *#text(): AsyncGenerator<Buffer, void, undefined> {
    const { maxBytes } = this.#request
    const head = Buffer.alloc(16)
    const { bytesRead } = await this.#file.handle.read(head, 0, Math.min(16, this.#size), 0)
    this.#packing = packingOf(head.subarray(0, bytesRead))
    let first: Buffer | undefined
    for await (const chunk of unpacked(this.#packing, this.#chunks())) {
      this.#goOn()
      const left = maxBytes - this.#read
      if (chunk.length > left) {
        this.#read = maxBytes
        yield Buffer.concat([first ?? Buffer.alloc(0), chunk.subarray(0, left)])
        throw beyond('too_big', `the text is longer than ${maxBytes} bytes`)
      }
      this.#read += chunk.length
      const text: Buffer = first === undefined ? chunk : Buffer.concat([first, chunk])
      first = this.#read < 2 ? text : undefined
      if (first === undefined) yield text
    }
    if (first !== undefined) yield first
  }

  /** The bytes of the file, never beyond the size it had at opening. */
  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (let at = 0; at < this.#size; ) {
      this.#goOn()
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, this.#size - at))
      const { bytesRead } = await untilAborted(this.#signal, this.#file.handle.read(buffer, 0, buffer.length, at))
      if (bytesRead === 0) throw changed(`${at} of ${this.#size} bytes`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  #goOn(): void {
    this.#signal.throwIfAborted()
    if (performance.now() > this.#deadline) {
      throw new FileFailure('timeout', `took longer than ${this.#request.timeoutMs} ms`)
    }
  }
}

function beyond(code: LinesProblem, what: string): UnpackFailure {
  return new UnpackFailure(code, `${what}; the rest was not read`)
}

function problemOf(error: unknown): { code: LinesProblem; message: string } {
  if (error instanceof UnpackFailure) return { code: error.code, message: error.message }
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const { code, message } = fileFailure(cause)
  return { code: code as LinesProblem, message }
}
