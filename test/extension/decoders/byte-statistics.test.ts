import { expect, test } from 'vitest'
import { entropy, looksLikeText, looksRandom } from '../../../extension/decoders/byte-statistics.ts'
import { join, utf16, zeros } from '../../support/byte-writer.ts'
import { noise } from '../../support/noise.ts'

test('entropy is 0 for nothing and for one value, 1 for two, 8 for all', () => {
  expect(entropy(zeros(0))).toBe(0)
  expect(entropy(zeros(100))).toBe(0)
  expect(entropy(join('abab'))).toBe(1)
  expect(entropy(Uint8Array.from({ length: 2560 }, (_, i) => i & 0xff))).toBe(8)
})

test('noise looks random, text and short stretches do not', () => {
  expect(looksRandom(noise('long', 1024))).toBe(true)
  expect(looksRandom(noise('short', 1023))).toBe(false)
  expect(looksRandom(join('The quick brown fox jumps over the lazy dog. '.repeat(50)))).toBe(false)
})

test('text is ASCII, wide or not, and nothing else', () => {
  expect(looksLikeText(join('brand=ABCD\r\n\t'))).toBe(true)
  expect(looksLikeText(utf16('brand=ABCD'))).toBe(true)
  expect(looksLikeText(zeros(8))).toBe(true)
  expect(looksLikeText(Uint8Array.of(0x41, 0x7f))).toBe(false)
  expect(looksLikeText(join('é'))).toBe(false)
})
