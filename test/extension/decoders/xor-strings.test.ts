import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import { recordsOf } from '../../../extension/decoders/xor-records.ts'
import { findMarkers, type Marker } from '../../../extension/decoders/xor-strings.ts'
import { textAround } from '../../../extension/decoders/xor-text.ts'
import { field, join, patched, zeros } from '../../support/byte-writer.ts'
import { xored } from '../../support/macos-malware-shapes.ts'
import { memoryFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'

const markers: readonly Marker[] = ['__tutma=', 'https://', 'aab'].map((text) => ({ name: text, text, when: 'either' }))
const search = async (bytes: Uint8Array) =>
  (await findMarkers(boundedFile(memoryFile(bytes)), 0, bytes.length, markers)).hits.map(
    ({ marker, key, offset }) => `${marker.text} ${key} ${offset}`,
  )

/** What the search should find, by trying every key at every place. */
function tried(bytes: Uint8Array): readonly string[] {
  const out: string[] = []
  for (let key = 0; key < 256; key++) {
    const decoded = Buffer.from(xored(bytes, key))
    for (const { text } of markers) {
      for (let at = decoded.indexOf(text); at >= 0; at = decoded.indexOf(text, at + 1)) out.push(`${text} ${key} ${at}`)
    }
  }
  return out
}

test('one pass finds what trying every key at every place finds', async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.constantFrom(...markers), fc.nat(255)).map(([{ text }, key]) => xored(join(text), key)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const bytes = join(...pieces)
      expect((await search(bytes)).toSorted()).toEqual(tried(bytes).toSorted())
    }),
    { numRuns: 150 },
  )
})

test('a text across the border of two reads is found once', async () => {
  const chunk = 1 << 20
  const text = xored(join('__tutma='), 0x7a)
  const base = new Uint8Array(2 * chunk + 100).fill(0x55)
  for (const at of [chunk - 9, chunk - 8, chunk - 7, chunk - 1, chunk, chunk + 1, 2 * chunk - 3, 2 * chunk + 92]) {
    expect(await search(patched(base, at, text))).toEqual([`__tutma= 122 ${at}`])
  }
})

test('a flood of one text leaves room for the others', async () => {
  const flood = join(...Array.from({ length: 5000 }, () => 'https://'))
  const hits = await search(join(flood, xored(join('https://'), 9), '__tutma='))
  expect(hits.filter((one) => one.startsWith('https:// 0'))).toHaveLength(32)
  expect(hits).toContain('https:// 9 40000')
  expect(hits).toContain('__tutma= 0 40008')
})

const around = (before: Uint8Array | string, text: string, after: Uint8Array | string, known: string) => {
  const bytes = join(before, xored(join(text), 0x7a), after)
  const at = join(before).length + text.indexOf(known)
  return textAround(bytes, at, known.length, 0x7a).text
}

test('under 0x7A a zero byte is a letter inside a word and padding beside one', () => {
  const end = Uint8Array.of(0x7a)
  expect(around(end, 'azure.com', end, '.com')).toBe('azure.com')
  expect(around(end, 'https://zacharryblogs.com/quiz', end, '.com')).toBe('https://zacharryblogs.com/quiz')
  expect(around(end, 'zacharryblogs.com', end, '.com')).toBe('zacharryblogs.com')
  expect(around(end, 'pizza.com', end, '.com')).toBe('pizza.com')
  expect(around(zeros(40), 'sourceslabs.com', zeros(40), '.com')).toBe('sourceslabs.com')
  expect(around('plain text\0', 'sourceslabs.com', '\0plain text', '.com')).toBe('sourceslabs.com')
  expect(around('2>&1\0', 'sourceslabs.com', '\0VERSION 1', '.com')).toBe('sourceslabs.com')
  expect(around(join(zeros(8)), 'sourceslabs.com', Uint8Array.of(0), '.com')).toBe('sourceslabs.com')
})

test('any word between encoded NULs is read back, whatever the key', () => {
  const word = fc.stringMatching(/^[a-z0-9]{0,12}$/)
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 255 }), (left, right, key) => {
      const text = `${left}.com/${right}`
      const twoAlike = /(.)\1\1/.test(text) || text.includes(String.fromCharCode(key))
      fc.pre(!twoAlike)
      const bytes = xored(join('\0', text, '\0'), key)
      expect(textAround(bytes, 1 + left.length, 5, key).text).toBe(text)
    }),
  )
})

test('the size of the records tells a first letter from padding', () => {
  const names = ['msstorageazure.com', 'zacharryblogs.com', 'sourceslabs.com', 'zz.com', 'officeaddons.com']
  const bytes = join(zeros(64), ...names.map((name) => field(xored(join(name), 0x7a), 64)))
  const texts = names.map((name, i) => {
    const read = textAround(bytes, 64 * (i + 1) + name.indexOf('.com'), 4, 0x7a)
    return read
  })
  expect(recordsOf(texts, 0x7a).map(({ text }) => text)).toEqual(names)
  expect(recordsOf(texts.slice(0, 2), 0x7a)).toEqual(texts.slice(0, 2))
})

test('noise holds none of the long texts', async () => {
  const hits = await search(noise('xor', 1 << 20))
  expect(hits.filter((one) => !one.startsWith('aab'))).toEqual([])
})
