/**
 * What bytes look like without knowing their format: how random, and whether text.
 */

/** Shannon entropy in bits a byte, to two digits: 0 for one value throughout, just below 8 for ciphertext. */
export function entropy(data: Uint8Array): number {
  const counts = new Float64Array(256)
  for (const byte of data) counts[byte] = (counts[byte] ?? 0) + 1
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / data.length) * Math.log2(count / data.length)
  return Math.round(bits * 100) / 100
}

/**
 * Whether bytes could be ciphertext: long enough to tell, and as random. A kilobyte of random bytes has 7.82 bits a
 * byte, compressed data and ciphertext above that; text stays below 6, program code below 7.
 */
export function looksRandom(data: Uint8Array): boolean {
  return data.length >= 1024 && entropy(data) >= 7.5
}

/** Whether all bytes are ASCII text or the zeros between and behind it, so that UTF-16 with Latin letters is too. */
export function looksLikeText(data: Uint8Array): boolean {
  return data.every((byte) => byte === 0 || byte === 9 || byte === 10 || byte === 13 || (byte >= 0x20 && byte < 0x7f))
}
