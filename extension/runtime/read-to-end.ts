/**
 * The bytes of an open file, within a bound that holds while the file grows.
 */
import { readSync } from 'node:fs'

/** Everything from the handle's place to the end; undefined when that is more than `maxBytes`. Throws what the system says. */
export function readToEnd(handle: number, maxBytes: number): Uint8Array | undefined {
  const bytes = Buffer.alloc(maxBytes + 1)
  let length = 0
  for (;;) {
    const read = readSync(handle, bytes, length, bytes.length - length, null)
    length += read
    if (length > maxBytes) return undefined
    if (read === 0) return bytes.subarray(0, length)
  }
}
