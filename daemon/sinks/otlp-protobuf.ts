/**
 * OTLP's logs in the binary encoding of Protocol Buffers, which every receiver of OTLP must know; JSON is optional.
 *
 * Nine small messages out and two back, with field numbers that are fixed for good, do not ask for a generator.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
 */
import type { AnyValue, KeyValue } from './otlp-value.ts'

/** A record as OTLP's JSON encoding has it. */
export interface LogRecord {
  readonly timeUnixNano: string
  readonly observedTimeUnixNano: string
  readonly severityNumber: number
  readonly severityText: string
  readonly eventName: string
  readonly body: AnyValue
  readonly attributes: readonly KeyValue[]
}

/** One request: a resource, a scope, its records. */
export interface LogsRequest {
  readonly resource: { readonly attributes: readonly KeyValue[] }
  readonly scope: { readonly name: string; readonly version: string }
  readonly logRecords: readonly LogRecord[]
}

/** What a receiver says about a part that it refused. */
export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

/** `ExportLogsServiceRequest`. */
export function encodeLogs({ resource, scope, logRecords }: LogsRequest): Buffer {
  const scopeLogs = Buffer.concat([
    part(1, Buffer.concat([text(1, scope.name), text(2, scope.version)])),
    ...logRecords.map((record) => part(2, recordOf(record))),
  ])
  return part(1, Buffer.concat([part(1, attributes(1, resource.attributes)), part(2, scopeLogs)]))
}

function recordOf(record: LogRecord): Buffer {
  return Buffer.concat([
    fixed64(1, record.timeUnixNano),
    varintField(2, BigInt(record.severityNumber)),
    text(3, record.severityText),
    part(5, anyValue(record.body)),
    attributes(6, record.attributes),
    fixed64(11, record.observedTimeUnixNano),
    text(12, record.eventName),
  ])
}

function attributes(field: number, pairs: readonly KeyValue[]): Buffer {
  return Buffer.concat(
    pairs.map(({ key, value }) => part(field, Buffer.concat([text(1, key), part(2, anyValue(value))]))),
  )
}

function anyValue(value: AnyValue): Buffer {
  if ('stringValue' in value) return text(1, value.stringValue ?? '')
  if ('boolValue' in value) return varintField(2, value.boolValue ? 1n : 0n)
  if ('intValue' in value) return varintField(3, BigInt.asUintN(64, BigInt(value.intValue ?? 0)))
  if ('doubleValue' in value) return double(4, value.doubleValue ?? 0)
  if ('arrayValue' in value)
    return part(5, Buffer.concat((value.arrayValue?.values ?? []).map((one) => part(1, anyValue(one)))))
  if ('kvlistValue' in value) return part(6, attributes(1, value.kvlistValue?.values ?? []))
  return Buffer.alloc(0)
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}

function tag(field: number, wire: number): Buffer {
  return varint(BigInt((field << 3) | wire))
}

function varintField(field: number, value: bigint): Buffer {
  return Buffer.concat([tag(field, 0), varint(value)])
}

function part(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(field, 2), varint(BigInt(bytes.length)), bytes])
}

function text(field: number, value: string): Buffer {
  return part(field, Buffer.from(value))
}

function fixed64(field: number, value: string): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return Buffer.concat([tag(field, 1), bytes])
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([tag(field, 1), bytes])
}

/** `ExportLogsServiceResponse`: nothing where it is none. Unknown fields are passed over. */
export function decodeAnswer(bytes: Buffer): PartialSuccess | undefined {
  let partial = { rejected: 0, message: '' }
  try {
    for (const { field, value } of fieldsOf(bytes)) {
      if (field !== 1 || !Buffer.isBuffer(value)) continue
      for (const inner of fieldsOf(value)) {
        if (inner.field === 1 && typeof inner.value === 'bigint')
          partial = { ...partial, rejected: Number(inner.value) }
        if (inner.field === 2 && Buffer.isBuffer(inner.value)) partial = { ...partial, message: inner.value.toString() }
      }
    }
    return partial
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Fields of a message, in order. Throws `RangeError` where the bytes are no message. */
function* fieldsOf(bytes: Buffer): Generator<{ readonly field: number; readonly value: bigint | Buffer }> {
  let at = 0
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError('cut short')
    at += length
    return bytes.subarray(at - length, at)
  }
  const number = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number of more than ten bytes')
  }
  while (at < bytes.length) {
    const key = number()
    const field = Number(key >> 3n)
    if (field === 0 || field > 0x1fff_ffff) throw new RangeError('no number of a field')
    switch (Number(key & 7n)) {
      case 0:
        yield { field, value: BigInt.asIntN(64, number()) }
        break
      case 1:
        yield { field, value: take(8) }
        break
      case 2:
        yield { field, value: take(Number(number())) }
        break
      case 5:
        yield { field, value: take(4) }
        break
      default:
        throw new RangeError('no kind of field')
    }
  }
}
