/**
 * JSON as OTLP's `AnyValue`, in the JSON encoding of Protocol Buffers.
 *
 * Integers keep all their digits: they are texts there, and are taken from the source and not from a double.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
 */

/** A value with its kind. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  | Readonly<Record<string, never>>

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

/** osquery's lines are three deep; receivers refuse messages that are some hundred deep. */
const maxDepth = 32

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

/** Texts as attributes. */
export function keyValues(texts: Readonly<Record<string, string>>): readonly KeyValue[] {
  return Object.entries(texts).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

/** A number as it was written. */
class Numeral {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

/** A line of JSON as a value; nothing where it is no JSON, or too deep. */
export function anyValueOf(line: string): AnyValue | undefined {
  try {
    const value: unknown = parse(line, (_, one, context) =>
      typeof one === 'number' ? new Numeral(context?.source ?? String(one)) : one,
    )
    return converted(value, 0)
  } catch {
    return undefined
  }
}

/** The third argument of the reviver is newer than the types of the language. */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown
const parse: (text: string, reviver: Reviver) => unknown = JSON.parse

function converted(value: unknown, depth: number): AnyValue {
  if (depth > maxDepth) throw new RangeError(`deeper than ${maxDepth}`)
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (value instanceof Numeral) return numberOf(value.source)
  if (Array.isArray(value)) return { arrayValue: { values: value.map((one) => converted(one, depth + 1)) } }
  if (typeof value !== 'object' || value === null) return {}
  const values = Object.entries(value).map(([key, one]) => ({ key, value: converted(one, depth + 1) }))
  return { kvlistValue: { values } }
}

function numberOf(source: string): AnyValue {
  if (/^-?\d{1,20}$/.test(source)) {
    const integer = BigInt(source)
    if (integer >= minInt64 && integer <= maxInt64) return { intValue: String(integer) }
  }
  return { doubleValue: Number(source) }
}
