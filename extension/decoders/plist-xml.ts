/**
 * XML property lists: keys and string values of the top-level dictionary.
 *
 * Steps through the document once, from tag to tag. No tree, no namespaces, no validation against the DTD; a document
 * type is skipped and the entities it defines stay as they are written, so nothing is fetched and nothing expands.
 * https://www.apple.com/DTDs/PropertyList-1.0.dtd
 */
import { type Refusal, refuse } from './refusal.ts'
import { xmlTokens } from './xml-token.ts'

/** Elements inside one another; the deepest bundle descriptions have about ten. */
const maxDepth = 256

/** Reads keys with string values, in the order of the document. */
export function xmlPlistStrings(text: string): Map<string, string> | Refusal {
  if (!/^\s*</.test(text)) return refuse('not a property list: does not start with an XML element')
  const reader = topDictionary()
  for (const token of xmlTokens(text)) {
    switch (token.kind) {
      case 'damage':
        return refuse(`damaged XML property list: ${token.problem}`)
      case 'text':
        reader.text(token.text)
        break
      case 'open': {
        const problem = reader.open(token.name) ?? (token.isEmpty ? reader.close(token.name) : undefined)
        if (problem) return refuse(problem)
        break
      }
      case 'close': {
        const problem = reader.close(token.name)
        if (problem) return refuse(problem)
        break
      }
    }
    if (reader.isDone()) return reader.strings
  }
  return refuse('damaged XML property list: ends inside its top dictionary')
}

/** Follows the elements, and collects the text of keys and strings directly inside the first dictionary. */
function topDictionary() {
  const strings = new Map<string, string>()
  const open: string[] = []
  /** Number of open elements while directly inside the top dictionary; 0 before it began. */
  let top = 0
  let collected = ''
  let key: string | undefined
  const isChild = () => top > 0 && open.length === top + 1
  return {
    strings,
    isDone: () => top > 0 && open.length < top,
    text: (text: string) => {
      if (isChild()) collected += text
    },
    open: (name: string): string | undefined => {
      if (open.length >= maxDepth) return `damaged XML property list: more than ${maxDepth} elements inside one another`
      if (top === 0 && name !== 'dict' && (name !== 'plist' || open.length > 0)) {
        return `not a property list of a bundle: its top element is ${JSON.stringify(name.slice(0, 40))}`
      }
      open.push(name)
      if (top === 0 && name === 'dict') top = open.length
      if (isChild()) collected = ''
      return undefined
    },
    close: (name: string): string | undefined => {
      const isEnd = isChild()
      const opened = open.pop()
      if (opened !== name) {
        return `damaged XML property list: ${JSON.stringify(opened?.slice(0, 40) ?? '')} ends as ${JSON.stringify(name.slice(0, 40))}`
      }
      if (isEnd && name === 'key') key = collected
      else if (isEnd) {
        if (name === 'string' && key !== undefined) strings.set(key, collected)
        key = undefined
      }
      return undefined
    },
  }
}
