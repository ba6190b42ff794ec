/**
 * Packed payloads of a journal: zstd, and LZ4 blocks behind their size. Bounded; xz, which old systems wrote, is not
 * unpacked.
 */
import { zstdDecompressSync } from 'node:zlib'

/** A longer field is no line of a log. */
const maxPayload = 1 << 20
const lz4Flag = 2
const zstdFlag = 4

/** The bytes; undefined for what is damaged, too large or packed otherwise. */
export function unpackedPayload(payload: Buffer, flags: number): Buffer | undefined {
  try {
    if ((flags & zstdFlag) !== 0) return zstdDecompressSync(payload, { maxOutputLength: maxPayload })
    if ((flags & lz4Flag) !== 0) return lz4(payload)
    return undefined
  } catch {
    return undefined
  }
}

/** A block of LZ4 behind its unpacked size, which stands in eight bytes. */
function lz4(payload: Buffer): Buffer | undefined {
  const size = payload.length < 8 ? maxPayload + 1 : Number(payload.readBigUInt64LE(0))
  if (size > maxPayload) return undefined
  const out = Buffer.alloc(size)
  let to = 0
  let at = 8
  while (at < payload.length) {
    const token = payload[at++] ?? 0
    const [literals, behind] = length(payload, at, token >> 4)
    at = behind
    if (at + literals > payload.length || to + literals > size) return undefined
    to += payload.copy(out, to, at, at + literals)
    at += literals
    if (at >= payload.length) break
    if (at + 2 > payload.length) return undefined
    const distance = payload.readUInt16LE(at)
    const [more, next] = length(payload, at + 2, token & 15)
    at = next
    const copied = more + 4
    if (distance === 0 || distance > to || to + copied > size) return undefined
    for (let i = 0; i < copied; i++, to++) out[to] = out[to - distance] ?? 0
  }
  return to === size ? out : undefined
}

/** A length of four bits, and of further bytes while they are full. */
function length(payload: Buffer, at: number, bits: number): [length: number, behind: number] {
  let total = bits
  if (bits < 15) return [total, at]
  for (;;) {
    const more = payload[at++] ?? 0
    total += more
    if (more < 255) return [total, at]
  }
}
