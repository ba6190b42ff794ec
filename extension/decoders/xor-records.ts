/**
 * Texts in records of one size, whose first letter may be hidden in the padding.
 *
 * The loader keeps its addresses in such records, filled up with plain zeros. Under 0x7A a zero is also the letter `z`,
 * so that the first letter of `zacharryblogs.com` looks like one more byte of padding. The other records say where
 * a record begins, and with that what is letter and what is padding.
 */
import type { EncodedText } from './xor-text.ts'

/** Records that must agree on where records begin. */
const minRecords = 3
/** A shorter record holds no address. */
const minLength = 8
/** No name begins with more letters of one kind. */
const maxLetters = 2

/** A size of records, and where in a multiple of it they begin. */
interface Grid {
  readonly size: number
  readonly phase: number
}

/** The texts with their first letters; as they are where no record size can be told. */
export function recordsOf(texts: readonly EncodedText[], key: number): readonly EncodedText[] {
  const grid = gridOf(texts)
  if (!grid) return texts
  return texts.map((one) => {
    const letters = lettersLost(one, grid)
    if (letters === undefined || letters === 0) return one
    const text = String.fromCharCode(key).repeat(letters) + one.text
    return { offset: one.offset - letters, text, zerosBefore: one.zerosBefore - letters }
  })
}

/** The grid that explains most texts; of several, the one on which most begin without a letter lost. */
function gridOf(texts: readonly EncodedText[]): Grid | undefined {
  const starts = [...new Set(texts.map(({ offset }) => offset))].sort((a, b) => a - b)
  const gaps = new Set(starts.slice(1).map((start, i) => start - (starts[i] ?? 0)))
  const sizes = new Set([...gaps].flatMap((gap) => [0, 1, -1, 2, -2].map((by) => gap + by)))
  let best: { readonly grid: Grid; readonly explained: number; readonly exact: number } | undefined
  for (const size of sizes) {
    if (size < minLength) continue
    const grid = { size, phase: commonest(starts.map((start) => start % size)) }
    const lost = texts.flatMap((one) => lettersLost(one, grid) ?? [])
    const exact = lost.filter((letters) => letters === 0).length
    if (exact < minRecords) continue
    const isBetter = !best || lost.length > best.explained || (lost.length === best.explained && exact > best.exact)
    if (isBetter) best = { grid, explained: lost.length, exact }
  }
  return best?.grid
}

/** How many letters before a text belong to it; undefined when it does not begin a record. */
function lettersLost(one: EncodedText, { size, phase }: Grid): number | undefined {
  const letters = (one.offset - phase + size) % size
  return letters <= Math.min(maxLetters, one.zerosBefore) ? letters : undefined
}

/** The number that occurs most often; the first of several. */
function commonest(numbers: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of numbers) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0] as [number, number])[0]
}
