/**
 * Canonical forms: idempotent for every type, and the cases that lists get wrong.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, isCanonical, type ObservableType, observableTypes } from '../../../extension/domain/observable.ts'

const valueIn = (type: ObservableType, raw: string) => {
  const result = canonical(type, raw)
  return 'value' in result ? result.value : `problem: ${result.problem}`
}
const isProblem = (type: ObservableType, raw: string) => 'problem' in canonical(type, raw)

/** Texts near the formats: most of random text is refused at once. */
const likely = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.domain(),
  fc.ipV4(),
  fc.ipV6(),
  fc
    .array(fc.constantFrom('a', 'B', 'é', '.', '-', '_', '1', '0', ':', '/', 'http://', '?', '#', ' ', 'ß', '\u3002'), {
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 32, maxLength: 64 }),
)

describe('canonical', () => {
  it.each(observableTypes)('of %s is idempotent, and what it returns is canonical', (type) => {
    fc.assert(
      fc.property(likely, (raw) => {
        const result = canonical(type, raw)
        if (!('value' in result)) return
        expect(canonical(type, result.value)).toEqual(result)
        expect(isCanonical(type, result.value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it.each(observableTypes)('of %s refuses the empty text and says what it expected', (type) => {
    expect(canonical(type, '  ')).toEqual({ problem: `${type} is empty` })
  })

  it.each([
    ['MSStorageAzure.com', 'msstorageazure.com'],
    ['msstorageazure.com.', 'msstorageazure.com'],
    [' msstorageazure.com ', 'msstorageazure.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['a.b.c.d.example.com', 'a.b.c.d.example.com'],
  ])('domain %j is %j', (raw, value) => {
    expect(valueIn('domain', raw)).toBe(value)
  })

  it.each([
    'localhost',
    '1.2.3.4',
    '0x7f.1',
    '::1',
    'a..b',
    '.example.com',
    '-a.example',
    'a-.example',
    'exa mple.com',
    'http://a.example',
    'a.example/path',
    'a.example:80',
    'user@a.example',
    'bad[.]example',
    '*.example.com',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}example`,
    '.',
    '%61.example',
    '256.256.256.256',
    '1.2.3.4.',
  ])('%j is no domain', (raw) => {
    expect(isProblem('domain', raw)).toBe(true)
  })

  it.each([
    ['18.12.416', '18.12.416'],
    ['18.12.416.0', '18.12.416'],
    ['v18.12.416', '18.12.416'],
    ['18.12.4160', '18.12.4160'],
    ['18.012.0416', '18.12.416'],
  ])('version %j is %j', (raw, value) => {
    expect(valueIn('version', raw)).toBe(value)
  })

  it.each(['18.12', '18', '18.12.416.0.0', '18.12.x', '18.12.416-beta', '18.12.4161616'])('%j is no version', (raw) => {
    expect(isProblem('version', raw)).toBe(true)
  })

  it('keeps versions apart that only look alike', () => {
    expect(valueIn('version', '18.12.4160')).not.toBe(valueIn('version', '18.12.416.0'))
    expect(valueIn('version', '18.12.41.6')).not.toBe(valueIn('version', '18.12.416'))
  })

  it.each([
    ['HTTPS://MSStorageAzure.com/Window', 'https://msstorageazure.com/Window'],
    ['https://msstorageazure.com', 'https://msstorageazure.com/'],
    ['https://msstorageazure.com:443/a?b=C#d', 'https://msstorageazure.com/a?b=C'],
    ['http://msstorageazure.com.:8080/a', 'http://msstorageazure.com:8080/a'],
    ['https://a.example?q', 'https://a.example/?q'],
    ['https://a.example/%7Eb/../c', 'https://a.example/%7Eb/../c'],
  ])('url %j is %j', (raw, value) => {
    expect(valueIn('url', raw)).toBe(value)
  })

  it.each(['hxxps://a.example/', 'ftp://a.example/', 'a.example/path', 'https://', 'https:///path', '/path'])(
    '%j is no url',
    (raw) => {
      expect(isProblem('url', raw)).toBe(true)
    },
  )

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:1.2.3.4', '::ffff:102:304'],
  ])('ip %j is %j', (raw, value) => {
    expect(valueIn('ip', raw)).toBe(value)
  })

  it.each(['1.2.3', '01.2.3.4', '1.2.3.256', '1.2.3.4:80', '[::1]', ':::', 'a.b.c.d'])('%j is no ip', (raw) => {
    expect(isProblem('ip', raw)).toBe(true)
  })

  it('takes digests of their own length only, in any case', () => {
    expect(valueIn('sha256', 'AB'.repeat(32))).toBe('ab'.repeat(32))
    for (const type of ['sha256', 'sha1', 'md5'] as const) {
      expect(isProblem(type, 'ab'.repeat(31))).toBe(true)
      expect(isProblem(type, 'zz'.repeat({ sha256: 32, sha1: 20, md5: 16 }[type]))).toBe(true)
    }
  })

  it('takes names without directories, and sizes in bytes', () => {
    expect(valueIn('filename', 'ffmpeg.dll')).toBe('ffmpeg.dll')
    expect(isProblem('filename', 'a/ffmpeg.dll')).toBe(true)
    expect(isProblem('filename', 'a\\ffmpeg.dll')).toBe(true)
    expect(valueIn('filesize', '00123')).toBe('123')
    expect(isProblem('filesize', '1.5')).toBe(true)
    expect(isProblem('filesize', '-1')).toBe(true)
  })
})
