/**
 * Doubles as C++ prints them: the expected texts are those of C's printf with `%.15g`, and osquery's `.0`.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { doubleText } from '../../../extension/sdk/double-text.ts'

it.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [3, '3.0'],
  [1.5, '1.5'],
  [0.1, '0.1'],
  [1 / 3, '0.333333333333333'],
  [0.1 + 0.2, '0.3'],
  [1e20, '1e+20.0'],
  [1e-5, '1e-05.0'],
  [1e-4, '0.0001'],
  [-2.5e-10, '-2.5e-10'],
  [1e15, '1e+15.0'],
  [123456789012345, '123456789012345.0'],
  [2 ** 57, '1.44115188075856e+17'],
  [999999999999999.9, '1e+15.0'],
  [5e-324, '4.94065645841247e-324'],
  [Number.MAX_VALUE, '1.79769313486232e+308'],
  [Number.POSITIVE_INFINITY, 'inf.0'],
])('%d is written %s', (value, text) => {
  expect(doubleText(value)).toBe(text)
})

it.each([
  [1234567890123445, '1.23456789012344e+15'],
  [1234567890123455, '1.23456789012346e+15'],
  [100000000000000.5, '100000000000000.0'],
  [10000000000000.25, '10000000000000.2'],
])('a half goes to the even digit: %d is written %s', (value, text) => {
  expect(doubleText(value)).toBe(text)
})

it('means the same number, to 15 digits', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
      const read = Number(doubleText(value).replace(/(e[-+]\d+)\.0$/, '$1'))
      expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-14)
    }),
  )
})
