/**
 * Every log format on the lines it is for, on what only looks so, and on what is broken; and each against the others.
 */
import { describe, expect, test } from 'vitest'
import type { Indicator } from '../../../../extension/domain/indicator.ts'
import { matcher } from '../../../../extension/domain/match.ts'
import { canonical, type Observable, type ObservableType } from '../../../../extension/domain/observable.ts'
import type { LogFormat, LoggedContact } from '../../../../extension/sources/log-format.ts'
import { logFormats } from '../../../../extension/sources/logs/index.ts'
import { expectGolden } from '../../../support/golden.ts'
import { type LogSample, logSamples } from '../../../support/log-samples.ts'

/** 2 April 2023, noon. */
const mtime = 1_680_436_800
const sought: readonly (readonly [ObservableType, string])[] = [
  ['domain', 'officeaddons.com'],
  ['domain', 'pbxsources.com'],
  ['domain', 'akamaicontainer.com'],
  ['url', 'https://raw.githubusercontent.com/IconStorages/images/main'],
  ['ip', '198.54.115.59'],
  ['user_agent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) 3CXDesktopApp/18.11.1197'],
]
const { match } = matcher(
  sought.map(
    ([type, value]) =>
      ({
        id: value,
        type,
        value,
        level: 'critical',
        stage: 'c2',
        set: 'test',
        status: 'confirmed',
      }) as unknown as Indicator,
  ),
)

function matched(found: LoggedContact | undefined): string[] {
  const all: (readonly [ObservableType, string])[] = [
    ...(found?.hosts ?? []).map((one) => ['domain', one] as const),
    ...(found?.urls ?? []).map((one) => ['url', one] as const),
    ...(found?.ips ?? []).map((one) => ['ip', one] as const),
    ...(found?.userAgent === undefined ? [] : [['user_agent', found.userAgent] as const]),
  ]
  const observables = all.flatMap(([type, raw]): Observable[] => {
    const result = canonical(type, raw)
    return 'value' in result ? [{ type, value: result.value }] : []
  })
  return match({ source: 'test', observables }).map(({ indicator }) => indicator.value)
}

/** Reads lines as the source does: with the first lines and the headings that came before. */
function read(format: LogFormat, sample: LogSample, text: string) {
  const lines = [...(sample.head?.split('\n') ?? []), ...text.split('\n').filter((line) => line !== '')]
  const { headingPrefix } = format
  return lines
    .map((line, at) => {
      const headings = lines
        .slice(0, at)
        .filter(
          (one, place) => place < format.headLines || (headingPrefix !== undefined && one.startsWith(headingPrefix)),
        )
      const found = format.parse(line, { headings, mtime, filename: sample.filename })
      return { line, contact: found ?? null, matched: matched(found) }
    })
    .slice(sample.head?.split('\n').length ?? 0)
}

function sampleOf(format: LogFormat): LogSample {
  const sample = logSamples[format.name]
  if (!sample) throw new Error(`no sample of ${format.name} in test/support/log-samples.ts`)
  return sample
}

describe.each(logFormats.map((format) => [format.name, format] as const))('%s', (name, format) => {
  const sample = sampleOf(format)

  test('reads every contact of an ordinary log', async () => {
    const records = read(format, sample, sample.ordinary)
    await expectGolden(`sources/logs/${name}/ordinary`, records)
    expect(
      records
        .filter((one) => one.matched.length === 0)
        .map((one) => one.line)
        .filter((line) => !line.startsWith('#')),
    ).toEqual([])
  })

  test('takes no look-alike for a contact', async () => {
    const records = read(format, sample, sample.lookAlikes)
    await expectGolden(`sources/logs/${name}/look-alikes`, records)
    expect(records.filter((one) => one.matched.length > 0)).toEqual([])
  })

  test('says of damaged lines what is left, or nothing', async () => {
    await expectGolden(`sources/logs/${name}/damaged`, read(format, sample, sample.damaged))
  })

  test('is the first to recognise its own log, whichever record that begins with', () => {
    const winner = (lines: readonly string[]) =>
      logFormats.find((one) => one.recognises(lines.slice(0, one.headLines), sample.filename))?.name
    const head = sample.head?.split('\n') ?? []
    const records = sample.ordinary.split('\n').filter((line) => line !== '')
    expect(winner([...head, ...records])).toBe(name)
    expect(winner([...head, ...records, ...sample.damaged.split('\n')])).toBe(name)
    if (name === 'syslog' || name === 'pihole') return
    expect(records.map((_, at) => winner([...head, ...records.slice(at)])).filter((one) => one !== name)).toEqual([])
  })

  test('says what it reads and what it cannot see', () => {
    expect(format.about.reads).toMatch(/\.$/)
    expect(format.about.blind).toMatch(/\.$/)
    expect(format.about.platforms.length).toBeGreaterThan(0)
  })

  test('makes nothing of an empty log', () => {
    expect(format.recognises([], '')).toBe(false)
    expect(format.recognises([''], '')).toBe(false)
    expect(format.parse('', { headings: [], mtime, filename: '' })).toBeUndefined()
  })
})

test('every sample has its format', () => {
  expect(Object.keys(logSamples).sort()).toEqual(logFormats.map(({ name }) => name).sort())
})

test('who else would take a log is known, and comes later', async () => {
  const takers = Object.entries(logSamples).map(([name, sample]) => {
    const lines = [...(sample.head?.split('\n') ?? []), ...sample.ordinary.split('\n').filter((line) => line !== '')]
    const all = logFormats.filter((one) => one.recognises(lines.slice(0, one.headLines), sample.filename))
    return [name, all.map((one) => one.name)] as const
  })
  expect(takers.filter(([name, [first]]) => first !== name)).toEqual([])
  await expectGolden('sources/logs/recognised', Object.fromEntries(takers))
})
