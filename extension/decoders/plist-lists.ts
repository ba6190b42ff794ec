/**
 * The lists of a binary property list's top dictionary: the first text of each, by key.
 *
 * For records of macOS' directory service, in which every attribute is a list: `uid` is one of one text. Lists of other
 * things, and whatever lies deeper, are left out.
 */
import { Bytes } from './bytes.ts'
import { isBinaryPlist, maxPlist } from './plist.ts'
import { contents, kinds, objectTable, stringReader } from './plist-binary.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** Reads them. */
export function plistFirstTexts(data: Uint8Array): ReadonlyMap<string, string> | Refusal {
  if (data.length > maxPlist) return refuse(`property list of ${data.length} bytes; expected at most ${maxPlist}`)
  if (!isBinaryPlist(data)) return refuse('not a binary property list')
  const bytes = new Bytes(data, false)
  const table = objectTable(bytes)
  if (isRefusal(table)) return table
  const top = contents(table, bytes.u64(bytes.length - 16) ?? table.count)
  if (top?.kind !== kinds.dictionary) return refuse('damaged binary property list: its top object is no dictionary')
  const width = table.referenceWidth
  if (top.at + top.count * 2 * width > table.tableAt) {
    return refuse(`damaged binary property list: a dictionary of ${top.count} entries does not fit`)
  }
  const texts = stringReader(table)
  const found = new Map<string, string>()
  for (let i = 0; i < top.count; i++) {
    const key = texts.read(bytes.big(top.at + i * width, width))
    const reference = bytes.big(top.at + (top.count + i) * width, width)
    const list = reference === undefined ? undefined : contents(table, reference)
    const isList = list?.kind === kinds.array && list.count > 0 && list.at + width <= table.tableAt
    const value = isList ? texts.read(bytes.big(list.at, width)) : undefined
    if (texts.isExhausted()) return refuse('damaged binary property list: its strings overlap')
    if (key !== undefined && value !== undefined) found.set(key, value)
  }
  return found
}
