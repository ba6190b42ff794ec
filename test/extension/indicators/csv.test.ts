import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvDelimiter, csvRows } from '../../../extension/indicators/import/csv.ts'

const rows = (text: string, delimiter = ',') => [...csvRows(text, delimiter)].map((row) => row.fields)

describe('csvRows', () => {
  it('reads quotes, doubled quotes, and breaks inside quotes', () => {
    expect(rows('a,"b ""c""",d\r\n"x\r\ny",,z\n')).toEqual([
      ['a', 'b "c"', 'd'],
      ['x\r\ny', '', 'z'],
    ])
  })

  it('counts lines through breaks inside quotes', () => {
    expect([...csvRows('a\n"b\n\nc"\nd\n', ',')].map((row) => row.line)).toEqual([1, 2, 5])
  })

  it('marks a row whose quotes are never closed', () => {
    expect([...csvRows('a,b\n"c,d\ne,f', ',')].map((row) => row.isBroken)).toEqual([false, true])
  })

  it('finds the delimiter a spreadsheet chose', () => {
    expect([csvDelimiter('a,b,c\n;'), csvDelimiter('a;b;c'), csvDelimiter('a\tb')]).toEqual([',', ';', '\t'])
  })

  it('gives back what was quoted by the rules', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', ';') })
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 5 })
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(table, (wanted) => {
        expect(rows(wanted.map((row) => row.map(quoted).join(',')).join('\r\n'))).toEqual(wanted)
      }),
    )
  })

  it('answers every text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a') }), (text) => void rows(text)))
  })
})
