/**
 * The first eight bytes of a SHA-256, for short texts by the hundred thousand.
 *
 * The runtime's own hashing costs more per call than the hashing itself: 1.5 to 2.3 us for the few dozen bytes of a
 * row's identity, where this takes 0.6. Beyond a kilobyte it is the other way round; that is what `maxBytes` is for.
 * https://csrc.nist.gov/pubs/fips/180-4/upd1/final
 */

/** Longest message. */
export const maxBytes = 1024

const blockBytes = 64
/** A message is followed by a bit, and in the last eight bytes by its length in bits. */
const room = Buffer.alloc(maxBytes + 2 * blockBytes)
const roomView = new DataView(room.buffer, room.byteOffset, room.length)
const schedule = new Int32Array(64)
const result = new DataView(new ArrayBuffer(8))

/** Fractions of the cube roots of the first 64 primes. */
const constants = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)

/** Where a message is put before `firstBytes` is called. */
export const message: Buffer = room.subarray(0, maxBytes)

/** The first eight bytes of the digest of the first `length` bytes of `message`, as a number. */
export function firstBytes(length: number): bigint {
  const end = Math.ceil((length + 9) / blockBytes) * blockBytes
  room[length] = 0x80
  for (let at = length + 1; at < end - 4; at++) room[at] = 0
  roomView.setInt32(end - 4, length * 8)
  let h0 = 0x6a09e667 | 0
  let h1 = 0xbb67ae85 | 0
  let h2 = 0x3c6ef372 | 0
  let h3 = 0xa54ff53a | 0
  let h4 = 0x510e527f | 0
  let h5 = 0x9b05688c | 0
  let h6 = 0x1f83d9ab | 0
  let h7 = 0x5be0cd19 | 0
  for (let block = 0; block < end; block += blockBytes) {
    prepare(block)
    let a = h0
    let b = h1
    let c = h2
    let d = h3
    let e = h4
    let f = h5
    let g = h6
    let h = h7
    for (let round = 0; round < 64; round++) {
      const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const choice = (e & f) ^ (~e & g)
      const one = (h + sum1 + choice + word(constants, round) + word(schedule, round)) | 0
      const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const majority = (a & b) ^ (a & c) ^ (b & c)
      h = g
      g = f
      f = e
      e = (d + one) | 0
      d = c
      c = b
      b = a
      a = (one + sum0 + majority) | 0
    }
    h0 = (h0 + a) | 0
    h1 = (h1 + b) | 0
    h2 = (h2 + c) | 0
    h3 = (h3 + d) | 0
    h4 = (h4 + e) | 0
    h5 = (h5 + f) | 0
    h6 = (h6 + g) | 0
    h7 = (h7 + h) | 0
  }
  result.setInt32(0, h0)
  result.setInt32(4, h1)
  return result.getBigUint64(0)
}

function prepare(block: number): void {
  for (let at = 0; at < 16; at++) schedule[at] = roomView.getInt32(block + at * 4)
  for (let at = 16; at < 64; at++) {
    const early = word(schedule, at - 15)
    const late = word(schedule, at - 2)
    const sum0 = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3)
    const sum1 = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10)
    schedule[at] = word(schedule, at - 16) + sum0 + word(schedule, at - 7) + sum1
  }
}

/** A word that is there: indexes are below the length. */
function word(words: Int32Array, at: number): number {
  return words[at] as number
}
