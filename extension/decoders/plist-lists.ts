/**
 * The lists of a binary property list's top dictionary: the first text of each, by key.
 *
 * For records of macOS' directory service, in which every attribute is a list: `uid` is one of one text. Lists of other
 * things, and whatever lies deeper, are left out.
 */
import { isBinaryPlist, maxPlist } from './plist.ts'
import { contents, kinds, topDictionaryTexts } from './plist-binary.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Reads them. */
export function plistFirstTexts(data: Uint8Array): ReadonlyMap<string, string> | Refusal {
  if (data.length > maxPlist) return refuse(`property list of ${data.length} bytes; expected at most ${maxPlist}`)
  if (!isBinaryPlist(data)) return refuse('not a binary property list')
  return topDictionaryTexts(data, (value, texts, table) => {
    const list = value === undefined ? undefined : contents(table, value)
    const isList = list?.kind === kinds.array && list.count > 0 && list.at + table.referenceWidth <= table.tableAt
    return isList ? texts.read(table.bytes.big(list.at, table.referenceWidth)) : undefined
  })
}
