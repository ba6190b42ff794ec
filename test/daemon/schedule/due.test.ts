/**
 * Due times: cron against an oracle that counts seconds, intervals by their laws, whatever zone the machine is in.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { readCron } from '../../../daemon/schedule/cron.ts'
import { splayed, timetable } from '../../../daemon/schedule/due.ts'

const at = (iso: string) => Date.parse(iso) / 1000
const iso = (seconds: number | undefined) => (seconds === undefined ? 'never' : new Date(seconds * 1000).toISOString())

const zone = process.env['TZ']
afterEach(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

/** Both changes of 2026 fall into the spans that are tested; the last zone moves by half an hour. */
const zones = ['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Australia/Sydney', 'Australia/Lord_Howe']
const changes = ['2026-03-07T12:00:00Z', '2026-03-28T12:00:00Z', '2026-04-04T06:00:00Z', '2026-10-24T12:00:00Z']

describe('a cron expression', () => {
  it.each([
    ['30 3 * * *', '2026-11-28T03:29:59Z', '2026-11-28T03:30:00Z'],
    ['30 3 * * *', '2026-11-28T03:30:00Z', '2026-11-29T03:30:00Z'],
    ['*/15 * * * *', '2026-12-31T23:50:00Z', '2027-01-01T00:00:00Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['15 10 20 * * mon', '2026-11-28T00:00:00Z', '2026-11-30T20:10:15Z'],
    ['0 6 L * *', '2026-11-28T00:00:00Z', '2026-11-30T06:00:00Z'],
    ['0 6 * * 2#1', '2026-11-28T00:00:00Z', '2026-12-01T06:00:00Z'],
    ['0 6 15W * *', '2026-11-28T00:00:00Z', '2026-12-15T06:00:00Z'],
    ['@daily', '2026-11-28T00:00:00Z', '2026-11-29T00:00:00Z'],
    ['0 22-2 * * *', '2026-11-28T00:30:00Z', '2026-11-28T01:00:00Z'],
    ['0 0 29 2 mon', '2026-01-01T00:00:00Z', '2044-02-29T00:00:00Z'],
  ])('%s after %s comes at %s', (expression, after, expected) => {
    expect(iso(readCron(expression).next(at(after)))).toBe(expected.replace('Z', '.000Z'))
  })

  it.each([
    ['', 'expected five or six fields'],
    ['* * *', 'expected 5 or 6 fields but got 3'],
    ['61 * * * *', '61 is a invalid expression for minute'],
    ['0 0 31 2 *', 'impossible day'],
    ['0 0 L-30 2 *', 'names no day that ever comes'],
    ['0-99999999 * * * *', 'is too long'],
    [`${'1,'.repeat(200)}1 * * * *`, 'is too long'],
    ['* * * * * * *', 'expected 5 or 6 fields but got 7'],
    ['a b c d e', 'is not valid'],
  ])('%j is refused: %s', (expression, message) => {
    expect(() => readCron(expression)).toThrow(message)
  })

  /** A field: every value, or some. */
  const field = (least: number, most: number) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 3 }) },
    )
  const written = (values: readonly number[] | undefined) => values?.join(',') ?? '*'

  it('comes when counting the minutes says so, in every zone and across the changes of daylight saving time', () => {
    fc.assert(
      fc.property(
        fc.record({ minute: field(0, 59), hour: field(0, 23), weekday: field(0, 6) }),
        fc.constantFrom(...zones),
        fc.constantFrom(...changes),
        fc.integer({ min: 0, max: 86_400 }),
        ({ minute, hour, weekday }, zone, change, offset) => {
          process.env['TZ'] = zone
          const cron = readCron(`${written(minute)} ${written(hour)} * * ${written(weekday)}`)
          const start = at(change) + offset
          let counted = Math.floor(start / 60) * 60
          for (;;) {
            counted += 60
            const date = new Date(counted * 1000)
            const isIn = (values: readonly number[] | undefined, value: number) => values?.includes(value) ?? true
            if (!isIn(minute, date.getUTCMinutes()) || !isIn(hour, date.getUTCHours())) continue
            if (isIn(weekday, date.getUTCDay())) break
          }
          expect(iso(cron.next(start))).toBe(iso(counted))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('an interval', () => {
  it('is splayed by at most its percentage, both ways, as osquery does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 604_800 }),
        fc.integer({ min: 0, max: 100 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (seconds, percent, chance) => {
          const chosen = splayed(seconds, percent, () => chance)
          const most = Math.floor((seconds * percent) / 100)
          expect(chosen).toBeGreaterThanOrEqual(Math.max(1, seconds - most))
          expect(chosen).toBeLessThanOrEqual(seconds + most)
          expect(Number.isInteger(chosen)).toBe(true)
        },
      ),
    )
    expect(splayed(3600, 10, () => 0)).toBe(3240)
    expect(splayed(3600, 10, () => 0.999999)).toBe(3960)
    expect(splayed(3600, 0, () => 0.5)).toBe(3600)
  })

  it('keeps its rhythm after a run that came late, but does not run twice in a hurry', () => {
    const hourly = timetable({ every: 3600 }, 3600)
    expect(hourly.after(1000, 1000)).toBe(4600)
    expect(hourly.after(1000, 1500)).toBe(4600)
    expect(hourly.after(1000, 4599)).toBe(4599 + 3600)
    expect(hourly.after(1000, 1_000_000)).toBe(1_000_000 + 3600)
  })

  it('never lies further ahead than itself, whatever the clock did', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.nat(1e9),
        fc.nat(1e9),
        fc.integer({ min: 1, max: 604_800 }),
        (due, planned, now, every) => {
          const { corrected, after } = timetable({ every }, every)
          expect(corrected(due, planned, now)).toBeLessThanOrEqual(now + every)
          expect(after(due, now)).toBeGreaterThan(now)
          expect(after(due, now)).toBeLessThanOrEqual(now + every)
        },
      ),
    )
  })
})

describe('a clock that was put back', () => {
  it('brings a daily cron query back to the clock, but not for a second', () => {
    const daily = timetable({ cron: '0 12 * * *' }, 0)
    const planned = at('2026-11-28T12:00:00Z')
    const due = daily.after(planned, planned)
    expect(iso(due)).toBe('2026-11-29T12:00:00.000Z')
    expect(daily.corrected(due, planned, planned - 1)).toBe(due)
    expect(iso(daily.corrected(due, planned, planned - 86_400 + 60))).toBe('2026-11-28T12:00:00.000Z')
  })
})
