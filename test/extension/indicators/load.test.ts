import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  checkIndicators,
  fixFiles,
  IndicatorsError,
  loadIndicators,
  loadPlaces,
  loadSets,
  problemText,
} from '../../../extension/indicators/index.ts'
import { readSet } from '../../../extension/indicators/set-file.ts'

const sha256 = 'aa124a4b4df12b34e74ee7f6c683b2ebec4ce9a8edcf9be345823b4fdcf5d868'
const entry = (fields: object) => ({
  number: 1,
  type: 'domain',
  value: 'bad.example',
  component: 'x',
  stage: 'c2',
  level: 'high',
  status: 'malicious',
  ...fields,
})
const set = (indicators: readonly unknown[], fields: object = {}) => ({
  id: '3cx/x',
  title: 'T',
  source: { publisher: 'P', url: 'https://example.org/', retrieved: '2023-04-01', licence: 'L' },
  indicators,
  ...fields,
})

function problems(document: unknown): string[] {
  const read = readSet(typeof document === 'string' ? document : JSON.stringify(document), 'iocs/3cx/x.json', '3cx/x')
  return 'problems' in read ? read.problems.map(problemText) : []
}

describe('a file of our own format', () => {
  it.each([
    [
      'a defanged domain',
      [entry({ value: 'hxxp://bad[.]example' })],
      'indicators[0].value: domain is "hxxp://bad[.]example"; expected a host name. Run threecx indicators check --fix.',
    ],
    [
      'a short digest',
      [entry({ type: 'sha256', value: 'aa124a4b' })],
      'indicators[0].value: sha256 is "aa124a4b" (8 characters); expected 64 hex digits.',
    ],
    [
      'upper case',
      [entry({ value: 'BAD.example' })],
      'indicators[0].value: domain is "BAD.example"; expected the canonical form "bad.example". Run threecx indicators check --fix.',
    ],
    [
      'a number used twice',
      [entry({}), entry({ value: 'worse.example' })],
      'indicators[1].number: number 1 is already used by indicators[0]; expected a new one. Run threecx indicators check --fix.',
    ],
    [
      'a value listed twice',
      [entry({}), entry({ number: 2 })],
      'indicators[1]: domain "bad.example" is already listed at indicators[0]; expected it once. Run threecx indicators check --fix.',
    ],
    [
      'a wrong order',
      [entry({ value: 'c.example' }), entry({ number: 2 })],
      'indicators[1]: domain "bad.example" stands after domain "c.example"; expected order by type, then value. Run threecx indicators check --fix.',
    ],
    ['an unknown field', [entry({ severity: 5 })], 'indicators[0]: unknown field "severity".'],
    [
      'an unknown word',
      [entry({ status: 'evil' })],
      'indicators[0].status: found "evil"; expected one of malicious, affected, context, benign.',
    ],
    [
      'a missing field',
      [{ ...entry({}), component: undefined }],
      'indicators[0].component: missing; expected a string.',
    ],
    [
      'a number out of bounds',
      [entry({ number: 1_000_000 })],
      'indicators[0].number: found 1000000; expected at most 999999.',
    ],
    [
      'hints on a domain',
      [entry({ kinds: ['pe'] })],
      'indicators[0].kinds: a domain has no kinds; expected on digests only.',
    ],
    [
      'a name with directories',
      [entry({ type: 'sha256', value: sha256, names: ['a/b'] })],
      'indicators[0].names[0]: found "a/b"; expected a pattern for a base name, without directories.',
    ],
    [
      'an empty range',
      [entry({ type: 'sha256', value: sha256, size: { min: 2, max: 1 } })],
      'indicators[0].size: min 2 is above max 1; expected a range.',
    ],
    [
      'a path that names no place',
      [entry({ type: 'path', value: 'AppData\\x.dll' })],
      'indicators[0].value: path is "AppData\\\\x.dll"; expected a path from a drive, a known %FOLDER%, ~ or /.',
    ],
    [
      'a path that names every place',
      [entry({ type: 'path', value: '/Users/**' })],
      'indicators[0].value: path is "/Users/**"; expected a last component with letters or digits.',
    ],
    ['an indicator that is none', [5], 'indicators[0]: found 5; expected an object.'],
  ])('reports %s with its place', (_, indicators, expected) => {
    expect(problems(set(indicators))).toEqual([`cannot load iocs/3cx/x.json: ${expected}`])
  })

  it('reports an id that is not the path', () => {
    expect(problems(set([], { id: '3cx/y' }))).toEqual([
      'cannot load iocs/3cx/x.json: id: id is "3cx/y"; expected "3cx/x", the path of the file.',
    ])
  })

  it('reports what is no set at all', () => {
    expect(problems('[]')).toEqual([
      'cannot load iocs/3cx/x.json: the file does not hold an object; expected an indicator set.',
    ])
    expect(problems('{"a": 1,\n}')[0]).toMatch(
      /^cannot load iocs\/3cx\/x.json: the file is not JSON: .*line 2 column 1/,
    )
    expect(problems('['.repeat(1000))).toEqual([
      'cannot load iocs/3cx/x.json: the JSON is nested more than 64 levels deep.',
    ])
    expect(problems(set([], { indicators: 5 }))).toEqual([
      'cannot load iocs/3cx/x.json: indicators: not a list; expected a list.',
    ])
  })

  it('reports all problems of a file, and stops counting at a bound', () => {
    const many = Array.from({ length: 3000 }, () => 5)
    const found = problems(set(many))
    expect(found).toHaveLength(1001)
    expect(found.at(-1)).toBe('cannot load iocs/3cx/x.json: more than 1000 problems; the rest is not listed.')
  })

  it('is not confused by fields with names of the language', () => {
    expect(problems(`{"__proto__": {"id": "3cx/x"}, "constructor": 1}`)).toContain(
      'cannot load iocs/3cx/x.json: id: missing; expected a string.',
    )
  })

  it('gives a frozen set whose version follows its content', () => {
    const read = (document: object) => {
      const result = readSet(JSON.stringify(document), 'x.json', '3cx/x')
      if ('problems' in result) throw new IndicatorsError(result.problems)
      return result.set
    }
    const one = read(set([entry({})]))
    expect(one.indicators[0]).toMatchObject({ id: '3cx/x/1', set: '3cx/x' })
    expect(one.version).toMatch(/^[0-9a-f]{64}$/)
    expect(
      Object.isFrozen(one) &&
        Object.isFrozen(one.indicators) &&
        Object.isFrozen(one.indicators[0]) &&
        Object.isFrozen(one.source),
    ).toBe(true)
    expect(read({ $schema: 'x', ...set([entry({})]) }).version).toBe(one.version)
    expect(read(set([entry({ level: 'low' })])).version).not.toBe(one.version)
  })
})

describe('loading from disk', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'iocs-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const write = (path: string, content: unknown) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
    return join(root, path)
  }
  const messages = (work: () => unknown): string[] => {
    try {
      work()
      return []
    } catch (cause) {
      if (!(cause instanceof IndicatorsError)) throw cause
      expect(cause.code).toBe('indicators_invalid')
      return cause.problems.map((problem) => problemText(problem).replaceAll(root, 'ROOT'))
    }
  }

  it('loads the sets of a directory in the order of their paths', () => {
    write('b/one.json', set([], { id: 'b/one' }))
    write('a/two.json', set([], { id: 'a/two' }))
    write('places.json', 'not a set')
    write('a/.hidden.json', 'not a set')
    expect(loadIndicators(root).map((one) => one.id)).toEqual(['a/two', 'b/one'])
  })

  it('fails as a whole with the problems of all files', () => {
    write('a/good.json', set([], { id: 'a/good' }))
    write('a/bad.json', '{')
    write('a/worse.json', set([], { id: 'else' }))
    expect(messages(() => loadIndicators(root))).toHaveLength(2)
    expect(checkIndicators(root)).toMatchObject({ sets: 1, indicators: 0 })
  })

  it('fails on a directory without sets, and on none', () => {
    expect(messages(() => loadIndicators(root))).toEqual([
      'cannot load ROOT: the directory holds no indicator sets; expected files such as 3cx/sophos-2023-03.json.',
    ])
    expect(messages(() => loadIndicators(join(root, 'none')))).toEqual([
      'cannot load ROOT/none: the directory cannot be read (ENOENT).',
    ])
  })

  it('loads named files whose id is the end of their path', () => {
    expect(loadSets([write('lists/own.json', set([], { id: 'own' }))])[0]?.id).toBe('own')
    expect(loadSets([write('lists/own.json', set([], { id: 'lists/own' }))])[0]?.id).toBe('lists/own')
    expect(messages(() => loadSets([write('lists/own.json', set([], { id: 'other' }))]))).toEqual([
      'cannot load ROOT/lists/own.json: id: id is "other"; expected the end of the path, such as "own".',
    ])
    expect(messages(() => loadSets([join(root, 'none.json'), root]))).toEqual([
      'cannot load ROOT/none.json: the file cannot be read (ENOENT).',
      'cannot load ROOT: not a regular file; expected a list of indicators.',
    ])
  })

  it('does not follow links', () => {
    write('a/good.json', set([], { id: 'a/good' }))
    symlinkSync(join(root, 'a'), join(root, 'loop'))
    symlinkSync('/dev/zero', join(root, 'a', 'zero.json'))
    expect(loadIndicators(root)).toHaveLength(1)
  })

  it('refuses a file beyond the bound without reading it whole', () => {
    expect(messages(() => loadSets(['/dev/zero']))).toEqual([
      'cannot load /dev/zero: not a regular file; expected a list of indicators.',
    ])
    const huge = write('a/huge.json', '')
    truncateSync(huge, (128 << 20) + 1)
    expect(messages(() => loadSets([huge]))).toEqual([
      'cannot load ROOT/a/huge.json: the file has more than 134217728 bytes; expected at most that.',
    ])
  })

  it('mends what needs no decision, once', () => {
    const path = write(
      'a/x.json',
      set(
        [
          entry({ number: 7, value: 'worse[.]example' }),
          entry({ number: 7 }),
          entry({ number: 9, value: 'BAD.example' }),
        ],
        { id: 'a/x' },
      ),
    )
    expect(fixFiles(root)).toHaveLength(1)
    expect(checkIndicators(root)).toEqual({ sets: 1, indicators: 2, problems: [] })
    expect(loadIndicators(root)[0]?.indicators.map(({ number, value }) => [number, value])).toEqual([
      [10, 'bad.example'],
      [7, 'worse.example'],
    ])
    const text = readFileSync(path, 'utf8')
    expect(fixFiles(root)).toEqual([])
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('leaves a file that needs a person as it is', () => {
    const path = write('a/x.json', set([entry({ severity: 5 })], { id: 'a/x' }))
    const text = readFileSync(path, 'utf8')
    expect(fixFiles(root)).toEqual([])
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('reports damaged places', () => {
    const place = { id: 'a', platform: 'windows', pattern: 'Users/*', what: 'w', component: 'c' }
    expect(messages(() => loadPlaces(write('p.json', { places: [place, place] })))).toEqual([
      'cannot load ROOT/p.json: places[1].id: id a is already used by places[0].',
    ])
    expect(messages(() => loadPlaces(write('p.json', { places: [{ ...place, pattern: '/Users' }] })))).toEqual([
      'cannot load ROOT/p.json: places[0].pattern: found "/Users"; expected a relative path with / between components and * as the only wildcard.',
    ])
  })
})
