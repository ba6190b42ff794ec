/**
 * Paths as text: laws over random bytes, and the examples of the module's own description.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathFromBytes, pathToBytes } from '../../../extension/domain/path-text.ts'

const text = (bytes: string) => pathFromBytes(Buffer.from(bytes, 'latin1'))

/** Bytes that are likely to look like escapes, or like the middle of a UTF-8 sequence. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\',
        'x',
        '\\x',
        '\\x5c',
        '0',
        'f',
        'F',
        '5c',
        '/',
        '\xc3',
        '\xa9',
        '\xe2\x82',
        '\xed\xa0\x80',
        '\xf0',
      ),
      fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

describe('pathFromBytes and pathToBytes', () => {
  it('are each other’s inverse on any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), nasty), (bytes) => {
        expect(Buffer.from(pathToBytes(pathFromBytes(bytes)))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 5000 },
    )
  })

  it('give different texts for different bytes', () => {
    const seen = new Map<string, string>()
    fc.assert(
      fc.property(nasty, (bytes) => {
        const hex = bytes.toString('hex')
        const shown = pathFromBytes(bytes)
        expect(seen.get(shown) ?? hex).toBe(hex)
        seen.set(shown, hex)
      }),
      { numRuns: 5000 },
    )
  })

  it('work name by name: a path’s text is the texts of its names, joined', () => {
    fc.assert(
      fc.property(fc.array(nasty), (names) => {
        const path = Buffer.concat(names.flatMap((name, at) => (at === 0 ? [name] : [Buffer.from('/'), name])))
        expect(pathFromBytes(path)).toBe(names.map((name) => pathFromBytes(name)).join('/'))
      }),
    )
  })

  it('leave valid Unicode alone, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (string) => {
        fc.pre(!string.includes('\\x'))
        expect(pathFromBytes(Buffer.from(string))).toBe(string)
      }),
    )
  })

  it.each([
    ['C:\\Windows\\System32\\x.dll', 'C:\\Windows\\System32\\x.dll'],
    ['bad\xff\xfe.dll', 'bad\\xff\\xfe.dll'],
    ['literal \\x41', 'literal \\x5cx41'],
    ['not an escape: \\xZZ \\x4 \\X41 \\xFF', 'not an escape: \\xZZ \\x4 \\X41 \\xFF'],
    ['\\\\x41', '\\\\x5cx41'],
    ['cut short: \xe2\x82', 'cut short: \\xe2\\x82'],
    ['surrogate: \xed\xa0\x80', 'surrogate: \\xed\\xa0\\x80'],
    ['overlong: \xc0\xaf', 'overlong: \\xc0\\xaf'],
    ['', ''],
  ])('%j is written %j', (bytes, shown) => {
    expect(text(bytes)).toBe(shown)
  })

  it('keep a byte order mark, which is part of a name like any other character', () => {
    const bytes = Buffer.from('\ufeffx')
    expect(Buffer.from(pathToBytes(pathFromBytes(bytes)))).toEqual(bytes)
  })

  it('take long paths', () => {
    const bytes = Buffer.alloc(1_000_000, 'a\xff', 'latin1')
    expect(Buffer.from(pathToBytes(pathFromBytes(bytes))).equals(bytes)).toBe(true)
    const plain = Buffer.concat([Buffer.alloc(1_000_000, 'a'), Buffer.from([0xff])])
    expect(Buffer.from(pathToBytes(pathFromBytes(plain))).equals(plain)).toBe(true)
  })
})
