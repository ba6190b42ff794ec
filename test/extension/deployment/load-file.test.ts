/** The load file's text: read as osquery reads it, and edited so that everything else stays byte for byte. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesOfText,
  parseLoadFile,
  textOfBytes,
  withEntry,
  withoutEntries,
} from '../../../extension/deployment/load-file.ts'

const ours = '/usr/local/lib/threecx-hunter/threecx_hunter.ext'
const never = () => false
const isOurs = (path: string) => path === ours

describe('reading', () => {
  it('skips blank lines and remarks of both kinds and trims the rest, as osquery does', () => {
    const text = '# a\n; b\n\n  \t\n  /one.ext  \r\n\t# c\n/two.ext'
    expect(parseLoadFile(text).entries).toEqual([
      { line: 5, path: '/one.ext' },
      { line: 7, path: '/two.ext' },
    ])
  })

  it('takes quotes, remarks behind a path and a byte-order mark for parts of the path', () => {
    const text = textOfBytes(Buffer.from('\ufeff/a.ext\n"/b.ext"\n/c.ext # c\n'))
    expect(parseLoadFile(text).entries.map((entry) => entry.path)).toEqual(['\ufeff/a.ext', '"/b.ext"', '/c.ext # c'])
    expect(parseLoadFile(text).hasByteOrderMark).toBe(true)
  })

  it.each([
    ['/a\n/b\n', 'lf'],
    ['/a\r\n/b\r\n', 'crlf'],
    ['/a\r\n/b\n', 'mixed'],
    ['/a\r/b\r', 'lone_cr'],
    ['', 'lf'],
  ])('sees how the lines of %j end', (text, expected) => {
    expect(parseLoadFile(text).lineEnds).toBe(expected)
  })

  it('decodes paths as UTF-8', () => {
    expect(parseLoadFile(textOfBytes(Buffer.from('/opt/größe/x.ext\n'))).entries[0]?.path).toBe('/opt/größe/x.ext')
  })
})

describe('adding', () => {
  it.each([
    ['', `${ours}\n`],
    ['/a.ext\n', `/a.ext\n${ours}\n`],
    ['/a.ext', `/a.ext\n${ours}`],
    ['/a.ext\r\n', `/a.ext\r\n${ours}\r\n`],
    [`${ours}\n`, `${ours}\n`],
    [` ${ours} \r\n# x\r\n`, ` ${ours} \r\n# x\r\n`],
  ])('to %j keeps its line ends and its last line as they are', (before, after) => {
    expect(withEntry(before, ours, never).text).toBe(after)
  })

  it('puts the line where an older path of ours was, and takes away the others', () => {
    const text = '# x\n/old/threecx_hunter.ext\n/a.ext\n/older/threecx_hunter.ext\n'
    const edit = withEntry(text, ours, (path) => path.startsWith('/old'))
    expect(edit).toEqual({
      text: `# x\n${ours}\n/a.ext\n`,
      removed: ['/old/threecx_hunter.ext', '/older/threecx_hunter.ext'],
      isAdded: true,
    })
  })

  it('leaves a line that is there where it is, and takes away older paths', () => {
    const edit = withEntry(`/old/threecx_hunter.ext\n${ours}\n`, ours, (path) => path.startsWith('/old'))
    expect(edit).toEqual({ text: `${ours}\n`, removed: ['/old/threecx_hunter.ext'], isAdded: false })
  })

  it('keeps bytes that are no UTF-8', () => {
    const before = Buffer.from([0x23, 0xff, 0xfe, 0x0a])
    const after = bytesOfText(withEntry(textOfBytes(before), ours, never).text)
    expect(after.subarray(0, 4)).toEqual(before)
  })
})

const anyText = fc.array(
  fc.constantFrom('\n', '\r\n', '\r', '#', ';', ' ', '/a.ext', '"', '\u00ff', '\u00ef\u00bb\u00bf'),
  {
    maxLength: 30,
  },
)

describe('the laws', () => {
  it('adding twice is adding once', () => {
    fc.assert(
      fc.property(anyText, (parts) => {
        const once = withEntry(parts.join(''), ours, never).text
        expect(withEntry(once, ours, never).text).toBe(once)
      }),
    )
  })

  it('adding and removing gives back every byte', () => {
    fc.assert(
      fc.property(anyText, (parts) => {
        const text = parts.join('')
        expect(withoutEntries(withEntry(text, ours, never).text, isOurs).text).toBe(text)
      }),
    )
  })

  it('after adding, osquery reads what it read before, and our path once', () => {
    fc.assert(
      fc.property(anyText, (parts) => {
        const text = parts.join('')
        const before = parseLoadFile(text).entries.map((entry) => entry.path)
        const after = parseLoadFile(withEntry(text, ours, never).text).entries.map((entry) => entry.path)
        expect(after).toEqual([...before, ours])
      }),
    )
  })
})
