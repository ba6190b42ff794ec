/**
 * Times as browsers store them, as unix seconds. What lies outside of 1990 to 2100 is no time: zero stands for never,
 * and a damaged or forged number would put an event where nobody looks for it.
 */
import type { Value } from '../sqlite/messages.ts'

const earliest = 631_152_000
const latest = 4_102_444_800
const from1601 = 11_644_473_600
const from2001 = 978_307_200

/** Microseconds since 1601: Chromium. */
export function webkitTime(value: Value | undefined): number | undefined {
  return within(micro(value), -from1601)
}

/** Microseconds since 1970: Firefox. */
export function prTime(value: Value | undefined): number | undefined {
  return within(micro(value), 0)
}

/** Seconds since 2001, with a fraction: Safari. */
export function macTime(value: Value | undefined): number | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  return within(isNumber && Number(value) !== 0 ? Number(value) : undefined, from2001)
}

/** Seconds of a number of microseconds; the whole and the rest apart, because the number is beyond exact ones. */
function micro(value: Value | undefined): number | undefined {
  if (typeof value === 'string') return /^\d{1,18}$/.test(value) ? micro(BigInt(value)) : undefined
  if (typeof value === 'number') return Number.isFinite(value) ? value / 1e6 : undefined
  if (typeof value !== 'bigint') return undefined
  return Number(value / 1_000_000n) + Number(value % 1_000_000n) / 1e6
}

/** Unix seconds, if they are a time. */
export function timeWithin(seconds: number): number | undefined {
  return within(seconds, 0)
}

function within(seconds: number | undefined, shift: number): number | undefined {
  if (seconds === undefined) return undefined
  const time = Math.round((seconds + shift) * 1e6) / 1e6
  return time >= earliest && time < latest ? time : undefined
}
