/**
 * Every log format against lines that were made to hurt: the answer comes, it is well-formed, and a long line costs no more
 * than its length.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogFormat } from '../../../../extension/sources/log-format.ts'
import { isAddress, isHostName, withoutPort } from '../../../../extension/sources/log-text/remote.ts'
import { columnMap } from '../../../../extension/sources/logs/column-map.ts'
import { logFormats } from '../../../../extension/sources/logs/index.ts'
import { logSamples } from '../../../support/log-samples.ts'

const mtime = 1_680_436_800
/** As long as the native search lets a line be. */
const longest = 65_536
/** A parser that goes back over such a line for each of its characters takes seconds; one that does not, a few milliseconds. */
const mostMs = 250

const formats: readonly LogFormat[] = [
  ...logFormats,
  columnMap({ host: 'Destination Hostname', time: 'Timestamp', url: 'URL' }),
  columnMap({ host: 4, delimiter: '||' }),
  columnMap({ format: 'json', host: 'dns.question.name' }),
]

function linesOf(name: string): string[] {
  const sample = logSamples[name] ?? logSamples['csv']
  return [sample?.head ?? '', sample?.ordinary ?? '', sample?.damaged ?? '']
    .join('\n')
    .split('\n')
    .filter((one) => one !== '')
}

const everyLine = Object.keys(logSamples).flatMap(linesOf)

/** Parses, and checks what holds for every answer. */
function check(format: LogFormat, line: string, headings: readonly string[]): void {
  const context = { headings, mtime, filename: 'x' }
  const found = format.parse(line, context)
  expect(format.parse(line, context)).toEqual(found)
  if (found === undefined) return
  const { hosts = [], ips = [], urls = [], time = 0, count = 1, pid = 0, fields = {} } = found
  expect(hosts.filter((one) => !isHostName(one))).toEqual([])
  expect(ips.filter((one) => !isAddress(one))).toEqual([])
  expect(urls.filter((one) => !/^https?:\/\//i.test(one))).toEqual([])
  expect(time >= 0 && time <= 253_402_300_799).toBe(true)
  expect(count >= 1 && Number.isInteger(pid)).toBe(true)
  expect(
    hosts.length + ips.length + urls.length > 0 || found.userAgent !== undefined || found.cookie !== undefined,
  ).toBe(true)
  expect(Object.values(fields).filter((one) => one === '' || Number.isNaN(one))).toEqual([])
}

/** A line with something put in, taken out or repeated somewhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(...everyLine),
    fc.nat(),
    fc.nat(40),
    fc.oneof(fc.string(), fc.string({ unit: 'binary' })),
    fc.nat(3),
  )
  .map(([line, at, cut, put, times]) => {
    const place = at % (line.length + 1)
    return line.slice(0, place) + put.repeat(times) + line.slice(place + cut)
  })
const anyLine = fc.oneof(
  mutated,
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.json(),
  fc.constantFrom(...everyLine),
)

describe.each(formats.map((format, at) => [`${format.name} ${at}`, format] as const))('%s', (_, format) => {
  const { name } = format
  const own = linesOf(name)
  const headings = own.slice(0, 12)

  test('answers to any line under any heading', () => {
    fc.assert(
      fc.property(anyLine, fc.array(anyLine, { maxLength: 3 }), (line, before) => {
        check(format, line, before)
        check(format, line, headings)
        expect(typeof format.recognises([line, ...before], line)).toBe('boolean')
      }),
      { numRuns: 400 },
    )
  })

  test('reads a line of 64 KiB in time that grows with its length alone', () => {
    const fills = [
      'a',
      'a.',
      ' ',
      '"',
      '\\',
      '\\"',
      '[',
      ']',
      '{',
      '}',
      '(1)a',
      ',',
      '""',
      '\t',
      ':',
      '::1',
      '-',
      '0',
      '1.',
      '/',
      '#',
      '|',
      '%',
      '<',
      '[a="',
    ]
    const starts = own.flatMap((line) => [
      line.slice(0, Math.floor(line.length / 3)),
      line.slice(0, Math.floor((line.length * 2) / 3)),
      line,
    ])
    const slow: string[] = []
    const once = (line: string) => {
      const before = performance.now()
      format.parse(line, { headings, mtime, filename: 'x' })
      format.recognises([line], 'x')
      return performance.now() - before
    }
    const measure = (line: string) => {
      const took = once(line)
      // Another process may have had the machine meanwhile: only what is slow every time is slow.
      if (took < mostMs || Math.min(once(line), once(line), once(line)) < mostMs) return
      slow.push(`${Math.round(took)} ms: ${line.slice(0, 80)}... ${JSON.stringify(line.slice(-20))}`)
    }
    for (const fill of fills) {
      const long = fill.repeat(Math.ceil(longest / fill.length))
      measure(long)
      for (const start of ['', ...starts.slice(0, 24)]) measure((start + long).slice(0, longest))
    }
    measure(`${'[{"a":'.repeat(longest / 6)}`)
    measure(`{"a":${'['.repeat(longest / 2)}${']'.repeat(longest / 2)}}`)
    measure(`{${Array.from({ length: 4000 }, (_, at) => `"k${at}":{"domain":"a.example"}`).join(',')}}`)
    expect(slow).toEqual([])
  })
})

test('what the formats call a name is never a defanged one', () => {
  for (const text of [
    'officeaddons[.]com',
    'officeaddons(.)com',
    'officeaddons{.}com',
    'officeaddons dot com',
    'officeaddons[dot]com',
    'hxxps://officeaddons.com/',
  ]) {
    expect(isHostName(withoutPort(text))).toBe(false)
  }
})
