/**
 * `json_value_array`: the cells of a row that osquery wants written, as it sends them.
 *
 * Integers come as JSON numbers of up to 64 bits, which JSON.parse alone would round; blobs as strings; columns that
 * are aliases of others follow behind the table's own, and are NULL. Whether a cell fits its column is the writer's
 * question, not this module's.
 */
import type { BoundColumn } from './cells.ts'
import type { Cell } from './columns.ts'

/** Reads the array; throws when it is none, or not of these columns. */
export function parseCells(columns: readonly BoundColumn[], json: string): Cell[] {
  const values = parse(json)
  if (!Array.isArray(values))
    throw new Error(`cannot read the row to write: expected a JSON array, found ${shown(json)}`)
  const own = values.slice(0, columns.length)
  const beyond = values.slice(columns.length).some((value) => value !== null)
  if (own.length < columns.length || beyond) {
    throw new Error(`cannot read the row to write: it has ${values.length} values, the table ${columns.length} columns`)
  }
  return columns.map((column, at) => cell(column, own[at]))
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json, exactIntegers)
  } catch (cause) {
    throw new Error(`cannot read the row to write: expected a JSON array, found ${shown(json)}`, { cause })
  }
}

function exactIntegers(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source ?? ''
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d{1,20}$/.test(source)
    ? BigInt(source)
    : value
}

function cell({ name, type }: BoundColumn, value: unknown): Cell {
  if (type === 'BLOB' && typeof value === 'string') return new Uint8Array(Buffer.from(value))
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value
  throw new Error(`cannot read the row to write: column ${name} is ${shown(JSON.stringify(value))}; expected one value`)
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
