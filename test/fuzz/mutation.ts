/**
 * Mutations of bytes by a seeded generator: what a run did can be done again.
 */

/** Numbers that break parsers, little-endian. */
const numbers = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

/** A generator of whole numbers below a bound: xorshift of 32 bits. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

/** A copy with one to eight changes: cut, flipped, overwritten, moved, or lengthened. */
export function mutated(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  let out = Uint8Array.from(bytes)
  for (let left = 1 + next(8); left > 0 && out.length > 0; left--) out = once(out, next)
  return out
}

function once(bytes: Uint8Array<ArrayBuffer>, next: (below: number) => number): Uint8Array<ArrayBuffer> {
  const at = next(bytes.length)
  switch (next(6)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8))
      return bytes
    case 2: {
      const view = new DataView(bytes.buffer)
      const number = numbers[next(numbers.length)] ?? 0
      if (at + 4 <= bytes.length) view.setUint32(at, number, next(2) === 0)
      return bytes
    }
    case 3:
      bytes.copyWithin(at, next(bytes.length), next(bytes.length))
      return bytes
    case 4:
      bytes.fill(next(256), at, at + next(64))
      return bytes
    default:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(next(bytes.length), at + next(4096))])
  }
}
