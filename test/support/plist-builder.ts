/**
 * Property lists in both encodings, small and exact, so that damaged ones can be made byte by byte.
 *
 * Whole value trees are built by the `plist` package in tests; these hold a flat dictionary, as Info.plist mostly is.
 * https://github.com/apple-oss-distributions/CF/blob/main/CFBinaryPList.c
 */
import { be, join, utf16, zeros } from './byte-writer.ts'

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
  '<plist version="1.0">\n'

/** A dictionary of strings as XML text. */
export function xmlPlist(strings: Readonly<Record<string, string>>): string {
  const rows = Object.entries(strings).map(
    ([key, value]) => `\t<key>${escaped(key)}</key>\n\t<string>${escaped(value)}</string>\n`,
  )
  return `${head}<dict>\n${rows.join('')}</dict>\n</plist>\n`
}

/** A dictionary of strings in the binary encoding: keys first, then values, references of one byte or two. */
export function binaryPlist(strings: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(strings)
  const width = entries.length * 2 < 256 ? 1 : 2
  const references = entries
    .flatMap((_, i) => be(1 + i, width))
    .concat(entries.map((_, i) => be(1 + entries.length + i, width)))
  const dictionary = join(marker(0xd, entries.length), ...references)
  return binaryObjects(
    [dictionary, ...entries.map(([key]) => text(key)), ...entries.map(([, value]) => text(value))],
    width,
  )
}

/** A dictionary of lists of one string each, as macOS' directory service has them; at most 80 entries. */
export function binaryLists(strings: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(strings)
  const count = entries.length
  const references = [...entries.keys()].map((i) => be(1 + i, 1))
  const lists = [...entries.keys()].map((i) => be(1 + count + i, 1))
  return binaryObjects([
    join(marker(0xd, count), ...references, ...lists),
    ...entries.map(([key]) => text(key)),
    ...entries.map((_, i) => join(marker(0xa, 1), be(1 + 2 * count + i, 1))),
    ...entries.map(([, value]) => text(value)),
  ])
}

/** Objects, offset table and trailer; the first object is the top one. */
export function binaryObjects(objects: readonly Uint8Array[], referenceWidth = 1): Uint8Array {
  let at = 8
  const offsets = objects.map((object) => {
    const offset = at
    at += object.length
    return be(offset, 4)
  })
  return binaryFile(join(...objects), offsets, {
    offsetWidth: 4,
    referenceWidth,
    count: objects.length,
    top: 0,
    tableAt: at,
  })
}

/** Everything spelt out, for files that lie. */
export function binaryFile(
  body: Uint8Array,
  offsets: readonly Uint8Array[],
  trailer: {
    readonly offsetWidth: number
    readonly referenceWidth: number
    readonly count: number | bigint
    readonly top: number | bigint
    readonly tableAt: number | bigint
  },
): Uint8Array {
  const widths = Uint8Array.of(trailer.offsetWidth, trailer.referenceWidth)
  const numbers = [trailer.count, trailer.top, trailer.tableAt].map((n) => be(n, 8))
  return join('bplist00', body, ...offsets, zeros(6), widths, ...numbers)
}

/** The marker of an object with `count` elements. */
export function marker(kind: number, count: number): Uint8Array {
  if (count < 15) return Uint8Array.of(kind * 16 + count)
  return join(Uint8Array.of(kind * 16 + 15, 0x12), be(count, 4))
}

/** A string object: ASCII where possible, else UTF-16. */
export function text(value: string): Uint8Array {
  const isAscii = /^[\0-\x7f]*$/.test(value)
  return join(marker(isAscii ? 0x5 : 0x6, value.length), isAscii ? value : utf16(value, false))
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
