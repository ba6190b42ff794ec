/**
 * The canonical, sorted, unique form of a set: what `check --fix` writes.
 *
 * Numbers are permanent, so an entry keeps its number wherever it moves; of two entries that say the same, the lower
 * number stays. A number used by two different entries is kept by the first, and the other gets the next free one.
 * What needs a decision (an unknown field, a value that cannot be read) is left as it is for `check` to report.
 */
import type { IndicatorSet } from '../domain/indicator.ts'
import { compareIndicators, indicatorKey } from './order.ts'
import { repairedValue } from './repair-value.ts'
import { setDocument } from './schema.ts'
import { type SetContent, setText } from './set-text.ts'
import { parseJson } from './text.ts'

/** A set as text, in the layout of the files in iocs/. */
export function fixed(set: IndicatorSet | SetContent): string {
  return setText({ ...set, indicators: mended(set.indicators) })
}

/** A damaged file as repaired text; undefined when its shape needs a person. */
export function fixedFile(text: string): string | undefined {
  const json = parseJson(text)
  if ('problem' in json) return undefined
  const parsed = setDocument.safeParse(json.value)
  return parsed.success ? fixed(parsed.data) : undefined
}

function mended(entries: SetContent['indicators']): SetContent['indicators'] {
  const byKey = new Map<string, SetContent['indicators'][number]>()
  for (const entry of entries) {
    const one = { ...entry, value: repairedValue(entry.type, entry.value) ?? entry.value }
    const key = indicatorKey(one)
    const same = byKey.get(key)
    if (same === undefined || one.number < same.number) byKey.set(key, one)
  }
  const highest = entries.reduce((max, one) => Math.max(max, one.number), 0)
  return [...renumbered([...byKey.values()], highest + 1)].sort(compareIndicators)
}

/** `free` is above every number that was ever written in the file, those of dropped entries included. */
function renumbered(entries: SetContent['indicators'], free: number): SetContent['indicators'] {
  const used = new Set<number>()
  let next = free
  return entries.map((one) => {
    const number = used.has(one.number) ? next++ : one.number
    used.add(number)
    return { ...one, number }
  })
}
