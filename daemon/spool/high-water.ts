/**
 * The newest sequence once more, in a small file beside the database.
 *
 * When the write-ahead log is lost, the database is whole and older than it was, and would give sequences a second time.
 * This file is written after every commit, without waiting for the disk: it survives the process, and a lost log is
 * noticed and counted. After a power failure it may lag, and the database, which waited for the disk, is ahead. It only
 * ever raises what the database says, and only for the same stream.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

const size = 20

/** The open file. */
export interface HighWater {
  /** What was noted for this stream; 0: nothing that proves itself. */
  newestOf(stream: string): number
  note(stream: string, newest: number): void
  close(): void
}

/** Opens or makes it. Throws what the file system throws. */
export function openHighWater(path: string): HighWater {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const buffer = Buffer.alloc(size)
  return {
    newestOf(stream) {
      const got = readSync(descriptor, buffer, 0, size, 0)
      const isWhole = got === size && crc32(buffer.subarray(4)) === buffer.readUInt32LE(0)
      return isWhole && buffer.toString('hex', 4, 12) === stream ? buffer.readDoubleLE(12) : 0
    },
    note(stream, newest) {
      buffer.write(stream, 4, 'hex')
      buffer.writeDoubleLE(newest, 12)
      buffer.writeUInt32LE(crc32(buffer.subarray(4)), 0)
      writeSync(descriptor, buffer, 0, size, 0)
    },
    close: () => closeSync(descriptor),
  }
}
