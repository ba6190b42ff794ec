/** The difference of two results: its law, what is identity and what is not, and the order of what is gone. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RowText } from '../../../daemon/results/row-text.ts'
import { apply, diff } from './difference.ts'

const columns = [
  { name: 'id', type: 'BIGINT' },
  { name: 'path', type: 'TEXT' },
]
const row = (id: string, path = '') => ({ id, path })

/** Few values, so that rows repeat; some that would run together if lengths did not keep them apart. */
const value = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    '2',
    '10',
    ',',
    '1,',
    '9223372036854775807',
    '9223372036854775806',
    'ä',
    '😀',
    '\0',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const rows = fc.array(fc.record({ id: value, path: value }), { maxLength: 40 })

function multiset(all: Iterable<Readonly<Record<string, string>>>): string[] {
  const text = new RowText(columns.map((column) => column.name))
  return [...all].map((one) => text.write(one)).sort()
}

describe('diff', () => {
  it('applied to the previous rows gives the current ones, each as often as it is there', () => {
    fc.assert(
      fc.property(rows, rows, (previous, current) => {
        const change = diff(columns, previous, current)
        expect(multiset(apply(columns, previous, change))).toEqual(multiset(current))
      }),
      { numRuns: 300 },
    )
  })

  it('tells no row as gone and as new at once', () => {
    fc.assert(
      fc.property(rows, rows, (previous, current) => {
        const change = diff(columns, previous, current)
        const gone = new Set(multiset(change.removed))
        expect(multiset(change.added).filter((one) => gone.has(one))).toEqual([])
      }),
    )
  })

  it('agrees with counting by hand', () => {
    fc.assert(
      fc.property(rows, rows, (previous, current) => {
        const left = multiset(previous)
        const added = multiset(current).filter((one) => {
          const at = left.indexOf(one)
          if (at >= 0) left.splice(at, 1)
          return at < 0
        })
        const change = diff(columns, previous, current)
        expect(multiset(change.added)).toEqual(added.sort())
        expect(multiset(change.removed)).toEqual(left.sort())
      }),
    )
  })

  it('counts duplicates', () => {
    const change = diff(columns, [row('1'), row('1'), row('1')], [row('1'), row('2'), row('2')])
    expect(change).toEqual({ removed: [row('1'), row('1')], added: [row('2'), row('2')] })
  })

  it('takes rows with another order of keys as the same', () => {
    expect(diff(columns, [{ id: '1', path: 'a' }], [{ path: 'a', id: '1' }])).toEqual({ removed: [], added: [] })
  })

  it('keeps 64-bit numbers apart that are the same double', () => {
    const change = diff(columns, [row('9223372036854775807')], [row('9223372036854775806')])
    expect(change.added).toEqual([row('9223372036854775806')])
    expect(change.removed).toEqual([row('9223372036854775807')])
  })

  it('tells what is gone in osquery order: integers by value, then texts by bytes', () => {
    const previous = ['b', '10', '9', '', '-3', '2.5', 'Z'].map((id) => row(id))
    const change = diff(columns, previous, [])
    expect(change.removed.map((one) => one.id)).toEqual(['-3', '9', '10', '2.5', '', 'Z', 'b'])
  })

  it('orders characters beyond the basic plane by their UTF-8 bytes, not by their UTF-16 units', () => {
    const change = diff(columns, [row('1', '😀'), row('1', '\uffee')], [])
    expect(change.removed.map((one) => one.path)).toEqual(['\uffee', '😀'])
  })

  it('is not slowed by a hundred thousand rows that are all the same', () => {
    const same = Array.from({ length: 100_000 }, () => row('1', 'same'))
    expect(diff(columns, same, same.slice(1)).removed).toHaveLength(1)
  })
})

describe('the text of a row', () => {
  const text = new RowText(['b', 'a'])

  it('reads back what was written, several rows in one text', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 10 }), (all) => {
        const wellFormed = all.map((one) => ({ a: one.a.toWellFormed(), b: one.b.toWellFormed() }))
        expect(text.read(wellFormed.map((one) => text.write(one)).join(''))).toEqual(wellFormed)
      }),
    )
  })

  it('is another one for every other row', () => {
    const written = [
      { a: '', b: '1' },
      { a: '1', b: '' },
      { a: '1,', b: '' },
      { a: ',', b: '1' },
    ].map((one) => text.write(one))
    expect(new Set(written).size).toBe(4)
  })

  it('refuses what was never written', () => {
    for (const damaged of ['x', '1,', '5,1,abc', '99999999999,1,a', ',,']) {
      expect(() => text.read(damaged), damaged).toThrow(expect.objectContaining({ name: 'DamagedRowsError' }))
    }
  })

  it('keeps a column named __proto__', () => {
    const odd = new RowText(['__proto__'])
    const read = odd.read('3,abc')
    expect(Object.keys(read[0] ?? {})).toEqual(['__proto__'])
    expect(odd.write(read[0] ?? {})).toBe('3,abc')
  })
})
