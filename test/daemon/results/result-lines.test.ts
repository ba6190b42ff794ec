/**
 * Lines against osquery's own bytes: lines that a logger extension got from osqueryd 5.23, and lines and doubles printed by
 * the RapidJSON that osquery builds with, in the order in which `query.cpp` adds members.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarTime } from '../../../daemon/results/calendar-time.ts'
import { doubleText } from '../../../daemon/results/double-text.ts'
import { jsonText, printable } from '../../../daemon/results/json-text.ts'
import { jsonNumber } from '../../../daemon/results/number-text.ts'
import { type LineOptions, ResultLines } from '../../../daemon/results/result-lines.ts'
import { type ResultChange, ResultState, resultStatePart } from '../../../daemon/results/result-state.ts'
import { testStore } from '../../support/daemon/memory-store.ts'

const golden = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../golden/results', name), 'utf8')
    .trimEnd()
    .split('\n')
const plain: LineOptions = { changes: 'event', snapshots: 'whole', numerics: false, decorationsTopLevel: false }
const textOf = (events: Iterable<{ readonly line: string }>) => [...events].map((event) => event.line)

interface Recorded {
  readonly name: string
  readonly hostIdentifier: string
  readonly unixTime: number
  readonly counter: number
  readonly columns: Record<string, string>
  readonly snapshot?: Record<string, string>[]
  readonly action: 'added' | 'removed' | 'snapshot'
}

const recorded = golden('osqueryd-5.23.recorded.jsonl').map((line) => ({ line, said: JSON.parse(line) as Recorded }))
const typeless = (row: Record<string, string>) => Object.keys(row).map((name) => ({ name, type: '' }))

describe('recorded lines of osqueryd', () => {
  const lines = new ResultLines(plain)

  it.each(recorded)('is written again byte for byte: $line', ({ line, said }) => {
    const context = { host: said.hostIdentifier, unixTime: said.unixTime }
    if (said.snapshot) {
      const result = { columns: typeless(said.snapshot[0] ?? {}), rows: said.snapshot }
      expect(textOf(lines.snapshot(said, result, { epoch: 0 }, context))).toEqual([line])
      return
    }
    const change = { removed: [], added: [], [said.action]: [said.columns] }
    const all = { columns: typeless(said.columns), epoch: 0, counter: said.counter, ...change }
    expect(textOf(lines.changes({ name: said.name, removed: true }, all, context))).toEqual([line])
  })

  it('come out of the state alike: the same rows, run by run, give the same log', () => {
    const series = ['c1', 'from_ext'].map((name) => recorded.filter(({ said }) => said.name === name))
    for (const log of series) {
      const state = new ResultState(testStore([resultStatePart]))
      const written: string[] = []
      for (const { said } of log.filter((one) => one.said.action === 'added')) {
        const context = { host: said.hostIdentifier, unixTime: said.unixTime }
        const result = { columns: typeless(said.columns).toReversed(), rows: [said.columns] }
        state.advance({ name: said.name, sql: 's' }, result, { epoch: 0, nowSeconds: said.unixTime }, (change) => {
          written.push(...textOf(lines.changes({ name: said.name, removed: true }, change, context)))
        })
      }
      expect(written.length).toBeGreaterThan(10)
      expect(written).toEqual(log.map(({ line }) => line).slice(0, written.length))
    }
  })
})

describe('lines printed by RapidJSON', () => {
  const columns = [
    { name: '😀', type: 'TEXT' },
    { name: 'a', type: 'BIGINT' },
    { name: 'd', type: 'DOUBLE' },
    { name: '\uffee', type: 'TEXT' },
    { name: 'b "q"', type: 'TEXT' },
  ]
  const row = (b: string, a: string, halfwidth: string, smile: string, d: string) => ({
    'b "q"': b,
    a,
    '\uffee': halfwidth,
    '😀': smile,
    d,
  })
  const gone = [row('\x01\x1f\t/\\ "\x7fä😀', '9223372036854775807', 'x', '', '851306.890842408')]
  const now = [row('plain', '-9223372036854775808', '', '1', '1e+22.0'), row('</script>', '0', '', '', '-0.5')]
  const decorations: Record<string, string>[] = [
    {},
    { host_uuid: 'u"\n', Zone: '1', ä: '2' },
    { name: 'other', columns: 'c', action: 'a', numerics: 'n', decorations: 'd', zz: '1' },
  ]
  const query = { name: 'pack_a_b', removed: true }
  const change: ResultChange = { columns, epoch: 18, counter: 3, removed: gone, added: now }

  it('are written the same: decorated, hostile, numeric, in all three forms', () => {
    const written: string[] = []
    for (const decoration of decorations) {
      for (const numerics of [false, true]) {
        for (const decorationsTopLevel of [false, true]) {
          const context = { host: 'ho"st\\', unixTime: 1786010400, decorations: decoration }
          const events = new ResultLines({ changes: 'event', snapshots: 'event', numerics, decorationsTopLevel })
          const whole = new ResultLines({ changes: 'batch', snapshots: 'whole', numerics, decorationsTopLevel })
          written.push(...textOf(events.changes(query, change, context)))
          written.push(...textOf(events.snapshot(query, { columns, rows: gone }, { epoch: 18 }, context)))
          written.push(...textOf(whole.changes(query, change, context)))
          written.push(...textOf(whole.snapshot(query, { columns, rows: gone }, { epoch: 18 }, context)))
          const notice = {
            severity: 2,
            filename: 'scheduler.cpp',
            line: 128,
            message: 'a "b"\nc',
            version: '5.23.0',
          } as const
          written.push(whole.status(notice, context).line)
        }
      }
    }
    expect(written).toEqual(golden('rapidjson-lines.jsonl'))
  })

  it('have the same doubles', () => {
    for (const line of golden('rapidjson-doubles.txt')) {
      const [value = '', printed] = line.split(' ')
      expect(doubleText(Number(value)), value).toBe(printed)
    }
  })
})

describe('numbers', () => {
  it.each([
    ['0', '0'],
    ['-1', '-1'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775808', undefined],
    ['18446744073709551615', undefined],
    ['007', undefined],
    ['-0', undefined],
    ['+1', undefined],
    ['', undefined],
    ['1.5', '1.5'],
    ['0.0', '0.0'],
    ['-0.0', '-0.0'],
    ['1e+20.0', '100000000000000000000.0'],
    ['1.23456789012346e+25', '1.23456789012346e25'],
    ['1e-07.0', '1e-7'],
    ['9e999', undefined],
    ['inf.0', undefined],
    ['nan.0', undefined],
    ['0x10', undefined],
    ['1 ', undefined],
    ['1\n', undefined],
  ])('%j becomes %s', (value, number) => {
    expect(jsonNumber(value)).toBe(number)
  })

  it('read back as the same double, whatever it is', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = doubleText(value)
        expect(Number(text)).toBe(value)
        expect(text).toMatch(/[.e]/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('texts', () => {
  it('are JSON for every string, and say it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        fc.string({ maxLength: 3, unit: 'binary-ascii' }),
        (some, odd) => {
          const value = some + odd
          expect(JSON.parse(jsonText(value))).toBe(value.toWellFormed())
          const long = value.repeat(4096)
          expect(jsonText(long)).toBe(`"${jsonText(value).slice(1, -1).repeat(4096)}"`)
          expect(printable(long)).toBe(printable(value).repeat(4096))
        },
      ),
      { numRuns: 80 },
    )
  })

  it('lose lone surrogates, which no line in UTF-8 can say', () => {
    expect(jsonText('a\ud800b')).toBe('"a\ufffdb"')
  })

  it('of differential lines have control characters in words', () => {
    expect(printable('a\nb\x1f\x7fä')).toBe('a\\x0Ab\\x1F\x7fä')
  })
})

describe('what is told', () => {
  const context = { host: 'h', unixTime: 0 }
  const columns = [{ name: 'a', type: 'TEXT' }]
  const change = (counter: number, removed: string[], added: string[]): ResultChange => ({
    columns,
    epoch: 0,
    counter,
    removed: removed.map((a) => ({ a })),
    added: added.map((a) => ({ a })),
  })
  const events = new ResultLines(plain)
  const batch = new ResultLines({ ...plain, changes: 'batch' })
  const keep = { name: 'q', removed: true }
  const drop = { name: 'q', removed: false }

  it('of an empty first result is nothing in event form, and an empty line in batch form', () => {
    expect(textOf(events.changes(keep, change(0, [], []), context))).toEqual([])
    expect(textOf(batch.changes(keep, change(0, [], []), context))).toEqual([
      '{"diffResults":{"removed":[],"added":[]},"name":"q","hostIdentifier":"h","calendarTime":"Thu Jan  1 00:00:00 1970 UTC","unixTime":0,"epoch":0,"counter":0,"numerics":false}',
    ])
  })

  it('of a query without removed rows is what is new, and nothing when only something is gone', () => {
    expect(textOf(events.changes(drop, change(1, ['x'], ['y']), context))).toHaveLength(1)
    expect(textOf(events.changes(drop, change(2, ['x'], []), context))).toEqual([])
    expect(textOf(batch.changes(drop, change(2, ['x'], []), context))).toEqual([])
    expect(textOf(batch.changes(drop, change(3, ['x'], ['y']), context))[0]).toContain(
      '"removed":[],"added":[{"a":"y"}]',
    )
  })

  it('of an empty snapshot is an empty line, or nothing by rows', () => {
    const empty = { columns, rows: [] }
    expect(textOf(events.snapshot(keep, empty, { epoch: 0 }, context))[0]).toMatch(
      /^\{"snapshot":\[\],"action":"snapshot"/,
    )
    const byRow = new ResultLines({ ...plain, snapshots: 'event' })
    expect(textOf(byRow.snapshot(keep, empty, { epoch: 0 }, context))).toEqual([])
  })

  it('says kind, query and time beside the line', () => {
    const [event] = events.changes(keep, change(1, [], ['y']), { host: 'h', unixTime: 5 })
    expect(event).toMatchObject({ kind: 'result', query: 'q', unixTime: 5 })
    expect([...events.snapshot(keep, { columns, rows: [] }, { epoch: 0 }, context)][0]).toMatchObject({
      kind: 'snapshot',
    })
  })

  it('never lets a decoration take the place of the rows', () => {
    const top = new ResultLines({ ...plain, changes: 'batch', decorationsTopLevel: true })
    const decorated = { ...context, decorations: { snapshot: 'x', diffResults: 'y' } }
    expect(textOf(top.changes(keep, change(1, [], ['y']), decorated))[0]).toContain('"added":[{"a":"y"}]')
    expect(textOf(top.snapshot(keep, { columns, rows: [{ a: 'z' }] }, { epoch: 0 }, decorated))[0]).toContain(
      '[{"a":"z"}]',
    )
  })
})

describe('size', () => {
  const columns = [{ name: 'a', type: 'TEXT' }]
  const context = { host: 'h', unixTime: 0 }
  const query = { name: 'q', removed: true }

  it('of a cell may be 50 MB, with characters that each need six', () => {
    const lines = new ResultLines(plain)
    const rows = [{ a: `\x01${'x'.repeat(15)}`.repeat(50 << 16) }]
    const [event] = lines.snapshot(query, { columns, rows }, { epoch: 0 }, context)
    expect(event?.line.length).toBeGreaterThan((50 << 20) + 5 * (50 << 16))
  })

  it.each([
    ['one cell', [{ a: '\x01'.repeat(90 << 20) }]],
    ['many rows', Array.from({ length: 300 }, () => ({ a: 'x'.repeat(1 << 20) }))],
  ])('of a line has a bound that is told and not met by the engine: %s', (_, rows) => {
    const lines = new ResultLines(plain)
    expect(() => textOf(lines.snapshot(query, { columns, rows }, { epoch: 0 }, context))).toThrow(
      expect.objectContaining({ name: 'LineTooLongError', message: expect.stringContaining('"q"') }),
    )
  })

  it('of a line may be bounded lower', () => {
    const lines = new ResultLines({ ...plain, changes: 'batch', maxLineCharacters: 300 })
    const rows = Array.from({ length: 100 }, (_, at) => ({ a: String(at) }))
    const change = { columns, epoch: 0, counter: 1, removed: [], added: rows }
    expect(() => textOf(lines.changes(query, change, context))).toThrow(/more than 300 characters/)
  })

  it('of a million rows is one line at a time', () => {
    const lines = new ResultLines(plain)
    function* rows() {
      for (let at = 0; at < 1_000_000; at++) yield { a: String(at) }
    }
    let count = 0
    for (const event of lines.changes(query, { columns, epoch: 0, counter: 1, removed: [], added: rows() }, context)) {
      count += event.line.length > 0 ? 1 : 0
    }
    expect(count).toBe(1_000_000)
  })
})

describe('the calendar time', () => {
  it.each([
    [1786010400, 'Thu Aug  6 10:00:00 2026 UTC'],
    [0, 'Thu Jan  1 00:00:00 1970 UTC'],
    [1795448199, 'Mon Nov 23 15:36:39 2026 UTC'],
    [951827696, 'Tue Feb 29 12:34:56 2000 UTC'],
  ])('of %d is %s', (seconds, text) => {
    expect(calendarTime(seconds)).toBe(text)
  })
})
