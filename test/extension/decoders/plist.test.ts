import { parseBuffer } from 'bplist-parser'
import fc from 'fast-check'
import { build, buildBinary, type PlistValue, parse } from 'plist'
import { describe, expect, test } from 'vitest'
import { maxPlist, plistStrings } from '../../../extension/decoders/plist.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { be, join, patched, utf16, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { binaryFile, binaryObjects, binaryPlist, marker, text, xmlPlist } from '../../support/plist-builder.ts'

const info = {
  CFBundleIdentifier: 'com.electron.3cx-desktop-app',
  CFBundleName: '3CX Desktop App',
  CFBundleShortVersionString: '18.12.416',
  CFBundleVersion: '18.12.416',
}
const xml = xmlPlist(info)
const binary = binaryPlist(info)
const dict = (body: string) => join(`<plist><dict>${body}</dict></plist>`)
const lol = '<!DOCTYPE plist [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'

const cases: Readonly<Record<string, Uint8Array>> = {
  'xml-ordinary': join(xml),
  'xml-byte-order-mark': join('\ufeff', xml),
  'xml-utf-16-little': join(Uint8Array.of(0xff, 0xfe), utf16(xml)),
  'xml-utf-16-big': join(Uint8Array.of(0xfe, 0xff), utf16(xml, false)),
  'xml-utf-16-without-mark': utf16(xml),
  'xml-without-plist-element': join('<dict><key>a</key><string>b</string></dict>'),
  'xml-empty-dictionary': dict(''),
  'xml-empty-element': join('<plist><dict/></plist>'),
  'xml-nested-skipped': dict(
    '<key>a</key><dict><key>b</key><string>no</string></dict><key>c</key><array><string>no</string></array>' +
      '<key>d</key><true/><key>e</key><integer>5</integer><key>f</key><string>yes</string>',
  ),
  'xml-value-without-key': dict('<string>no</string><key>a</key><string>yes</string><string>no</string>'),
  'xml-key-without-value': dict('<key>no</key><key>a</key><string>yes</string><key>no</key>'),
  'xml-key-twice': dict('<key>a</key><string>first</string><key>a</key><string>last</string>'),
  'xml-key-named-proto': dict('<key>__proto__</key><string>x</string>'),
  'xml-entities': dict(
    '<key>a&amp;b</key><string>&lt;&gt;&quot;&apos;&#65;&#x1F600;&#0;&#x110000;&unknown;&amp;lt;</string>',
  ),
  'xml-cdata-and-comments': dict('<key>a</key><!-- <key>no</key> --><string>b<![CDATA[<&amp;>]]><!-- c -->d</string>'),
  'xml-entity-bomb': join(lol, '<plist><dict><key>a</key><string>&c;</string></dict></plist>'),
  'xml-external-entity': join(
    '<!DOCTYPE plist [<!ENTITY f SYSTEM "file:///etc/passwd">]><plist><dict><key>a</key><string>&f;</string></dict></plist>',
  ),
  'xml-attributes-with-brackets': join(
    '<plist version="a>b"><dict x=\'>\'><key>a</key><string>b</string></dict></plist>',
  ),
  'xml-top-array': join('<plist><array><string>a</string></array></plist>'),
  'xml-other-document': join('<html><dict><key>a</key><string>b</string></dict></html>'),
  'xml-truncated': join(xml.slice(0, -40)),
  'xml-truncated-in-tag': join(xml.slice(0, xml.indexOf('<dict>') + 3)),
  'xml-truncated-in-quotes': join('<plist version="1.0'),
  'xml-wrong-end': dict('<key>a</string>'),
  'xml-deep': join('<plist>', '<dict><key>a</key>'.repeat(10_000)),
  'xml-tag-without-name': join('<plist>< ></plist>'),
  'xml-invalid-utf-8': join('<dict><key>a</key><string>', Uint8Array.of(0xff, 0x62), '</string></dict>'),
  empty: zeros(0),
  noise: Uint8Array.of(1, 2, 3, 4, 5),
  'old-style': join('{ CFBundleName = "x"; }'),
  'too-large': zeros(maxPlist + 1),
  'binary-ordinary': binary,
  'binary-not-ascii': binaryPlist({ CFBundleName: 'Zoë 電話' }),
  'binary-many-keys': binaryPlist(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`key ${i}`, `value ${i}`]))),
  'binary-empty-dictionary': binaryPlist({}),
  'binary-other-values': binaryObjects([
    join(marker(0xd, 3), Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 0)),
    ...['a', 'b', 'c'].map(text),
    text('yes'),
    Uint8Array.of(0x09),
  ]),
  'binary-key-is-no-string': binaryObjects([
    join(marker(0xd, 1), Uint8Array.of(1, 2)),
    Uint8Array.of(0x10, 5),
    text('x'),
  ]),
  'binary-top-is-string': binaryObjects([text('x')]),
  'binary-top-contains-itself': binaryObjects([join(marker(0xd, 1), Uint8Array.of(0, 0))]),
  'binary-only-magic': join('bplist00'),
  'binary-truncated': binary.subarray(0, -5),
  'binary-trailer-zero': patched(binary, binary.length - 32, zeros(32)),
  'binary-count-2-to-the-64': patched(binary, binary.length - 24, be(0xffff_ffff_ffff_ffffn, 8)),
  'binary-top-beyond-count': patched(binary, binary.length - 16, be(1000, 8)),
  'binary-table-beyond-end': patched(binary, binary.length - 8, be(0xffff_ffffn, 8)),
  'binary-table-inside-header': patched(binary, binary.length - 8, be(3, 8)),
  'binary-widths-255': patched(binary, binary.length - 26, Uint8Array.of(255, 255)),
  'binary-dictionary-of-2-to-the-32': binaryObjects([join(Uint8Array.of(0xdf, 0x12), be(0xffffffff, 4)), text('x')]),
  'binary-string-of-2-to-the-53': binaryObjects([
    join(marker(0xd, 1), Uint8Array.of(1, 1)),
    join(Uint8Array.of(0x5f, 0x13), be(2n ** 53n - 1n, 8)),
  ]),
  'binary-offsets-into-table': binaryFile(join(marker(0xd, 0)), [be(200, 4), be(9, 4)], {
    offsetWidth: 4,
    referenceWidth: 1,
    count: 2,
    top: 0,
    tableAt: 9,
  }),
  'binary-strings-overlap': overlapping(),
}

/** Two hundred strings, each from another offset to the end of the same bytes. */
function overlapping(): Uint8Array {
  const size = 200
  const references = Array.from({ length: size * 2 }, (_, i) => be(1 + i, 2))
  const dictionary = join(marker(0xd, size), ...references)
  const heap = zeros(20_000).fill(0x5f)
  const strings = Array.from({ length: size * 2 }, (_, i) => i * 8)
  for (const at of strings) heap.set(join(Uint8Array.of(0x5f, 0x12), be(heap.length - at - 6, 4)), at)
  const heapAt = 8 + dictionary.length
  const offsets = [be(8, 4), ...strings.map((at) => be(heapAt + at, 4))]
  const tableAt = heapAt + heap.length
  return binaryFile(join(dictionary, heap), offsets, {
    offsetWidth: 4,
    referenceWidth: 2,
    count: offsets.length,
    top: 0,
    tableAt,
  })
}

describe('property lists read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/plist/${name}`, plistStrings(bytes))
    })
  }
})

/** Top-level strings of a value, as the answer must be. */
function expected(value: PlistValue): Record<string, string> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, one]) => typeof one === 'string'))
}

/** What XML 1.0 carries unchanged, without what the reader behind `plist` mends (U+2028, U+2029) or warns of (U+FFFD). */
const words = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((one) => !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\r]/.test(one))
const names = words.filter((one) => one !== '__proto__' && one !== '')
const value: fc.Arbitrary<PlistValue> = fc.letrec<{ value: PlistValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    words,
    fc.boolean(),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value
const dictionaries = fc.dictionary(names, value, { maxKeys: 40, noNullPrototype: true })

test('reads every XML list that the plist package writes, and agrees with how it reads it back', () => {
  fc.assert(
    fc.property(dictionaries, (dictionary) => {
      const text = build(dictionary)
      expect(plistStrings(join(text))).toEqual({ format: 'xml', strings: expected(parse(text)) })
    }),
    { numRuns: 300 },
  )
})

test('reads every binary list that the plist package writes, and agrees with bplist-parser', () => {
  fc.assert(
    fc.property(dictionaries, (dictionary) => {
      const bytes = buildBinary(dictionary)
      const [reread] = parseBuffer<Record<string, PlistValue>>(Buffer.from(bytes))
      expect(plistStrings(bytes)).toEqual({ format: 'binary', strings: expected(reread) })
      expect(expected(reread)).toEqual(expected(dictionary))
    }),
    { numRuns: 300 },
  )
})

test('our own builders write what other readers read', () => {
  expect(parse(xml)).toEqual(info)
  expect(parseBuffer(Buffer.from(binary))).toEqual([info])
})

test('a megabyte of unclosed markup takes time in proportion', () => {
  for (const piece of ['<', '<!--', '<![CDATA[', '<a ', '<a "', '&', '<!DOCTYPE [', '<key>', '<dict><key>', '\r']) {
    const started = performance.now()
    plistStrings(join(`<dict>${piece.repeat(Math.floor((maxPlist - 6) / piece.length))}`))
    expect(performance.now() - started, piece).toBeLessThan(2000)
  }
})

test('answers stay smaller than the list', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      const read = plistStrings(join('bplist00', tail))
      if (isRefusal(read)) return
      const size = Object.entries(read.strings).flat().join('').length
      expect(size).toBeLessThanOrEqual(tail.length * 64)
    }),
  )
})
