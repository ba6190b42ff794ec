/**
 * Apple's file of cookies: pages of records, each with offsets to its texts. Values are secrets and are not read.
 *
 * Sizes of pages come first, big-endian; all else is little-endian. Times are seconds since 2001, with a fraction.
 * https://github.com/libyal/dtformats (Safari Cookies)
 */

/** A cookie without its value. */
export interface BinaryCookie {
  /** Of the record in the file. */
  readonly offset: number
  readonly domain: string
  readonly name: string
  readonly path: string
  /** Seconds since 2001. */
  readonly created: number
}

/** What is in a file. */
export interface BinaryCookies {
  readonly cookies: readonly BinaryCookie[]
  /** Pages and records that are not what they should be, left out. */
  readonly damaged: number
}

const maxPages = 20_000
const maxCookies = 50_000
const recordHead = 56
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Whether a file begins as one. */
export function isBinaryCookies(head: Uint8Array): boolean {
  return utf8.decode(head.subarray(0, 4)) === 'cook'
}

/** Reads a file; undefined when it does not begin as one. Time is bounded by the bytes: no byte is in two pages. */
export function binaryCookies(bytes: Uint8Array): BinaryCookies | undefined {
  if (!isBinaryCookies(bytes) || bytes.length < 8) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pages = view.getUint32(4)
  const cookies: BinaryCookie[] = []
  let damaged = 0
  let at = 8 + 4 * pages
  if (pages > maxPages || at > bytes.length) return { cookies, damaged: 1 }
  for (let page = 0; page < pages; page++) {
    const size = view.getUint32(8 + 4 * page)
    if (at + size > bytes.length) return { cookies, damaged: damaged + pages - page }
    damaged += readPage(bytes.subarray(at, at + size), at, cookies)
    at += size
  }
  return { cookies, damaged }
}

/** Adds the cookies of a page; how many of its records are none. */
function readPage(page: Uint8Array, start: number, into: BinaryCookie[]): number {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  if (page.length < 12 || view.getUint32(0) !== 0x100) return 1
  const count = view.getUint32(4, true)
  if (count > (page.length - 8) / 4) return 1
  let damaged = 0
  let after = 8 + 4 * count
  for (let i = 0; i < count; i++) {
    const at = view.getUint32(8 + 4 * i, true)
    const size = at + recordHead <= page.length ? view.getUint32(at, true) : 0
    // records lie one behind the other; overlapping ones would make a small file cost much
    if (at < after || size < recordHead || at + size > page.length || into.length >= maxCookies) {
      damaged++
      continue
    }
    after = at + size
    const record = page.subarray(at, at + size)
    const text = (place: number) => textAt(record, view.getUint32(at + place, true))
    const [domain, name, path] = [text(16), text(20), text(24)]
    if (domain === undefined || name === undefined || path === undefined) damaged++
    else into.push({ offset: start + at, domain, name, path, created: view.getFloat64(at + 48, true) })
  }
  return damaged
}

/** The text that begins at a place of a record; undefined when it does not lie behind its head or has no end. */
function textAt(record: Uint8Array, at: number): string | undefined {
  const end = at >= recordHead && at < record.length ? record.indexOf(0, at) : -1
  return end < 0 ? undefined : utf8.decode(record.subarray(at, end))
}
