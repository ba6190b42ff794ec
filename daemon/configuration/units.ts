/**
 * Durations and sizes as an operator writes them: `500ms`, `30s`, `5m`, `1h`, `7d`; `64KiB`, `512MiB`, `2GiB`.
 */
import { z } from 'zod'

const msOf: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const bytesOf: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

function quantity(units: Readonly<Record<string, number>>, example: string) {
  const pattern = new RegExp(`^(\\d{1,12})(${Object.keys(units).join('|')})$`)
  return (min: string, max: string, description: string) => {
    const lowest = amount(min, pattern, units)
    const highest = amount(max, pattern, units)
    return z
      .string()
      .regex(pattern, `expected a number and a unit, like ${example}`)
      .refine((said) => within(amount(said, pattern, units), lowest, highest), `expected ${min} to ${max}`)
      .meta({ description: `${description}, ${min} to ${max}` })
  }
}

function amount(said: string, pattern: RegExp, units: Readonly<Record<string, number>>): number {
  const found = pattern.exec(said)
  return found ? Number(found[1]) * (units[found[2] ?? ''] ?? Number.NaN) : Number.NaN
}

function within(found: number, lowest: number, highest: number): boolean {
  return Number.isNaN(found) || (found >= lowest && found <= highest)
}

/** A duration between two others. */
export const duration = quantity(msOf, '30s')
/** A size between two others. */
export const size = quantity(bytesOf, '512MiB')

/** Milliseconds of a checked duration. */
export function milliseconds(said: string): number {
  return amount(said, /^(\d+)(ms|s|m|h|d)$/, msOf)
}

/** Bytes of a checked size. */
export function bytes(said: string): number {
  return amount(said, /^(\d+)(B|KiB|MiB|GiB)$/, bytesOf)
}
