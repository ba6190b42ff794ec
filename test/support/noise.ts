/**
 * Bytes that look random and are the same on every run and machine.
 *
 * They stand where real files have code, pictures or ciphertext, so that synthetic files compress and hash like real
 * ones without being any. Not for secrets.
 */

/** `length` bytes that depend on `seed` alone (xorshift32). */
export function noise(seed: string, length: number): Uint8Array {
  let state = 0x9e3779b9
  for (const letter of seed) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193) >>> 0
  if (state === 0) state = 1
  return Uint8Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}
