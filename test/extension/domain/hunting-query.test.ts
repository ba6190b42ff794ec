import { describe, expect, it } from 'vitest'
import { parseHuntingQuery } from '../../../extension/domain/hunting-query.ts'

const header = {
  title: 'Files',
  description: 'One row per file.',
  platforms: 'linux, windows',
  schedule: 'every 3600 s',
  mode: 'differential',
  level: 'critical',
  references: 'https://example.org/a https://example.org/b',
  'false positives': 'none known.',
  resolution: 'Isolate the host.',
  budget: '50 rows, 2 s',
  attack: 'T1195.002, T1574',
}

const textOf = (changed: Record<string, string | undefined> = {}, sql = 'SELECT 1;\n') =>
  `${Object.entries({ ...header, ...changed })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `-- ${key}: ${value}\n`)
    .join('')}${sql}`

const parse = (text: string, name = 'files') => parseHuntingQuery('hunt', name, text, 'packs/hunt/files.sql')

const problemsOf = (text: string, name?: string) => {
  const parsed = parse(text, name)
  return 'problems' in parsed ? parsed.problems.map(({ line, message }) => `${line}: ${message}`) : []
}

describe('the header of a hunting query', () => {
  it('becomes values', () => {
    expect(parse(textOf())).toEqual({
      query: {
        pack: 'hunt',
        name: 'files',
        title: 'Files',
        description: 'One row per file.',
        platforms: ['windows', 'linux'],
        schedule: { everySeconds: 3600 },
        mode: 'differential',
        level: 'critical',
        references: ['https://example.org/a', 'https://example.org/b'],
        falsePositives: 'none known.',
        resolution: 'Isolate the host.',
        budget: { rows: 50, seconds: 2 },
        attack: ['T1195.002', 'T1574'],
        sql: 'SELECT 1',
      },
    })
  })

  it('goes on with a value on lines that are indented', () => {
    const parsed = parse(textOf({ description: 'One row\n--   per file.' }))
    expect(parsed).toMatchObject({ query: { description: 'One row per file.' } })
  })

  it('takes a cron expression for a time of day', () => {
    expect(parse(textOf({ schedule: 'cron 15 3 * * *' }))).toMatchObject({
      query: { schedule: { cron: '15 3 * * *' } },
    })
  })

  it('keeps comments that stand in the statement', () => {
    const sql = 'SELECT 1 -- one; not two\n  FROM t;\n'
    expect(parse(textOf({}, sql))).toMatchObject({ query: { sql: 'SELECT 1 -- one; not two\n  FROM t' } })
  })

  it.each([
    ['a key that is missing', textOf({ level: undefined }), ['1: the header has no "level:"; every query has one']],
    ['a value that is empty', textOf({ title: '' }), ['1: title: is empty']],
    ['a key that stands twice', `-- title: a\n${textOf()}`, ['2: title: stands twice']],
    ['a line that is no pair', `-- hello\n${textOf()}`, ['1: "-- hello" is no header line; expected "-- key: value"']],
    [
      'a platform of another world',
      textOf({ platforms: 'linux, macos' }),
      ['3: platforms: "macos"; expected some of windows, darwin, linux'],
    ],
    [
      'an interval that osquery drops',
      textOf({ schedule: 'every 604801 s' }),
      ['4: schedule: 604801 s; expected 1 to 604800'],
    ],
    [
      'a schedule in other words',
      textOf({ schedule: 'hourly' }),
      ['4: schedule: "hourly"; expected "every N s" or "cron" and an expression'],
    ],
    [
      'an unknown mode',
      textOf({ mode: 'diff' }),
      ['5: mode: "diff"; expected differential, differential_ignore_removals, snapshot'],
    ],
    [
      'an unknown level',
      textOf({ level: 'fatal' }),
      ['6: level: "fatal"; expected informational, low, medium, high, critical'],
    ],
    [
      'an address that is none',
      textOf({ references: 'example.org' }),
      ['7: references: "example.org"; expected addresses that begin with https://'],
    ],
    [
      'a budget of nothing',
      textOf({ budget: '0 rows, 1 s' }),
      ['10: budget: "0 rows, 1 s"; expected "N rows, N s", both 1 or more'],
    ],
    [
      'a budget without seconds',
      textOf({ budget: '50 rows' }),
      ['10: budget: "50 rows"; expected "N rows, N s", both 1 or more'],
    ],
    [
      'a technique that is none',
      textOf({ attack: 'lateral' }),
      ['11: attack: "lateral"; expected techniques like T1195.002, or "none"'],
    ],
    [
      'a statement that changes something',
      textOf({}, 'DELETE FROM t;'),
      ['12: the statement does not begin with SELECT or WITH'],
    ],
  ])('names %s', (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems)
  })

  it('names everything that is wrong at once', () => {
    expect(problemsOf(textOf({ level: 'fatal', mode: 'x', budget: 'y' }), 'Bad-Name')).toHaveLength(4)
  })
})
