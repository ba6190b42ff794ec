/**
 * How sought texts stand in values that are written in hex, for a search that knows no hex.
 *
 * A letter has two codes, and which one a value has nobody knows, so of each text only a few characters are sought, in every
 * case: those with the fewest letters. Candidates that are none cost a parse.
 */

/** Ten hex digits: long enough that they stand in few values by chance, short enough for 32 spellings at most. */
const windowLength = 5
/** A digest is written as it is. */
const digest = /^[0-9a-f]{32,64}$/

/** The spellings of all texts, each once. A text shorter than three characters has none. */
export function hexSpellings(texts: Iterable<string>): readonly string[] {
  const all = new Set<string>()
  for (const text of texts) {
    if (text.length < 3 || digest.test(text)) continue
    for (const one of spellings(fewestLetters(text))) all.add(one)
  }
  return [...all]
}

function fewestLetters(text: string): string {
  const starts = Array.from({ length: Math.max(1, text.length - windowLength + 1) }, (_, at) => at)
  const windows = starts.map((at) => text.slice(at, at + windowLength))
  const letters = (one: string) => one.replaceAll(/[^a-z]/gi, '').length
  return windows.reduce((best, one) => (letters(one) < letters(best) ? one : best))
}

function spellings(text: string): string[] {
  return [...text].reduce<string[]>(
    (before, character) => {
      const forms = new Set([character.toLowerCase(), character.toUpperCase()].map(hexOf))
      return before.flatMap((start) => [...forms].map((form) => start + form))
    },
    [''],
  )
}

function hexOf(character: string): string {
  return Buffer.from(character).toString('hex')
}
