/**
 * RC4, as the loader uses it: no bytes dropped, no initialisation vector. Encrypting and decrypting are the same.
 *
 * Written out because OpenSSL 3 offers it no longer without its legacy provider. Answers the keystream and not a
 * plaintext: with it any byte of a ciphertext can be read without those before it.
 */

/** The first `length` bytes of the keystream. A key has 1 to 256 bytes; an empty one gives an unkeyed stream. */
export function rc4Keystream(key: Uint8Array, length: number): Uint8Array {
  const state = new Uint8Array(256)
  for (let i = 0; i < 256; i++) state[i] = i
  for (let i = 0, j = 0; i < 256; i++) {
    const kept = state[i] ?? 0
    j = (j + kept + (key[i % key.length] ?? 0)) & 0xff
    state[i] = state[j] ?? 0
    state[j] = kept
  }
  const stream = new Uint8Array(length)
  for (let n = 0, i = 0, j = 0; n < length; n++) {
    i = (i + 1) & 0xff
    const a = state[i] ?? 0
    j = (j + a) & 0xff
    const b = state[j] ?? 0
    state[i] = b
    state[j] = a
    stream[n] = state[(a + b) & 0xff] ?? 0
  }
  return stream
}

/** Bytes combined with a keystream of at least their length. */
export function combined(data: Uint8Array, stream: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) out[i] = (data[i] ?? 0) ^ (stream[i] ?? 0)
  return out
}
