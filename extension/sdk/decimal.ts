/**
 * Whole numbers as decimal digits, straight into bytes: the text they would be otherwise costs more than the digits.
 */

/** Room a number may take. */
export const decimalBytes = 16

/** Numbers below it are divided as integers of 32 bits, which is several times as fast. */
const billion = 1_000_000_000
const billionDigits = 9

/** Writes a safe whole number that is not negative; returns where it ends. */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value < billion) return writeDigits(bytes, at, value, digitsOf(value))
  const high = Math.floor(value / billion)
  const middle = writeDigits(bytes, at, high, digitsOf(high))
  return writeDigits(bytes, middle, value - high * billion, billionDigits)
}

/** How many digits a whole number below 2^31 has. */
export function digitsOf(value: number): number {
  let digits = 1
  for (let rest = value | 0; rest >= 10; rest = (rest / 10) | 0) digits++
  return digits
}

/** Writes the last `digits` of a number, zeros before it if it has fewer. */
function writeDigits(bytes: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0
  for (let index = at + digits - 1; index >= at; index--) {
    const next = (rest / 10) | 0
    bytes[index] = 0x30 + rest - next * 10
    rest = next
  }
  return at + digits
}
