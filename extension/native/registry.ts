/**
 * Registry hives through an engine: which keys are asked for, and what comes back.
 *
 * The Rust crate `registry` reads the hive, cell by cell, through a handle opened as safely as for a digest. Answers
 * are few and small, so they cross the border as JSON, which is checked here no further than its shape: it is ours.
 * Transaction logs beside a hive are not replayed, so the last changes before a crash may be missing.
 */

/** Which keys of a hive, and what of them. */
export interface RegistryQuery {
  /** Names from the root down, case ignored; `*` in a name stands for any run of characters, alone for every key. */
  readonly path: readonly string[]
  /** Names of the values wanted, case ignored; absent: all. Names above 1,024 characters are never found. */
  readonly values?: readonly string[]
  /** Only keys of which one of these values contains the text, ASCII case ignored. */
  readonly having?: { readonly values: readonly string[]; readonly contains: string }
}

/** One key. */
export interface RegistryKey {
  /** Names from the root down, as the hive writes them. */
  readonly path: readonly string[]
  /** Unix seconds. */
  readonly lastWritten: number
  /**
   * Values by name: texts as they are (lists joined by line feeds), DWORDs as numbers, QWORDs as decimal text,
   * everything else as lower-case hex. A value above 1 MiB is cut.
   */
  readonly values: Readonly<Record<string, string | number>>
}

/** Keys in the order of the queries, or why there are none; `isUnsupported`: this engine reads none at all. */
export type RegistryAnswer = readonly RegistryKey[] | { readonly problem: string; readonly isUnsupported?: true }

/** Queries as the add-on takes them. */
export interface RegistryQueryData {
  readonly path: readonly string[]
  readonly values?: readonly string[]
  readonly having?: readonly string[]
  readonly contains?: string
}

/** What an engine without a reader of hives says. */
export const noRegistry: RegistryAnswer = {
  problem: 'the portable engine reads no registry hives',
  isUnsupported: true,
}

/** Lays a query out flat. */
export function registryQueryData({ path, values, having }: RegistryQuery): RegistryQueryData {
  return {
    path,
    ...(values && { values }),
    ...(having && { having: having.values, contains: having.contains }),
  }
}

/** Keys of an answer of the add-on. */
export function registryKeys(json: Uint8Array): RegistryKey[] {
  const keys: Packed[] = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString())
  // fromEntries defines own properties, so a value named __proto__ is only a value.
  return keys.map((key) => ({ ...key, values: Object.fromEntries(key.values) }))
}

/** A key on its way. */
interface Packed {
  readonly path: string[]
  readonly lastWritten: number
  readonly values: [string, string | number][]
}

/** Value of a key by its name, case ignored. */
export function registryValue(key: RegistryKey, name: string): string | number | undefined {
  const wanted = name.toLowerCase()
  return Object.entries(key.values).find(([one]) => one.toLowerCase() === wanted)?.[1]
}
