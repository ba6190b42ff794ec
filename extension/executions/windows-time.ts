/**
 * FILETIME, 100 ns since 1601, as unix seconds. What lies before Windows or far from now is no time but damage.
 */
import type { Bytes } from '../decoders/bytes.ts'

const epoch = 11_644_473_600
/** 1990 and 2100, unix seconds. */
const earliest = 631_152_000
const latest = 4_102_444_800

/** Whole seconds; undefined for no time, and for what cannot be one. */
export function windowsTime(bytes: Bytes, at: number): number | undefined {
  const low = bytes.u32(at)
  const high = bytes.u32(at + 4)
  if (low === undefined || high === undefined) return undefined
  const seconds = Math.floor((high * 2 ** 32 + low) / 10_000_000) - epoch
  return plausible(seconds)
}

/** A time that a record can have; undefined for others. */
export function plausible(seconds: number): number | undefined {
  return seconds >= earliest && seconds < latest ? seconds : undefined
}
