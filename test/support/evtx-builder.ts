/**
 * Windows event logs from what their events say: a file of chunks with checksums, records of binary XML. An event is
 * written out whole, or as Windows does it: a template once in a chunk, and its values with every record.
 *
 * The layout is that of the documentation of libevtx.
 */
import { crc32 } from 'node:zlib'
import { join, le, patched, utf16, zeros } from './byte-writer.ts'
import { filetime } from './prefetch-builder.ts'

/** What an event says. */
export interface PlannedEvent {
  readonly provider: string
  readonly id: number
  /** Unix seconds, whole. */
  readonly time: number
  readonly channel?: string
  readonly computer?: string
  readonly user?: string
  readonly process?: number
  /** Named values of `EventData`. */
  readonly data?: Readonly<Record<string, string>>
  /** Unnamed values of `EventData`. */
  readonly unnamed?: readonly string[]
  /** Values below `UserData` and its only child. */
  readonly userData?: Readonly<Record<string, string>>
  /** Written out whole, without a template. */
  readonly isWhole?: boolean
}

const chunkBytes = 65_536
const recordsAt = 512

/** The file; `perChunk` events in a chunk. */
export function evtxFile(events: readonly PlannedEvent[], perChunk = 20): Uint8Array {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < events.length; at += perChunk) chunks.push(chunk(events.slice(at, at + perChunk), at + 1))
  const head = join(
    'ElfFile\0',
    le(0, 8),
    le(Math.max(chunks.length - 1, 0), 8),
    le(events.length + 1, 8),
    le(128, 4),
    le(1, 2),
    le(3, 2),
    le(4096, 2),
    le(chunks.length, 2),
    zeros(76),
    le(0, 4),
  )
  return join(head, le(crc32(head.subarray(0, 120)), 4), zeros(4096 - 128), ...chunks)
}

function chunk(events: readonly PlannedEvent[], firstId: number): Uint8Array {
  const writer = new ChunkWriter()
  let lastAt = recordsAt
  for (const [index, event] of events.entries()) {
    lastAt = writer.place
    writer.record(event, firstId + index)
  }
  const records = writer.bytes()
  const lastId = firstId + events.length - 1
  const head = join(
    'ElfChnk\0',
    le(firstId, 8),
    le(lastId, 8),
    le(firstId, 8),
    le(lastId, 8),
    le(128, 4),
    le(lastAt, 4),
    le(recordsAt + records.length, 4),
    le(crc32(records), 4),
    zeros(64),
    le(0, 4),
    le(0, 4),
    zeros(384),
  )
  const sum = crc32(head.subarray(128, 512), crc32(head.subarray(0, 120)))
  return join(patched(head, 124, le(sum, 4)), records, zeros(chunkBytes - recordsAt - records.length))
}

/** Offsets of binary XML are from the beginning of the chunk, so it has to know where it is. */
class ChunkWriter {
  readonly #parts: Uint8Array[] = []
  readonly #templates = new Map<string, number>()
  #place = recordsAt
  #isTemplate = false

  get place(): number {
    return this.#place
  }

  bytes(): Uint8Array {
    return join(...this.#parts)
  }

  record(event: PlannedEvent, id: number): void {
    const start = this.#parts.length
    this.#put(zeros(24)) // the header, which needs the size
    if (event.isWhole) this.#whole(event)
    else this.#templated(event)
    const size = this.#parts.slice(start).reduce((sum, part) => sum + part.length, 4)
    this.#parts[start] = join('**\0\0', le(size, 4), le(id, 8), filetime(event.time))
    this.#put(le(size, 4))
  }

  #put(...parts: (Uint8Array | string)[]): void {
    const bytes = join(...parts)
    this.#parts.push(bytes)
    this.#place += bytes.length
  }

  #whole(event: PlannedEvent): void {
    this.#put(fragment)
    this.#event(event, (value) => this.#put(text(value)))
    this.#put(end)
  }

  #templated(event: PlannedEvent): void {
    const values: string[] = []
    const { data = {}, userData = {}, unnamed = [] } = event
    const key = JSON.stringify([Object.keys(data), Object.keys(userData), unnamed.length])
    const known = this.#templates.get(key)
    const id = this.#templates.size + 1
    this.#put(fragment, Uint8Array.of(0x0c, 1), le(id, 4), le(known ?? this.#place + 14, 4))
    if (known === undefined) {
      this.#templates.set(key, this.#place)
      this.#put(le(0, 4), le(id, 4), zeros(12))
      const sizeAt = this.#parts.length
      this.#put(zeros(4))
      this.#put(fragment)
      this.#isTemplate = true
      this.#event(event, (value) => {
        this.#put(Uint8Array.of(0x0d), le(values.length, 2), Uint8Array.of(1))
        values.push(value)
      })
      this.#isTemplate = false
      this.#put(end)
      this.#parts[sizeAt] = le(
        this.#parts.slice(sizeAt + 1).reduce((sum, part) => sum + part.length, 0),
        4,
      )
    } else {
      new ChunkWriter().#event(event, (value) => void values.push(value))
    }
    const packed = values.map((value) => utf16(value))
    const sizes = packed.map((bytes) => join(le(bytes.length, 2), Uint8Array.of(1, 0)))
    this.#put(le(values.length, 4), ...sizes, ...packed, end)
  }

  /** The elements of an event; `value` writes a text, or what stands for it. */
  #event(event: PlannedEvent, value: (text: string) => void): void {
    const { provider, id, time, channel = '', computer = 'HOST', user = '', process = 4 } = event
    const { data, unnamed, userData } = event
    const leaf = (name: string, text: string) => this.#element(name, {}, value, () => value(text))
    const iso = new Date(time * 1000).toISOString()
    this.#element('Event', {}, value, () => {
      this.#element('System', {}, value, () => {
        this.#element('Provider', { Name: provider }, value)
        leaf('EventID', String(id))
        this.#element('TimeCreated', { SystemTime: iso }, value)
        this.#element('Execution', { ProcessID: String(process) }, value)
        leaf('Channel', channel)
        leaf('Computer', computer)
        this.#element('Security', user === '' ? {} : { UserID: user }, value)
      })
      if (data || unnamed) {
        this.#element('EventData', {}, value, () => {
          for (const [name, text] of Object.entries(data ?? {})) {
            this.#element('Data', { Name: name }, undefined, () => value(text))
          }
          for (const text of unnamed ?? []) leaf('Data', text)
        })
      }
      if (userData) {
        this.#element('UserData', {}, value, () => {
          this.#element('EventXML', {}, value, () => {
            for (const [name, text] of Object.entries(userData)) leaf(name, text)
          })
        })
      }
    })
  }

  /** Names of values stand in the template, so that they are there before the values are. */
  #element(
    name: string,
    attributes: Readonly<Record<string, string>>,
    value: ((text: string) => void) | undefined,
    content?: () => void,
  ): void {
    const entries = Object.entries(attributes)
    this.#put(Uint8Array.of(entries.length > 0 ? 0x41 : 0x01))
    if (this.#isTemplate) this.#put(le(0xffff, 2)) // depends on no value
    const sizeAt = this.#parts.length
    this.#put(zeros(4))
    this.#name(name)
    if (entries.length > 0) {
      const listAt = this.#parts.length
      this.#put(zeros(4))
      for (const [index, [key, said]] of entries.entries()) {
        this.#put(Uint8Array.of(index < entries.length - 1 ? 0x46 : 0x06))
        this.#name(key)
        if (value) value(said)
        else this.#put(text(said))
      }
      this.#parts[listAt] = le(this.#sizeFrom(listAt + 1), 4)
    }
    if (content) {
      this.#put(Uint8Array.of(0x02))
      content()
      this.#put(Uint8Array.of(0x04))
    } else {
      this.#put(Uint8Array.of(0x03))
    }
    this.#parts[sizeAt] = le(this.#sizeFrom(sizeAt + 1), 4)
  }

  #sizeFrom(part: number): number {
    return this.#parts.slice(part).reduce((sum, bytes) => sum + bytes.length, 0)
  }

  /** A name where it is used: its offset points behind itself. */
  #name(name: string): void {
    this.#put(le(this.#place + 4, 4), le(0, 4), le(0, 2), le(name.length, 2), utf16(name), le(0, 2))
  }
}

const fragment = Uint8Array.of(0x0f, 1, 1, 0)
const end = Uint8Array.of(0)

function text(value: string): Uint8Array {
  return join(Uint8Array.of(0x05, 0x01), le(value.length, 2), utf16(value))
}
