/**
 * Keys of registry hives, put together.
 */
import { type HiveKey, hive } from './hive-builder.ts'

/** Nested keys: `a\b\c` to the keys at its end. */
export function below(path: string, keys: Readonly<Record<string, HiveKey>>): HiveKey {
  const names = path.split('\\')
  return names.reduceRight<HiveKey>((inner, name) => ({ keys: { [name]: inner } }), { keys })
}

/** Several trees of keys as one. */
export function merged(...all: readonly HiveKey[]): HiveKey {
  const out: { values: Record<string, unknown>; keys: Record<string, HiveKey> } = { values: {}, keys: {} }
  for (const one of all) {
    Object.assign(out.values, one.values)
    for (const [name, key] of Object.entries(one.keys ?? {})) {
      out.keys[name] = merged(...(out.keys[name] ? [out.keys[name]] : []), key)
    }
  }
  const lastWritten = all.findLast((one) => one.lastWritten !== undefined)?.lastWritten
  return { ...(out as HiveKey), ...(lastWritten === undefined ? {} : { lastWritten }) }
}

/** A hive with one uninstall entry below some key. */
export function entryHive(path: string, values: HiveKey['values'] & object, name = '{3CX}'): Uint8Array {
  return hive(below(path, { [name]: { lastWritten: 1_679_480_000, values } }))
}
