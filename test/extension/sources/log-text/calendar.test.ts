import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  anyTime,
  isoTime,
  localeTime,
  namedMonthTime,
  unixTime,
  yearlessTime,
} from '../../../../extension/sources/log-text/calendar.ts'

const at = (text: string) => Date.parse(text) / 1000
const mtime = at('2023-04-02T12:00:00Z')

describe('a time with a zone', () => {
  test.each([
    ['2023-03-29T14:02:11Z', '2023-03-29T14:02:11Z'],
    ['2023-03-29T14:02:11.123Z', '2023-03-29T14:02:11.123Z'],
    ['2023-03-29T14:02:11,123+02:00', '2023-03-29T12:02:11.123Z'],
    ['2023-03-29 14:02:11 -0730', '2023-03-29T21:32:11Z'],
    ['2023-03-29 14:02:11 UTC', '2023-03-29T14:02:11Z'],
    ['2023/3/9 4:02', '2023-03-09T04:02:00Z'],
    ['2023-03-29T14:02:11+02', '2023-03-29T12:02:11Z'],
  ])('%s', (text, expected) => {
    expect(isoTime(text)).toBe(at(expected))
  })

  test('common log format, HAProxy and BIND', () => {
    expect(namedMonthTime('29/Mar/2023:14:02:11 +0200')).toBe(at('2023-03-29T12:02:11Z'))
    expect(namedMonthTime('29/mar/2023:14:02:11.123')).toBe(at('2023-03-29T14:02:11.123Z'))
    expect(namedMonthTime('29-Mar-2023 14:02:11.123')).toBe(at('2023-03-29T14:02:11.123Z'))
  })
})

describe('what is no time', () => {
  test.each([
    '',
    '2023-02-29T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-03-29T24:00:00Z',
    '2023-03-29T14:61:00Z',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+02:00',
    '0000-00-00T00:00:00Z',
    '99/Mar/2023:14:02:11 +0000',
    '29/Foo/2023:14:02:11 +0000',
    'Feb 30 14:02:11',
    '-1680098531',
    '1e9',
    '99999999999999999999',
    '2023-03-29T14:02:11Z'.repeat(1000),
  ])('%s', (text) => {
    expect(anyTime(text, mtime)).toBeUndefined()
  })
})

describe('a time without a year', () => {
  test('is of the year of the file, or of the one before', () => {
    expect(yearlessTime('Apr', '2', '11:00:00', mtime)).toBe(at('2023-04-02T11:00:00Z'))
    expect(yearlessTime('Apr', '3', '11:00:00', mtime)).toBe(at('2023-04-03T11:00:00Z'))
    expect(yearlessTime('Apr', '3', '13:00:00', mtime)).toBe(at('2022-04-03T13:00:00Z'))
    expect(yearlessTime('Dec', '31', '23:59:59', mtime)).toBe(at('2022-12-31T23:59:59Z'))
  })

  test("may be of the year after, when the file was last changed on New Year's Eve", () => {
    const eve = at('2022-12-31T23:59:00Z')
    expect(yearlessTime('Jan', '1', '00:30:00', eve)).toBe(at('2023-01-01T00:30:00Z'))
    expect(yearlessTime('Jan', '3', '00:30:00', eve)).toBe(at('2022-01-03T00:30:00Z'))
  })

  test('on 29 February is of a leap year', () => {
    expect(yearlessTime('Feb', '29', '00:00:00', mtime)).toBe(at('2020-02-29T00:00:00Z'))
  })

  test('needs a file that has a date', () => {
    expect(yearlessTime('Mar', '29', '00:00:00', -1e12)).toBeUndefined()
    expect(yearlessTime('Mar', '29', '00:00:00', Number.NaN)).toBeUndefined()
  })
})

describe('seconds since 1970', () => {
  test.each([
    ['1680098531', 1680098531],
    ['1680098531.123456', 1680098531.123456],
    ['1680098531123', 1680098531.123],
    ['1680098531123456', 1680098531.123456],
    ['1680098531123456789', 1680098531.1234567],
  ])('%s', (text, expected) => {
    expect(unixTime(text)).toBe(expected)
  })
})

describe('a date of a Windows locale', () => {
  test.each([
    ['3/4/2023 2:02:11 PM', '2023-03-04T14:02:11Z'],
    ['3/4/2023 12:02:11 AM', '2023-03-04T00:02:11Z'],
    ['3.4.2023 14:02:11', '2023-04-03T14:02:11Z'],
    ['29/03/2023 14:02:11', '2023-03-29T14:02:11Z'],
    ['03/29/2023 14:02:11', '2023-03-29T14:02:11Z'],
    ['01/03/2023 14:02:11', '2023-03-01T14:02:11Z'],
    ['01/05/2023 14:02:11', '2023-01-05T14:02:11Z'],
    ['2023-03-29 14:02:11', '2023-03-29T14:02:11Z'],
  ])('%s', (text, expected) => {
    expect(localeTime(text, mtime)).toBe(at(expected))
  })
})

test('every moment that JavaScript writes is read as what it is', () => {
  const moments = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  fc.assert(
    fc.property(moments, (date) => {
      expect(anyTime(date.toISOString(), mtime)).toBe(date.getTime() / 1000)
      expect(
        Math.abs(
          (anyTime(date.toISOString().replace('Z', '-01:30'), mtime) ?? 253_402_300_800) - date.getTime() / 1000,
        ),
      ).toBeLessThanOrEqual(5401)
    }),
  )
})
