/**
 * Decoded texts of one image as a payload: what they are, where they lie, and the addresses among them.
 *
 * Texts are shown within bounds; the digest is over all that were read, in the order of the file, joined by NUL.
 */
import { createHash } from 'node:crypto'
import { canonical } from '../domain/observable.ts'
import type { Payload } from '../domain/payload.ts'
import type { EncodedText } from './xor-text.ts'

/** Shown of the texts, in characters of JSON; the loader's own take some 1,000. */
const maxShown = 4096

/** Makes the payload; undefined when there are no texts. */
export function xorPayload(read: readonly EncodedText[], key: number, cpu: string): Payload | undefined {
  const texts = distinct(read)
  const [first] = texts
  if (!first) return undefined
  const end = Math.max(...texts.map(({ offset, text }) => offset + text.length))
  return {
    kind: 'xor_strings',
    offset: first.offset,
    length: end - first.offset,
    sha256: createHash('sha256')
      .update(texts.map(({ text }) => text).join('\0'), 'latin1')
      .digest('hex'),
    urls: urlsIn(texts.map(({ text }) => text)),
    fields: { key: keyText(key), cpu, texts: texts.length, strings: shown(texts.map(({ text }) => text)) },
    parts: [],
  }
}

/** A key as an analyst writes it. */
export function keyText(key: number): string {
  return `0x${key.toString(16).padStart(2, '0')}`
}

/** One entry for each place, in the order of the file. */
function distinct(read: readonly EncodedText[]): readonly EncodedText[] {
  const byPlace = new Map(read.map((one) => [one.offset, one]))
  return [...byPlace.values()].sort((a, b) => a.offset - b.offset)
}

const address = /^(https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,12})(:\d{1,5})?(\/[\x21-\x7e]*)?$/i

/**
 * The addresses among some texts, canonical. The loader keeps its fifteen as host and path and adds the scheme in code;
 * such a record is given the scheme that the loader uses.
 */
export function urlsIn(texts: readonly string[]): readonly string[] {
  const urls = texts.flatMap((text) => {
    const parts = address.exec(text)
    const made = parts && canonical('url', parts[1] ? text : `https://${text}`)
    return made && 'value' in made ? [made.value] : []
  })
  return [...new Set(urls)]
}

/** As many whole texts as there is room for, as a JSON array. */
function shown(texts: readonly string[]): string {
  const some: string[] = []
  let room = maxShown
  for (const text of texts) {
    room -= JSON.stringify(text).length + 1
    if (room < 0) break
    some.push(text)
  }
  return JSON.stringify(some)
}
