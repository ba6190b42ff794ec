/**
 * The reply to `query`, read while it comes and only as far as limits go.
 *
 * The generated code wants the whole message first and builds every row of it, which for a million rows is gigabytes.
 * This reader keeps the row it is in: of a long text it holds what is kept, the rest is passed over, and behind the
 * limits it stops, so that the caller can hang up. What a sender claims is checked before it is believed.
 * Thrift's specification: https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
import { type AnswerLimits, AnswerMeter, cellText } from '../answer-limits.ts'
import { messageTypes, readHeader } from './message.ts'
import { WireError } from './refusal.ts'

/** A reply, as far as it was read. */
export interface LimitedAnswer {
  readonly status: { readonly code: number; readonly message: string }
  readonly rows: readonly Readonly<Record<string, string>>[]
  /** What was left out; absent: nothing. */
  readonly cut?: string
}

/** What a step of the reading waits for: so many bytes to look at, or to be passed over. */
type Need = { readonly take: number } | { readonly skip: number }
type Reading<T> = Generator<Need, T, Buffer>

const stop = 0
const i32 = 8
const i64 = 10
const stringType = 11
const structType = 12
const mapType = 13
const setType = 14
const listType = 15
const fixedSizes: Readonly<Record<number, number>> = { 2: 1, 3: 1, 4: 8, 6: 2, [i32]: 4, [i64]: 8, 16: 16 }

const maxDepth = 32
const maxNameBytes = 64 * 1024
const maxMessageBytes = 1024 * 1024
/** A row of osquery has at most SQLite's 2000 columns. */
const maxColumns = 2000

/** Reads one reply; chunks go in, an answer comes out once. */
export class AnswerReader {
  readonly #reading: Reading<LimitedAnswer>
  #need: Need = { skip: 0 }
  #held: Buffer[] = []
  #heldBytes = 0
  #answer: LimitedAnswer | undefined

  constructor(method: string, limits: AnswerLimits) {
    this.#reading = readReply(method, new AnswerMeter(limits))
    this.#advance(Buffer.alloc(0))
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (this.#answer === undefined) {
      const need = this.#need
      if ('skip' in need) {
        const passed = Math.min(need.skip, rest.length)
        rest = rest.subarray(passed)
        if (passed < need.skip) {
          this.#need = { skip: need.skip - passed }
          return
        }
        this.#advance(Buffer.alloc(0))
        continue
      }
      const missing = need.take - this.#heldBytes
      if (rest.length < missing) {
        // A copy: chunks may be views of memory that is used again, and short ones of a large one.
        this.#held.push(Buffer.from(rest))
        this.#heldBytes += rest.length
        return
      }
      const part = rest.subarray(0, missing)
      rest = rest.subarray(missing)
      const taken = this.#heldBytes === 0 ? part : Buffer.concat([...this.#held, part])
      this.#held = []
      this.#heldBytes = 0
      this.#advance(taken)
    }
  }

  /** The answer, when it is complete or as long as it may be. */
  next(): LimitedAnswer | undefined {
    return this.#answer
  }

  #advance(bytes: Buffer): void {
    const step = this.#reading.next(bytes)
    if (step.done) this.#answer = step.value
    else this.#need = step.value
  }
}

function* readReply(method: string, meter: AnswerMeter): Reading<LimitedAnswer> {
  const header = yield* readMessageHeader()
  if (header.method !== method || header.seqid !== 0) {
    throw new WireError(`a reply to ${header.method} #${header.seqid}; expected ${method} #0`)
  }
  if (header.type === messageTypes.exception) throw new WireError(yield* readException())
  if (header.type !== messageTypes.reply) throw new WireError(`message type ${header.type} is no reply`)
  for (;;) {
    const { type, id } = yield* readField()
    if (type === stop) throw new WireError(`a reply to ${method} without a result`)
    if (id === 0 && type === structType) return yield* readAnswer(meter)
    yield* skipValue(type, 0)
  }
}

function* readMessageHeader(): Reading<NonNullable<ReturnType<typeof readHeader>>> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    bytes = Buffer.concat([bytes, yield { take: 1 }])
    const header = readHeader(bytes)
    if (header !== undefined) return header
  }
}

/** Thrift's own exception: its message is field 1. */
function* readException(): Reading<string> {
  for (;;) {
    const { type, id } = yield* readField()
    if (type === stop) return 'the other side refused the call and gave no reason'
    if (id === 1 && type === stringType) return (yield* readShort(maxMessageBytes)).toString('utf8')
    yield* skipValue(type, 0)
  }
}

/** Status and rows. Rows that come before a status are believed to be those of a success until it says otherwise. */
function* readAnswer(meter: AnswerMeter): Reading<LimitedAnswer> {
  let status = { code: 0, message: '' }
  let rows: LimitedAnswer['rows'] = []
  for (;;) {
    const { type, id } = yield* readField()
    if (type === stop) break
    if (id === 1 && type === structType) status = yield* readStatus()
    else if (id === 2 && type === listType) {
      rows = yield* readRows(meter)
      if (meter.isDone) break // the rest is not waited for
    } else yield* skipValue(type, 0)
  }
  const { cut } = meter
  return { status, rows, ...(cut !== undefined && { cut }) }
}

function* readStatus(): Reading<LimitedAnswer['status']> {
  let code = 0
  let message = ''
  for (;;) {
    const { type, id } = yield* readField()
    if (type === stop) return { code, message }
    if (id === 1 && type === i32) code = (yield { take: 4 }).readInt32BE(0)
    else if (id === 2 && type === stringType) message = (yield* readShort(maxMessageBytes)).toString('utf8')
    else yield* skipValue(type, 0)
  }
}

function* readRows(meter: AnswerMeter): Reading<LimitedAnswer['rows']> {
  const head = yield { take: 5 }
  const count = sizeOf(head, 1)
  if (count > 0 && head[0] !== mapType) throw new WireError(`a list of type ${head[0]}; expected rows`)
  const rows: Readonly<Record<string, string>>[] = []
  for (let at = 0; at < count; at++) {
    if (!meter.beginRow()) break
    const row = yield* readRow(meter)
    if (row === undefined || !meter.endRow()) break
    rows.push(row)
  }
  return rows
}

/** A row; undefined as soon as it cannot fit. */
function* readRow(meter: AnswerMeter): Reading<Readonly<Record<string, string>> | undefined> {
  const head = yield { take: 6 }
  const size = sizeOf(head, 2)
  if (size > maxColumns) throw new WireError(`a row has ${size} columns; expected at most ${maxColumns}`)
  if (size > 0 && (head[0] !== stringType || head[1] !== stringType)) throw new WireError('a row is no map of texts')
  const cells: [string, string][] = []
  for (let at = 0; at < size; at++) {
    const name = (yield* readShort(maxNameBytes)).toString('utf8')
    const length = sizeOf(yield { take: 4 }, 0)
    const kept = meter.cell(length)
    if (meter.isOver) return undefined
    cells.push([name, cellText(yield { take: kept }, length)])
    yield { skip: length - kept }
  }
  return Object.fromEntries(cells)
}

function* readField(): Reading<{ readonly type: number; readonly id: number }> {
  const type = (yield { take: 1 })[0] ?? stop
  if (type === stop) return { type, id: 0 }
  return { type, id: (yield { take: 2 }).readInt16BE(0) }
}

/** A text that is needed whole. */
function* readShort(maxBytes: number): Reading<Buffer> {
  const length = sizeOf(yield { take: 4 }, 0)
  if (length > maxBytes) throw new WireError(`a text has ${length} bytes; expected at most ${maxBytes}`)
  return yield { take: length }
}

function* skipValue(type: number, depth: number): Reading<void> {
  if (depth >= maxDepth) throw new WireError(`a message is deeper than ${maxDepth} levels`)
  const fixed = fixedSizes[type]
  if (fixed !== undefined) yield { skip: fixed }
  else if (type === stringType) yield { skip: sizeOf(yield { take: 4 }, 0) }
  else if (type === structType) {
    for (let field = yield* readField(); field.type !== stop; field = yield* readField()) {
      yield* skipValue(field.type, depth + 1)
    }
  } else if (type === mapType) {
    const head = yield { take: 6 }
    for (let left = sizeOf(head, 2); left > 0; left--) {
      yield* skipValue(head[0] ?? 0, depth + 1)
      yield* skipValue(head[1] ?? 0, depth + 1)
    }
  } else if (type === setType || type === listType) {
    const head = yield { take: 5 }
    for (let left = sizeOf(head, 1); left > 0; left--) yield* skipValue(head[0] ?? 0, depth + 1)
  } else throw new WireError(`type ${type} is not known`)
}

function sizeOf(bytes: Buffer, at: number): number {
  const size = bytes.readInt32BE(at)
  if (size < 0) throw new WireError(`a size is ${size}; expected none below 0`)
  return size
}
