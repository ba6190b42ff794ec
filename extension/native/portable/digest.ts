/**
 * Digests of files: the head first, then only what its magic asks for, and never a digest of half a file.
 *
 * A digest counts only when the file was the same before and after: as large as at opening, not one byte more, and
 * with the same times. Everything else is `changed`, because a wrong digest would be worse than none.
 */
import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { headLength } from '../../domain/file-kind.ts'
import { type DigestAlgorithm, digestAlgorithms } from '../../domain/observable.ts'
import type { DigestClass, DigestedFile, DigestItem, DigestRequest, DigestResult } from '../engine.ts'
import { changed, eachFile, expectedFile, type GoOn, verifyUnchanged } from './each-file.ts'
import type { Addressing } from './folder.ts'
import type { OpenFile } from './open.ts'

/** Bytes per read. All three digests of as much take under a millisecond: the event loop is never held longer. */
export const chunkSize = 256 * 1024

/** Digests a request; see the contract. */
export async function digest(
  addressing: Addressing,
  request: DigestRequest,
  signal: AbortSignal,
): Promise<readonly DigestResult[]> {
  return await eachFile(addressing, request, signal, (file, item, goOn) => digestOpen(file, request, item, goOn))
}

async function digestOpen(file: OpenFile, request: DigestRequest, item: DigestItem, goOn: GoOn): Promise<DigestedFile> {
  const identity = expectedFile(file, item, request.maxFileBytes)
  const head = await readHead(file.handle, identity.size)
  const algorithms = wanted(head, item.classes, request.classes)
  const hashes = algorithms.map((name) => createHash(name).update(head))
  const bytesRead = hashes.length === 0 ? head.length : await readRest(file.handle, identity.size, head, hashes, goOn)
  await verifyUnchanged(file, identity)
  const digests: Partial<Record<DigestAlgorithm, string>> = {}
  for (const [index, name] of algorithms.entries()) digests[name] = hashes[index]?.digest('hex') ?? ''
  return { head: Uint8Array.from(head), identity, digests, bytesRead }
}

/** The first bytes; one more than the size tells is asked for, so that a file that lies about it (/proc) is noticed. */
async function readHead(handle: FileHandle, size: number): Promise<Buffer> {
  const head = Buffer.alloc(headLength)
  let length = 0
  while (length < headLength) {
    const { bytesRead } = await handle.read(head, length, headLength - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length !== Math.min(size, headLength)) throw changed(`${length} bytes where its size is ${size}`)
  return head.subarray(0, length)
}

async function readRest(
  handle: FileHandle,
  size: number,
  head: Buffer,
  hashes: readonly Hash[],
  goOn: GoOn,
): Promise<number> {
  // One byte more than is left, so that the same read shows whether the file ends where it should.
  const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, size - head.length + 1))
  let position = head.length
  for (let bytesRead = head.length; ; position += bytesRead) {
    await goOn(bytesRead)
    ;({ bytesRead } = await handle.read(buffer, 0, buffer.length, position))
    if (bytesRead === 0) break
    if (position + bytesRead > size) throw changed(`more than ${size} bytes`)
    for (const hash of hashes) hash.update(buffer.subarray(0, bytesRead))
  }
  if (position < size) throw changed(`${position} of ${size} bytes`)
  return position
}

/** The union of the algorithms of every class whose magic the head has. */
function wanted(head: Buffer, classes: readonly number[], all: readonly DigestClass[]): readonly DigestAlgorithm[] {
  const hex = head.toString('hex')
  const matching = classes.map((index) => {
    const one = all[index]
    if (one === undefined) throw new RangeError(`class is ${index}; expected an index below ${all.length}`)
    return one
  })
  const asked = matching
    .filter(({ magics }) => magics === undefined || magics.some((magic) => hex.startsWith(magic)))
    .flatMap(({ algorithms }) => algorithms)
  return digestAlgorithms.filter((name) => asked.includes(name))
}
