/**
 * Strings of a library that could be a key: what a loader carries to open the payload of its neighbour.
 *
 * The published loader keeps its RC4 key as twelve ASCII letters among its constants. A recompiled one is expected to
 * do the same with another; a key in any other form is not found.
 */

/** Shorter ones are words of code, longer ones are messages; the published key has 12. */
const minLength = 5
const maxLength = 64
/** A media library has some ten thousand such strings. */
const maxCandidates = 65_536

/** Every run of printable ASCII of a fitting length, once each, in the order of the bytes. */
export function keyCandidates(library: Uint8Array): readonly Uint8Array[] {
  const found = new Map<string, Uint8Array>()
  let start = 0
  for (let at = 0; at <= library.length && found.size < maxCandidates; at++) {
    const byte = library[at] ?? 0
    if (byte >= 0x20 && byte < 0x7f) continue
    if (at - start >= minLength && at - start <= maxLength) {
      const run = library.subarray(start, at)
      found.set(Buffer.from(run).toString('latin1'), run)
    }
    start = at + 1
  }
  return [...found.values()]
}
