/**
 * A file read in blocks: decoders ask for a few bytes here and there, and every read of an engine opens the file anew.
 *
 * A block of headers answers most questions about most files. Reads longer than a block go through as they are.
 */
import type { RandomAccess } from '../domain/random-access.ts'

/** Headers, section table and version resources of a program lie within some 16 KiB stretches. */
const blockLength = 16 << 10
/** Blocks kept: headers, the certificate table, and the places between which decoders go back and forth. */
const maxBlocks = 8

/** The same file, read in blocks. */
export function bufferedFile(file: RandomAccess): RandomAccess {
  const blocks = new Map<number, Promise<Uint8Array>>()

  const block = (number: number): Promise<Uint8Array> => {
    const known = blocks.get(number)
    blocks.delete(number)
    const bytes = known ?? file.read(number * blockLength, blockLength)
    blocks.set(number, bytes) // the newest is the last
    const [oldest] = blocks.keys()
    if (blocks.size > maxBlocks && oldest !== undefined) blocks.delete(oldest)
    bytes.catch(() => blocks.delete(number))
    return bytes
  }

  return {
    size: file.size,
    read: async (offset, length) => {
      if (length > blockLength) return await file.read(offset, length)
      const first = Math.floor(offset / blockLength)
      const start = offset - first * blockLength
      const head = await block(first)
      if (start + length <= blockLength) return head.subarray(start, start + length)
      const tail = head.length < blockLength ? new Uint8Array() : await block(first + 1)
      const both = new Uint8Array(head.length + tail.length)
      both.set(head)
      both.set(tail, head.length)
      return both.subarray(start, start + length)
    },
  }
}

/** Bytes in memory as a file. */
export function memoryFile(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(Math.min(offset, bytes.length), offset + length),
  }
}
