/**
 * Files in memory, for decoders: with a bill of what was read, or with a size that no disk has.
 */
import type { RandomAccess } from '../../extension/domain/random-access.ts'

/** A file that counts. */
export interface MemoryFile extends RandomAccess {
  bytesRead: number
  reads: number
}

/** Some bytes as a file. A larger `size` than there are bytes reads as a file that became shorter. */
export function memoryFile(bytes: Uint8Array, size = bytes.length): MemoryFile {
  const file: MemoryFile = {
    size,
    bytesRead: 0,
    reads: 0,
    read: async (offset, length) => {
      const data = bytes.slice(offset, offset + length)
      file.reads += 1
      file.bytesRead += data.length
      return data
    },
  }
  return file
}

/** A sparse giant: some bytes, then zeros up to `size`. */
export function sparseFile(bytes: Uint8Array, size: number): MemoryFile {
  const file = memoryFile(bytes, size)
  const read = file.read
  file.read = async (offset, length) => {
    const data = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
    data.set(await read(offset, length))
    return data
  }
  return file
}
