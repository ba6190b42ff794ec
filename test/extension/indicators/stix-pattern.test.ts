import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Reading, readPattern } from '../../../extension/indicators/import/stix-meaning.ts'
import { parseStixPattern } from '../../../extension/indicators/import/stix-pattern.ts'

function read(pattern: string): Reading {
  const parsed = parseStixPattern(pattern)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return readPattern(parsed.pattern)
}

function values(pattern: string): string[] {
  return read(pattern).meanings.map((one) => `${one.type}=${one.value}${one.fileName ? ` (${one.fileName})` : ''}`)
}

function problem(pattern: string): string {
  const parsed = parseStixPattern(pattern)
  return 'problem' in parsed ? parsed.problem : 'none'
}

const md5 = '74bc2d0b6680faa1a5a76b27e5479cbc'
const sha1 = 'bf939c9c261d27ee7bb92325cc588624fca75429'

describe('STIX patterns', () => {
  it.each([
    ["[domain-name:value = 'a.example']", ['domain=a.example']],
    ["[domain-name:value == 'a.example']", ['domain=a.example']],
    ["[domain-name:value IN ('a.example', 'b.example')]", ['domain=a.example', 'domain=b.example']],
    [
      "[domain-name:value = 'a.example' OR url:value = 'https://b.example/']",
      ['domain=a.example', 'url=https://b.example/'],
    ],
    [
      "[domain-name:value = 'a.example'] OR [ipv4-addr:value = '198.51.100.7']",
      ['domain=a.example', 'ip=198.51.100.7'],
    ],
    [
      "([domain-name:value = 'a.example'] OR ([ipv6-addr:value = '2001:db8::1']))",
      ['domain=a.example', 'ip=2001:db8::1'],
    ],
    [`[file:hashes.MD5 = '${md5}']`, [`md5=${md5}`]],
    [`[file:hashes.'SHA-1' = '${sha1}' AND file:name = 'ffmpeg.dll']`, [`sha1=${sha1} (ffmpeg.dll)`]],
    [
      `[(file:hashes.MD5 = '${md5}' OR file:hashes.'SHA-1' = '${sha1}') AND file:name = 'x']`,
      [`md5=${md5} (x)`, `sha1=${sha1} (x)`],
    ],
    [`[(file:hashes.MD5 = '${md5}' AND file:name = 'x') AND file:size = 10]`, [`md5=${md5} (x)`]],
    ["[file:parent_directory_ref.path = 'C:\\\\A' AND file:name = 'b.dll']", ['path=C:\\A\\b.dll']],
    ["[file:parent_directory_ref.path = '/etc/' AND file:name = 'b']", ['path=/etc/b']],
    ["[file:name = 'it\\'s \\\\ here']", ["path=it's \\ here"]],
    ["[windows-registry-key:key = 'HKLM\\Software\\X']", ['registry_key=HKLM\\Software\\X']],
    ["[network-traffic:dst_ref.value = '198.51.100.7']", ['ip=198.51.100.7']],
    ["[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'X/1']", ['user_agent=X/1']],
    ["[x509-certificate:serial_number = '1b:66:11']", ['certificate=1B6611']],
    ["[domain-name:value = 'a.example'] WITHIN 300 SECONDS", ['domain=a.example']],
    ["/* a comment */ [domain-name:value = 'a.example'] // another", ['domain=a.example']],
  ] as const)('reads %s', (pattern, expected) => {
    expect(values(pattern)).toEqual(expected)
  })

  it('binds AND tighter than OR', () => {
    const { meanings, losses } = read(
      `[domain-name:value = 'a.example' OR file:hashes.MD5 = '${md5}' AND file:name = 'x']`,
    )
    expect(meanings).toEqual([
      { type: 'domain', value: 'a.example' },
      { type: 'md5', value: md5, fileName: 'x' },
    ])
    expect(losses).toEqual([])
  })

  it('never takes a part of a combination for the whole', () => {
    for (const pattern of [
      "[domain-name:value = 'a.example' AND ipv4-addr:value = '198.51.100.7']",
      "[domain-name:value = 'a.example'] AND [file:name = 'x']",
      "[domain-name:value = 'a.example'] FOLLOWEDBY [file:name = 'x']",
      `[file:hashes.MD5 = '${md5}' AND NOT file:name = 'x']`,
      `[file:hashes.MD5 != '${md5}']`,
      "[file:name = 'x' AND file:size = 10]",
      "[domain-name:value LIKE '%a.example']",
      "([domain-name:value = 'a.example'] REPEATS 2 TIMES)",
      "[domain-name:value = 'a.example'] START t'2023-01-01T00:00:00Z' STOP t'2023-02-01T00:00:00Z'",
    ]) {
      expect(read(pattern).meanings, pattern).toEqual([])
      expect(read(pattern).losses, pattern).toHaveLength(1)
    }
  })

  it.each([
    ['', 'the end at 0; expected [ or ('],
    ['[', 'the end at 1; expected an object path'],
    ["[a:b 'c']", '"c" at 5; expected a comparison'],
    ["[a:b = 'c' OR]", '"]" at 13; expected an object path'],
    ["[a:b = 'c'] x", '"x" at 12; expected the end of the pattern'],
    ["[a:b = 'c", 'the text that starts at 7 is never closed'],
    ['[a:b LIKE 5]', '"5" at 10; expected text'],
    ["[a:b = 'c'] WITHIN x SECONDS", '"x" at 19; expected number'],
    ['[a:b = ;]', 'unexpected ";" at 7'],
  ])('says where %s stops making sense', (pattern, expected) => {
    expect(problem(pattern)).toBe(expected)
  })

  it('bounds depth, qualifiers and length', () => {
    expect(problem(`${'('.repeat(65)}[a:b='c']${')'.repeat(65)}`)).toBe('parentheses are nested more than 64 deep')
    expect(problem(`[${'('.repeat(100_000)}`)).toBe('the pattern has more than 65536 tokens')
    expect(problem(`[a:b='c']${' WITHIN 1 SECONDS'.repeat(9)}`)).toBe('more than 8 qualifiers on one observation')
    expect(problem('x'.repeat(300_000))).toMatch(/^the pattern has 300000 characters/)
    expect(
      values(`[${Array.from({ length: 5000 }, (_, at) => `domain-name:value='d${at}.example'`).join(' OR ')}]`),
    ).toHaveLength(5000)
  })

  it('answers every text, and never with an exception', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      'file:name',
      "'x'",
      '=',
      ' AND ',
      ' OR ',
      'NOT ',
      ' IN ',
      ',',
      'WITHIN 5 SECONDS',
      "t'x'",
      ':',
      '.',
      '[*]',
      '5',
      ' FOLLOWEDBY ',
      'EXISTS ',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(text, (pattern) => {
        const parsed = parseStixPattern(pattern)
        if ('pattern' in parsed) readPattern(parsed.pattern)
        else expect(parsed.problem).not.toBe('')
      }),
      { numRuns: 3000 },
    )
  })
})
