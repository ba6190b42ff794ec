/**
 * One file out of an npm tarball, in memory: gzip around POSIX tar, as `npm pack` writes it.
 *
 * The bytes were compared with the lock file before; this only has to find a name. Long names (pax records) are not
 * looked at, since no runtime has one.
 */
import { gunzipSync } from 'node:zlib'

const block = 512

/** The content of `name`, such as `package/bin/node`. Throws when it is not there. */
export function fileInTarball(tarball: Uint8Array, name: string): Uint8Array {
  const tar = gunzipSync(tarball)
  for (let at = 0; at + block <= tar.length; ) {
    const header = tar.subarray(at, at + block)
    const size = Number.parseInt(text(header, 124, 12), 8) || 0
    const prefix = text(header, 345, 155)
    const found = prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`
    const start = at + block
    if (found === name) return tar.subarray(start, start + size)
    at = start + Math.ceil(size / block) * block
  }
  throw new Error(`the tarball holds no ${name}`)
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end < 0 ? length : end).trim()
}
