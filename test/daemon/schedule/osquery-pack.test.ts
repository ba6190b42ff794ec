/**
 * Packs as osquery reads them, and everything that osquery would not tell.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  defaultBudget,
  mergeSchedules,
  parseConfiguration,
  parsePack,
  parseScheduleValue,
  problemText,
} from '../../../daemon/schedule/osquery-pack.ts'
import { maxPackBytes, readPackJson } from '../../../daemon/schedule/pack-json.ts'

const packOf = (queries: object, rest: object = {}) => JSON.stringify({ ...rest, queries })
const said = (text: string) => parsePack(text, 'hunt.conf', 'hunt').problems.map(problemText)
const one = (query: object, rest: object = {}) => {
  const { queries, problems } = parsePack(packOf({ q: { query: 'SELECT 1', ...query } }, rest), 'hunt.conf', 'hunt')
  expect(problems).toEqual([])
  expect(queries).toHaveLength(1)
  return queries[0]
}

describe('a query', () => {
  it('with nothing but SQL has osquery s defaults', () => {
    expect(one({})).toEqual({
      name: 'pack_hunt_q',
      pack: 'hunt',
      sql: 'SELECT 1',
      due: { every: 3600 },
      platforms: [],
      discovery: [],
      snapshot: false,
      removed: true,
      denylist: true,
      timeoutMs: 300_000,
      budget: defaultBudget,
    })
  })

  it('takes every key, also numbers and switches in texts', () => {
    expect(
      one({
        interval: '600',
        platform: 'posix',
        version: '5.10.0',
        shard: '50',
        snapshot: 'true',
        removed: 0,
        denylist: false,
        startup_priority: 7,
        timeout: 30,
        max_rows: 5,
        description: 'for people',
        value: 'for people',
      }),
    ).toMatchObject({
      due: { every: 600 },
      platforms: ['darwin', 'linux'],
      version: '5.10.0',
      shard: 50,
      snapshot: true,
      removed: false,
      denylist: false,
      startupPriority: 7,
      timeoutMs: 30_000,
      budget: { maxRows: 5 },
    })
    expect(one({ blacklist: false })).toMatchObject({ denylist: false })
  })

  it('is due by cron where it says so, and keeps its interval for osquery', () => {
    expect(one({ cron: '30 3 * * mon-fri', interval: 86400 })).toMatchObject({ due: { cron: '30 3 * * mon-fri' } })
  })

  it('obeys its pack as well: the stricter rule holds', () => {
    const pack = { platform: 'posix', version: '5.9.0', shard: 50, discovery: ['SELECT 1', 'SELECT 2'] }
    expect(one({ platform: 'linux,windows', version: '5.10.0', shard: 80 }, pack)).toMatchObject({
      platforms: ['linux'],
      version: '5.10.0',
      shard: 50,
      discovery: ['SELECT 1', 'SELECT 2'],
    })
    expect(one({ version: '5.8.0' }, pack)).toMatchObject({ version: '5.9.0', platforms: ['darwin', 'linux'] })
  })

  it('is called by the delimiter, and plainly in the schedule', () => {
    const text = JSON.stringify({
      schedule: { plain: { query: 'SELECT 1' } },
      packs: { hunt: { queries: { q: { query: 'SELECT 1' } } }, elsewhere: '/etc/osquery/more.conf' },
    })
    const { queries, references } = parseConfiguration(text, 'osquery.conf', { delimiter: '/' })
    expect(queries.map(({ name, pack }) => [name, pack])).toEqual([
      ['plain', undefined],
      ['pack/hunt/q', 'hunt'],
    ])
    expect(references).toEqual([{ name: 'elsewhere', path: '/etc/osquery/more.conf' }])
  })
})

describe('comments', () => {
  it('stand on lines of their own; what looks like one inside a line is text', () => {
    const text = `\uFEFF# hash\r\n  // slashes\r\n{"queries": {\r\n// inside\r\n"q": {"query": "SELECT 'https://x/#y'",\\\n "interval": 60}}}`
    const { queries, problems } = parsePack(text, 'hunt.conf', 'hunt')
    expect(problems).toEqual([])
    expect(queries).toMatchObject([{ sql: "SELECT 'https://x/#y'", due: { every: 60 } }])
  })
})

describe('a broken query', () => {
  it('is left out and named, all at once, while the others stay', () => {
    const text = packOf({
      good: { query: 'SELECT 1' },
      empty: {},
      blank: { query: '  ' },
      zero: { query: 'SELECT 1', interval: 0 },
      week: { query: 'SELECT 1', interval: 604_801 },
      half: { query: 'SELECT 1', interval: 1.5 },
      words: { query: 'SELECT 1', interval: 'hourly' },
      truth: { query: 'SELECT 1', snapshot: 'perhaps' },
      moon: { query: 'SELECT 1', platform: 'moon' },
      cron: { query: 'SELECT 1', cron: '61 * * * *' },
      never: { query: 'SELECT 1', cron: '0 0 L-30 2 *' },
      version: { query: 'SELECT 1', version: 'new' },
      shard: { query: 'SELECT 1', shard: 101 },
      list: [],
      'query.secret': { query: 'SELECT 1' },
      my_counter: { query: 'SELECT 1' },
      also_good: { query: 'SELECT 2' },
    })
    const { queries } = parsePack(text, 'hunt.conf', 'hunt')
    expect(queries.map(({ name }) => name)).toEqual(['pack_hunt_good', 'pack_hunt_also_good'])
    expect(said(text)).toEqual([
      'hunt.conf: hunt: empty: query is missing; expected a statement of SQL',
      'hunt.conf: hunt: blank: query is missing; expected a statement of SQL',
      'hunt.conf: hunt: zero: interval is 0; expected a whole number from 1 to 604800',
      'hunt.conf: hunt: week: interval is 604801; expected a whole number from 1 to 604800',
      'hunt.conf: hunt: half: interval is 1.5; expected a whole number from 1 to 604800',
      'hunt.conf: hunt: words: interval is "hourly"; expected a whole number from 1 to 604800',
      'hunt.conf: hunt: truth: snapshot is "perhaps"; expected true or false',
      'hunt.conf: hunt: moon: platform allows none of windows, darwin and linux; the query never runs',
      'hunt.conf: hunt: cron: cron "61 * * * *" is not valid: 61 is a invalid expression for minute; expected five or six fields as in "30 3 * * 1-5", in UTC',
      'hunt.conf: hunt: never: cron "0 0 L-30 2 *" names no day that ever comes',
      'hunt.conf: hunt: version: version is "new"; expected a version like 5.10.0',
      'hunt.conf: hunt: shard: shard is 101; expected a whole number from 0 to 100',
      'hunt.conf: hunt: list: the query is []; expected an object',
      'hunt.conf: hunt: query.secret: the name starts with "query.", which osquery keeps for itself',
      'hunt.conf: hunt: my_counter: the name ends with "counter", which osquery keeps for itself',
    ])
  })

  it('of a name that is taken already is left out', () => {
    const first = parsePack(packOf({ q: { query: 'SELECT 1' } }), 'a.conf', 'hunt')
    const second = parsePack(packOf({ q: { query: 'SELECT 2' } }), 'b.conf', 'hunt')
    const { queries, problems } = mergeSchedules([first, second])
    expect(queries).toMatchObject([{ sql: 'SELECT 1' }])
    expect(problems.map(problemText)).toEqual([
      'hunt: pack_hunt_q: the name "pack_hunt_q" is given twice; the first query of it stays',
    ])
  })
})

it('a key that is given twice is named, whether queries or their parts bear it', () => {
  const text = `{"queries": {"q": {"query": "SELECT 1"}, "other": {"query": "SELECT 'q\\"'", "interval": 1},
    "q": {"query": "SELECT 2", "interval" : 60, "interval": 61}}}`
  const { queries } = parsePack(text, 'hunt.conf', 'hunt')
  expect(queries.map(({ sql, due }) => [sql, due])).toEqual([
    ['SELECT 2', { every: 61 }],
    [`SELECT 'q"'`, { every: 1 }],
  ])
  const rest = 'is given twice in one object; the last of them holds, in osquery the first'
  expect(said(text)).toEqual([`hunt.conf: the key "q" ${rest}`, `hunt.conf: the key "interval" ${rest}`])
})

it('keys that nobody gave twice are not said to be', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
      const json = readPackJson(JSON.stringify({ value }, undefined, indent))
      expect('repeated' in json ? json.repeated : []).toEqual([])
    }),
  )
})

describe('a broken pack', () => {
  it.each([
    ['[]', 'the pack is []; expected an object'],
    ['{}', 'queries is undefined; expected an object of queries'],
    ['{"queries": []}', 'queries is []; expected an object of queries'],
    ['{"platform": 7, "queries": {}}', 'platform is 7; expected a text'],
    ['{"discovery": "SELECT 1", "queries": {}}', 'discovery is "SELECT 1"; expected a list of texts'],
    ['{"shard": -1, "queries": {}}', 'shard is -1; expected a whole number from 0 to 100'],
  ])('%s is left out and named', (text, message) => {
    expect(parsePack(text, 'hunt.conf', 'hunt')).toMatchObject({ queries: [] })
    expect(said(text)).toEqual([`hunt.conf: hunt: ${message}`])
  })

  it('does not take the others with it', () => {
    const { queries, problems } = parseScheduleValue(
      { packs: { bad: 7, good: { queries: { q: { query: 'SELECT 1' } } } } },
      'daemon.yaml',
    )
    expect(queries).toHaveLength(1)
    expect(problems.map(problemText)).toEqual(['daemon.yaml: bad: the pack is 7; expected an object'])
  })

  it('is bounded: no JSON, too long, too deep', () => {
    expect(said('{"queries": {,}}')[0]).toMatch(/^hunt.conf: the text is no JSON: /)
    expect(said(`{"queries": {}, "x": "${'y'.repeat(maxPackBytes)}"}`)[0]).toMatch(/expected at most 4194304/)
    expect(said(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toEqual([
      'hunt.conf: the text has more than 32 levels',
    ])
    expect(said(`${`{"a":`.repeat(32)}1${'}'.repeat(32)}`)[0]).toMatch(/more than 32 levels/)
    expect(said(`{"queries": ${'{"a":'.repeat(30)}1${'}'.repeat(30)}}`)[0]).not.toMatch(/levels/)
  })

  it('never throws, whatever the value is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, inside) => {
        parseConfiguration(JSON.stringify(value), 'x')
        parseScheduleValue({ schedule: value, packs: { p: inside, q: { queries: { r: value, s: inside } } } }, 'x')
      }),
    )
  })
})
