/**
 * The reply to `call`, `query` and `getQueryColumns`: a status around rows that are encoded already.
 */
import { messageTypes } from './message.ts'
import type { EncodedRows } from './rows.ts'

/** Outcome of a call. A logger answers `features` with a bit mask in `code`; 0 is success everywhere else. */
export interface Status {
  readonly code: number
  readonly message: string
}

/** Success. */
export const okStatus: Status = { code: 0, message: 'OK' }

/** What a plugin answers. */
export interface Answer {
  readonly status: Status
  readonly rows: EncodedRows
}

const types = { i32: 8, i64: 10, string: 11, struct: 12, map: 13, list: 15, stop: 0 } as const

/** The message in pieces, in order. `uuid` is that of the extension that answers. */
export function responsePieces(method: string, seqid: number, answer: Answer, uuid: bigint): Uint8Array[] {
  const { status, rows } = answer
  const head = Buffer.concat([
    int32(0x80010000 | messageTypes.reply),
    text(method),
    int32(seqid),
    field(types.struct, 0),
    field(types.struct, 1),
    field(types.i32, 1),
    int32(status.code),
    field(types.string, 2),
    text(status.message),
    field(types.i64, 3),
    int64(uuid),
    Buffer.of(types.stop),
    field(types.list, 2),
    Buffer.of(types.map),
    int32(rows.count),
  ])
  return [head, ...rows.pieces, Buffer.of(types.stop, types.stop)]
}

/** The reply to what cannot be answered: Thrift's own exception, with one of its numbers. */
export function exceptionMessage(method: string, seqid: number, message: string, kind: number): Buffer {
  return Buffer.concat([
    int32(0x80010000 | messageTypes.exception),
    text(method),
    int32(seqid),
    field(types.string, 1),
    text(message),
    field(types.i32, 2),
    int32(kind),
    Buffer.of(types.stop),
  ])
}

function field(type: number, id: number): Buffer {
  return Buffer.of(type, id >> 8, id & 0xff)
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([int32(bytes.length), bytes])
}
