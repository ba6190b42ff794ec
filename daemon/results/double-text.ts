/**
 * A double as RapidJSON prints it, in the version that osquery builds with: Loitsch's Grisu2.
 *
 * Grisu2 gives digits that read back as the same double, but not always the fewest or the nearest: one double in a hundred
 * of fifteen digits comes out otherwise than JavaScript prints it (851306.890842408 as 851306.8908424079). Line for line
 * equality needs its arithmetic, in 64-bit integers. Florian Loitsch, "Printing Floating-Point Numbers Quickly and
 * Accurately with Integers", PLDI 2010. Where to put the point is the same as in JavaScript.
 */
const mask64 = 2n ** 64n - 1n
const hiddenBit = 2n ** 52n
/** RapidJSON rounds no digits behind the ninth decimal: its table of powers ends there. */
const lastRounded = 9

/** `f` times two to the `e`, `f` in 64 bits. */
interface Scaled {
  readonly f: bigint
  readonly e: number
}

/** Text of a finite double: `1.0`, `0.001234`, `1.234e33`, `5e-324`. */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const { digits, exponent } = shortDigits(Math.abs(value))
  return (value < 0 ? '-' : '') + pointed(digits, exponent)
}

/** Digits and the power of ten that they are to be multiplied with. */
function shortDigits(value: number): { readonly digits: string; readonly exponent: number } {
  const v = parts(value)
  const upper = normalised({ f: 2n * v.f + 1n, e: v.e - 1 })
  const lower = v.f === hiddenBit ? { f: 4n * v.f - 1n, e: v.e - 2 } : { f: 2n * v.f - 1n, e: v.e - 1 }
  const { power, decimal } = powerFor(upper.e)
  const w = times(normalised(v), power)
  const high = times(upper, power)
  const low = times({ f: lower.f << BigInt(lower.e - upper.e), e: upper.e }, power)
  const top = { f: high.f - 1n, e: high.e }
  return digitsOf(w, top, top.f - (low.f + 1n), decimal)
}

function parts(value: number): Scaled {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const significand = raw & (hiddenBit - 1n)
  return biased === 0 ? { f: significand, e: -1074 } : { f: significand + hiddenBit, e: biased - 1075 }
}

function normalised({ f, e }: Scaled): Scaled {
  const shift = 64 - f.toString(2).length
  return { f: f << BigInt(shift), e: e - shift }
}

/** The upper half of the product, rounded. */
function times(one: Scaled, other: Scaled): Scaled {
  const product = one.f * other.f
  return { f: (product + 2n ** 63n) >> 64n, e: one.e + other.e + 64 }
}

const powers = new Map<number, Scaled>()

/** The power of ten, of every eighth, that brings a number with this exponent into the range where digits are taken. */
function powerFor(exponent: number): { readonly power: Scaled; readonly decimal: number } {
  const index = (Math.ceil((-61 - exponent) * 0.30102999566398114 + 347) >> 3) + 1
  const ten = -348 + index * 8
  let power = powers.get(ten)
  if (power === undefined) {
    power = powerOfTen(ten)
    powers.set(ten, power)
  }
  return { power, decimal: -ten }
}

/** Rounded to the nearest of 64 bits. */
function powerOfTen(ten: number): Scaled {
  const scale = 1400n
  const exact = ten >= 0 ? (10n ** BigInt(ten)) << scale : (1n << (2n * scale)) / 10n ** BigInt(-ten)
  const e = exact.toString(2).length - 64
  const f = (exact + (1n << BigInt(e - 1))) >> BigInt(e)
  return { f, e: e - Number(ten >= 0 ? scale : 2n * scale) }
}

function digitsOf(w: Scaled, top: Scaled, width: bigint, decimal: number) {
  const shift = BigInt(-top.e)
  const one = 1n << shift
  const behind = top.f - w.f
  const whole = top.f >> shift
  let rest = top.f & (one - 1n)
  let digits = ''
  const text = whole.toString()
  for (let at = 0; at < text.length; at++) {
    digits += text[at]
    const kappa = text.length - 1 - at
    const ten = 10n ** BigInt(kappa)
    const left = ((whole % ten) << shift) + rest
    if (left <= width) return { digits: rounded(digits, width, left, ten << shift, behind), exponent: decimal + kappa }
  }
  let delta = width
  for (let kappa = -1; ; kappa--) {
    rest *= 10n
    delta = (delta * 10n) & mask64
    const digit = rest >> shift
    if (digit > 0n || digits !== '') digits += digit.toString()
    rest &= one - 1n
    if (rest < delta) {
      const distance = -kappa <= lastRounded - 1 ? (behind * 10n ** BigInt(-kappa)) & mask64 : 0n
      return { digits: rounded(digits, delta, rest, one, distance), exponent: decimal + kappa }
    }
  }
}

/** Lowers the last digit as long as that comes nearer to the number. */
function rounded(digits: string, delta: bigint, from: bigint, step: bigint, distance: bigint): string {
  let last = Number(digits.at(-1))
  let rest = from
  while (
    rest < distance &&
    delta - rest >= step &&
    (rest + step < distance || distance - rest > rest + step - distance)
  ) {
    last--
    rest += step
  }
  return digits.slice(0, -1) + String(last)
}

function pointed(digits: string, exponent: number): string {
  const point = digits.length + exponent
  if (exponent >= 0 && point <= 21) return `${digits}${'0'.repeat(exponent)}.0`
  if (point > 0 && point <= 21) return `${digits.slice(0, point)}.${digits.slice(point)}`
  if (point > -6 && point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  const head = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`
  return `${head}e${point - 1}`
}
