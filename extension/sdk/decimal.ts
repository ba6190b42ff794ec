/**
 * Whole numbers as decimal digits, straight into bytes: the text they would be otherwise costs more than the digits.
 */

/** Beyond it numbers are not divided as integers, and gain nothing here. */
export const largestDecimal = 0x7fff_ffff

/** Writes a whole number from 0 to `largestDecimal`; returns where it ends. There must be room for ten digits. */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  let end = at + 1
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++
  let rest = value | 0
  for (let index = end - 1; index >= at; index--) {
    const next = (rest / 10) | 0
    bytes[index] = 0x30 + rest - next * 10
    rest = next
  }
  return end
}
