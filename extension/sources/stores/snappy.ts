/**
 * Snappy's block format: what LevelDB packs its blocks with.
 *
 * Total: a block that refers before its start, ends early or states more than the bound is refused.
 * https://github.com/google/snappy/blob/main/format_description.txt
 */

/** Unpacks a block; undefined when it is none or larger than the bound. */
export function unsnappy(packed: Uint8Array, maxBytes: number): Uint8Array | undefined {
  let at = 0
  let size = 0
  for (let shift = 0; ; shift += 7) {
    const byte = packed[at++]
    if (byte === undefined || shift > 28) return undefined
    size += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (size > maxBytes) return undefined
  const out = new Uint8Array(size)
  let filled = 0
  while (at < packed.length) {
    const tag = packed[at++] ?? 0
    if ((tag & 3) === 0) {
      const short = tag >> 2
      const width = Math.max(0, short - 59)
      const length = (width === 0 ? short : little(packed, at, width)) + 1
      at += width
      if (at + length > packed.length || filled + length > size) return undefined
      out.set(packed.subarray(at, at + length), filled)
      at += length
      filled += length
      continue
    }
    const kind = tag & 3
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const width = kind === 1 ? 1 : kind === 2 ? 2 : 4
    const back = kind === 1 ? ((tag >> 5) << 8) | (packed[at] ?? 0) : little(packed, at, width)
    at += width
    if (at > packed.length || back === 0 || back > filled || filled + length > size) return undefined
    // Byte by byte: a copy may reach into what it writes.
    for (let i = 0; i < length; i++) out[filled + i] = out[filled + i - back] ?? 0
    filled += length
  }
  return filled === size ? out : undefined
}

function little(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}
