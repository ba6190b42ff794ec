/**
 * LevelDB's files, as pieces of plain bytes: where a browser or an app keeps local storage and databases of pages.
 *
 * No database is put together: keys and values are given as they lie there, deleted ones included. Keys are written
 * without what they share with the one before, which is put back.
 * https://github.com/google/leveldb/blob/main/doc/table_format.md and log_format.md
 */
import { viewOf } from '../sqlite/header.ts'
import { unsnappy } from './snappy.ts'

const footerLength = 48
const magic = 0xdb4775248b80fb57n
/** Blocks are some 4 KiB; a large value makes one as large. */
const maxBlock = 16 << 20
const blockTrailer = 5
const logBlock = 32 << 10

/** Some keys and values, one after the other, and where they lie in the file. */
export interface LevelPiece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Data blocks of a table (`.ldb`); undefined when it is none. Damaged blocks are counted, not given. */
export function tablePieces(
  table: Uint8Array,
): { readonly pieces: LevelPiece[]; readonly damaged: number } | undefined {
  if (table.length < footerLength || viewOf(table).getBigUint64(table.length - 8, true) !== magic) return undefined
  const footer = table.subarray(table.length - footerLength, table.length - 8)
  const metaindex = handle(footer, 0)
  const index = metaindex && handle(footer, metaindex.next)
  const content = index && block(table, index)
  if (!content) return undefined
  const pieces: LevelPiece[] = []
  let damaged = 0
  let bill = 8 * table.length + maxBlock
  for (const { value } of entries(content, 2 * table.length)) {
    const where = handle(value, 0)
    const bytes = where && bill > 0 ? block(table, where) : undefined
    if (where === undefined || bytes === undefined) {
      damaged += 1
      continue
    }
    const parts: Uint8Array[] = []
    for (const entry of entries(bytes, 4 * bytes.length)) parts.push(entry.key, zero, entry.value, zero)
    const whole = Buffer.concat(parts)
    bill -= bytes.length + whole.length
    pieces.push({ offset: where.offset, bytes: whole })
  }
  return { pieces, damaged }
}

const zero = new Uint8Array(1)

/** Records of a log (`000003.log`), put together from their fragments. */
export function logPieces(log: Uint8Array): LevelPiece[] {
  const pieces: LevelPiece[] = []
  let open: { offset: number; parts: Uint8Array[] } | undefined
  const view = viewOf(log)
  for (let at = 0; at + 7 <= log.length; ) {
    const left = logBlock - (at % logBlock)
    if (left < 7) {
      at += left
      continue
    }
    const length = view.getUint16(at + 4, true)
    const type = view.getUint8(at + 6)
    if (type < 1 || type > 4 || length + 7 > left) {
      at += left // damaged, or room that was made in advance
      open = undefined
      continue
    }
    const part = log.subarray(at + 7, at + 7 + length)
    if (type === 1 || type === 2) open = { offset: at, parts: [part] }
    else open?.parts.push(part)
    if (open && (type === 1 || type === 4)) {
      pieces.push({ offset: open.offset, bytes: Buffer.concat(open.parts) })
      open = undefined
    }
    at += 7 + length
  }
  if (open) pieces.push({ offset: open.offset, bytes: Buffer.concat(open.parts) })
  return pieces
}

interface Handle {
  readonly offset: number
  readonly size: number
  readonly next: number
}

function handle(bytes: Uint8Array, at: number): Handle | undefined {
  const offset = littleVarint(bytes, at)
  const size = offset && littleVarint(bytes, offset.next)
  return offset && size ? { offset: offset.value, size: size.value, next: size.next } : undefined
}

/** Content of a block: plain, or packed with snappy. */
function block(table: Uint8Array, { offset, size }: Handle): Uint8Array | undefined {
  if (size > maxBlock || offset + size + blockTrailer > table.length) return undefined
  const content = table.subarray(offset, offset + size)
  if (table[offset + size] === 0) return content
  return table[offset + size] === 1 ? unsnappy(content, maxBlock) : undefined
}

/** Entries of a block; what the keys share is put back until the bill is spent. */
function* entries(content: Uint8Array, bill: number): Generator<{ key: Uint8Array; value: Uint8Array }> {
  if (content.length < 4) return
  const restarts = viewOf(content).getUint32(content.length - 4, true)
  const end = content.length - 4 - 4 * restarts
  let key = new Uint8Array(0)
  let left = bill
  for (let at = 0; at < end && left > 0; ) {
    const shared = littleVarint(content, at)
    const own = shared && littleVarint(content, shared.next)
    const length = own && littleVarint(content, own.next)
    if (!shared || !own || !length || shared.value > key.length) return
    const start = length.next
    if (start + own.value + length.value > end) return
    const next = new Uint8Array(shared.value + own.value)
    next.set(key.subarray(0, shared.value))
    next.set(content.subarray(start, start + own.value), shared.value)
    key = next
    left -= key.length + length.value
    at = start + own.value + length.value
    yield { key, value: content.subarray(at - length.value, at) }
  }
}

function littleVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0
  for (let i = 0; i < 7; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, next: at + i + 1 }
  }
  return undefined
}
