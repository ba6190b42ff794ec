/**
 * Received logs, line by line, for `threecx daemon verify`: plain or packed, of any size.
 */
import { createReadStream } from 'node:fs'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** A longer line is no line of ours. */
const maxLineBytes = 64 * 1024 * 1024

/** Lines of a file, without their ends; memory is that of a line. Rejects when the file cannot be read or unpacked. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const source: Readable = createReadStream(path)
  const unpacked = path.endsWith('.gz')
    ? through(source, createGunzip())
    : path.endsWith('.zst')
      ? through(source, createZstdDecompress())
      : source
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of unpacked as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (length <= maxLineBytes)
        yield Buffer.concat([...parts, chunk.subarray(from, end)])
          .toString('utf8')
          .replace(/\r$/, '')
      else yield ''
      parts = []
      length = 0
      from = end + 1
    }
    length += chunk.length - from
    if (length <= maxLineBytes) parts.push(chunk.subarray(from))
    else parts = []
  }
  if (length > 0) yield length <= maxLineBytes ? Buffer.concat(parts).toString('utf8') : ''
}

function through(source: Readable, step: Transform): Readable {
  source.on('error', (error) => step.destroy(error))
  return source.pipe(step)
}
