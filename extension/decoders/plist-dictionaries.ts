/**
 * Every dictionary of a property list, flat: texts and dates by key, whatever the dictionaries lie in.
 *
 * For lists of records, such as Safari's downloads. What encloses what is not kept, so there is no recursion: a binary
 * list gives its dictionaries in the order of its table of objects, an XML one in the order in which they end.
 */
import { Bytes } from './bytes.ts'
import { isBinaryPlist, xmlText } from './plist.ts'
import { contents, kinds, type ObjectTable, objectTable, stringReader } from './plist-binary.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'
import { xmlTokens } from './xml-token.ts'

/** A dictionary: texts as they are, dates as unix seconds. Other values are left out. */
export type PlistDictionary = ReadonlyMap<string, string | number>

/** Dictionaries with more entries than this are none of records. */
const maxEntries = 10_000
const maxDepth = 256
const maxDictionaries = 100_000
/** Property lists count from 2001. */
const epoch = 978_307_200

/** The dictionaries that have a text or a date. */
export function plistDictionaries(bytes: Uint8Array): PlistDictionary[] | Refusal {
  return isBinaryPlist(bytes) ? binaryDictionaries(bytes) : xmlDictionaries(xmlText(bytes))
}

function binaryDictionaries(data: Uint8Array): PlistDictionary[] | Refusal {
  const table = objectTable(new Bytes(data, false))
  if (isRefusal(table)) return table
  const texts = stringReader(table)
  const all: PlistDictionary[] = []
  // Dictionaries may overlap in a forged list: together they have at most as many entries as the file has bytes.
  let bill = data.length
  for (let number = 0; number < table.count && all.length < maxDictionaries; number++) {
    const top = contents(table, number)
    if (top?.kind !== kinds.dictionary || top.count > maxEntries) continue
    const width = table.referenceWidth
    bill -= top.count
    if (bill < 0 || top.at + top.count * 2 * width > table.tableAt) {
      return refuse('damaged binary property list: its dictionaries do not fit')
    }
    const dictionary = new Map<string, string | number>()
    for (let i = 0; i < top.count; i++) {
      const key = texts.read(table.bytes.big(top.at + i * width, width))
      const reference = table.bytes.big(top.at + (top.count + i) * width, width)
      const value = texts.read(reference) ?? dateOf(table, reference)
      if (texts.isExhausted()) return refuse('damaged binary property list: its strings overlap')
      if (key !== undefined && value !== undefined) dictionary.set(key, value)
    }
    if (dictionary.size > 0) all.push(dictionary)
  }
  return all
}

function dateOf(table: ObjectTable, reference: number | undefined): number | undefined {
  const object = reference === undefined ? undefined : contents(table, reference)
  const bytes = object?.kind === kinds.date ? table.bytes.slice(object.at, 8) : undefined
  if (bytes === undefined) return undefined
  const seconds = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
  return Number.isFinite(seconds) ? seconds + epoch : undefined
}

interface OpenElement {
  readonly name: string
  readonly entries: Map<string, string | number>
  key: string | undefined
  text: string
}

function xmlDictionaries(text: string): PlistDictionary[] | Refusal {
  if (!/^\s*</.test(text)) return refuse('not a property list: does not start with an XML element')
  const all: PlistDictionary[] = []
  const open: OpenElement[] = []
  const close = (name: string): string | undefined => {
    const element = open.pop()
    if (element?.name !== name) return `${JSON.stringify(element?.name ?? '')} ends as ${JSON.stringify(name)}`
    const parent = open.at(-1)
    if (name === 'dict' && element.entries.size > 0 && all.length < maxDictionaries) all.push(element.entries)
    if (parent?.name !== 'dict') return undefined
    const value = name === 'string' ? element.text : name === 'date' ? secondsOf(element.text) : undefined
    if (name === 'key') parent.key = element.text
    else {
      if (parent.key !== undefined && value !== undefined) parent.entries.set(parent.key, value)
      parent.key = undefined
    }
    return undefined
  }
  for (const token of xmlTokens(text)) {
    if (token.kind === 'damage') return all.length > 0 ? all : refuse(`damaged XML property list: ${token.problem}`)
    const top = open.at(-1)
    if (token.kind === 'text') {
      if (top) top.text += token.text
      continue
    }
    if (token.kind === 'open') {
      if (open.length >= maxDepth) return refuse(`damaged XML property list: more than ${maxDepth} elements deep`)
      open.push({ name: token.name, entries: new Map(), key: undefined, text: '' })
      if (!token.isEmpty) continue
    }
    const problem = close(token.name)
    if (problem !== undefined) return refuse(`damaged XML property list: ${problem.slice(0, 100)}`)
  }
  return all
}

function secondsOf(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN
  return Number.isNaN(time) ? undefined : time / 1000
}
