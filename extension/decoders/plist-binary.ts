/**
 * Binary property lists (`bplist00`): keys and string values of the top-level dictionary.
 *
 * A table of offsets gives each object its place; containers hold object numbers. Only the top dictionary's own
 * references are followed, so loops and shared objects cannot multiply work. Objects may still overlap: strings are
 * read once each, and together may not exceed the file, which no genuine one does.
 * https://github.com/apple-oss-distributions/CF/blob/main/CFBinaryPList.c
 */
import { Bytes, utf8Text, utf16Text } from './bytes.ts'
import { type Refusal, refuse } from './refusal.ts'

const trailerLength = 32
const headerLength = 8

/** Where the objects are. */
export interface ObjectTable {
  readonly bytes: Bytes
  readonly offsetWidth: number
  readonly referenceWidth: number
  readonly count: number
  readonly tableAt: number
}

/** A container or string: its number of elements, and where they begin. */
export interface Contents {
  readonly kind: number
  readonly count: number
  readonly at: number
}

/** Object kinds, the upper half of a marker byte. */
export const kinds = { date: 0x3, ascii: 0x5, utf16: 0x6, array: 0xa, dictionary: 0xd } as const

/** Reads keys with string values, in the order of the dictionary. */
export function binaryPlistStrings(data: Uint8Array): Map<string, string> | Refusal {
  return topDictionaryTexts(data, (value, texts) => texts.read(value))
}

/** The text that stands for a value of the top dictionary, by the number of its object. */
type TextOf = (
  value: number | undefined,
  texts: ReturnType<typeof stringReader>,
  table: ObjectTable,
) => string | undefined

/** Reads keys with the texts of their values, in the order of the dictionary; what has none is left out. */
export function topDictionaryTexts(data: Uint8Array, textOf: TextOf): Map<string, string> | Refusal {
  const bytes = new Bytes(data, false)
  const table = objectTable(bytes)
  if ('problem' in table) return table
  const topNumber = bytes.u64(bytes.length - 16)
  const top = topNumber === undefined ? undefined : contents(table, topNumber)
  if (top?.kind !== kinds.dictionary) return refuse('damaged binary property list: its top object is no dictionary')
  const width = table.referenceWidth
  if (top.at + top.count * 2 * width > table.tableAt) {
    return refuse(`damaged binary property list: a dictionary of ${top.count} entries does not fit`)
  }
  const texts = stringReader(table)
  const strings = new Map<string, string>()
  for (let i = 0; i < top.count; i++) {
    const key = texts.read(bytes.big(top.at + i * width, width))
    const value = textOf(bytes.big(top.at + (top.count + i) * width, width), texts, table)
    if (texts.isExhausted()) return refuse('damaged binary property list: its strings overlap')
    if (key !== undefined && value !== undefined) strings.set(key, value)
  }
  return strings
}

/** The trailer: widths, number of objects, and the place of the offset table. */
export function objectTable(bytes: Bytes): ObjectTable | Refusal {
  const trailer = bytes.length - trailerLength
  if (trailer < headerLength) return refuse(`damaged binary property list: ${bytes.length} bytes`)
  const offsetWidth = bytes.u8(trailer + 6) ?? 0
  const referenceWidth = bytes.u8(trailer + 7) ?? 0
  const count = bytes.u64(trailer + 8) ?? 0
  const tableAt = bytes.u64(trailer + 24) ?? 0
  const isSound = offsetWidth >= 1 && offsetWidth <= 8 && referenceWidth >= 1 && referenceWidth <= 8
  if (!isSound || count < 1 || tableAt < headerLength || tableAt + count * offsetWidth > trailer) {
    return refuse('damaged binary property list: its trailer does not fit the file')
  }
  return { bytes, offsetWidth, referenceWidth, count, tableAt }
}

/** Kind, length and first byte of an object; a length of 15 stands for an integer that follows. */
export function contents(table: ObjectTable, number: number): Contents | undefined {
  const { bytes, offsetWidth } = table
  const at = number < table.count ? bytes.big(table.tableAt + number * offsetWidth, offsetWidth) : undefined
  const marker = at === undefined || at < headerLength || at >= table.tableAt ? undefined : bytes.u8(at)
  if (at === undefined || marker === undefined) return undefined
  const kind = marker >> 4
  if ((marker & 0xf) !== 0xf) return { kind, count: marker & 0xf, at: at + 1 }
  const integer = bytes.u8(at + 1) ?? 0
  if (integer >> 4 !== 1 || (integer & 0xf) > 3) return undefined
  const width = 1 << (integer & 0xf)
  const count = bytes.big(at + 2, width)
  return count === undefined ? undefined : { kind, count, at: at + 2 + width }
}

/** Reads strings by object number, each once, up to as many bytes as the file has. */
export function stringReader(table: ObjectTable) {
  const known = new Map<number, string | undefined>()
  let bytesLeft = table.bytes.length
  const decode = (number: number): string | undefined => {
    const object = contents(table, number)
    if (object?.kind !== kinds.ascii && object?.kind !== kinds.utf16) return undefined
    const length = object.kind === kinds.utf16 ? object.count * 2 : object.count
    if (object.at + length > table.tableAt) return undefined
    const data = table.bytes.slice(object.at, length)
    bytesLeft -= length
    if (!data || bytesLeft < 0) return undefined
    return object.kind === kinds.utf16 ? utf16Text(data, false) : utf8Text(data)
  }
  return {
    isExhausted: () => bytesLeft < 0,
    /** The string; undefined for any other object and for none. */
    read: (number: number | undefined): string | undefined => {
      if (number === undefined) return undefined
      if (!known.has(number)) known.set(number, decode(number))
      return known.get(number)
    },
  }
}
