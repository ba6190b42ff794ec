import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../../extension/domain/observable.ts'
import { cleaned, defang, refang } from '../../../extension/indicators/import/refang.ts'

const habits: readonly (readonly [defanged: string, meant: string])[] = [
  ['akamaicontainer[.]com', 'akamaicontainer.com'],
  ['akamaicontainer(.)com', 'akamaicontainer.com'],
  ['akamaicontainer{.}com', 'akamaicontainer.com'],
  ['akamaicontainer[dot]com', 'akamaicontainer.com'],
  ['akamaicontainer(DOT)com', 'akamaicontainer.com'],
  ['akamaicontainer [dot] com', 'akamaicontainer.com'],
  ['akamaicontainer[ . ]com', 'akamaicontainer.com'],
  ['hxxp://bad.example/a', 'http://bad.example/a'],
  ['hXXps://bad[.]example/a', 'https://bad.example/a'],
  ['h**ps://bad.example', 'https://bad.example'],
  ['http[s]://bad.example', 'https://bad.example'],
  ['https[:]//bad.example', 'https://bad.example'],
  ['https[://]bad.example', 'https://bad.example'],
  ['hxxps[:]//raw.githubusercontent[.]com/IconStorages/', 'https://raw.githubusercontent.com/IconStorages/'],
  ['cliego.garcia[@]proton[.]me', 'cliego.garcia@proton.me'],
  ['cliego.garcia(at)proton[dot]me', 'cliego.garcia@proton.me'],
  ['198[.]51[.]100[.]7', '198.51.100.7'],
  ['"bad.example",', 'bad.example'],
  ['\u201cbad.example\u201d', 'bad.example'],
  ['<https://bad.example/>', 'https://bad.example/'],
  ['bad\u200b.example\ufeff', 'bad.example'],
]

describe('refang', () => {
  for (const [defanged, meant] of habits) {
    it(`reads ${JSON.stringify(defanged)} as ${meant}`, () => expect(refang(defanged)).toBe(meant))
  }

  it('leaves what is not defanged as it is', () => {
    for (const text of ['https://bad.example/a?b=[1]', 'C:\\Windows\\x.dll', 'aa124a4b', 'https://[2001:db8::1]/']) {
      expect(refang(text)).toBe(text)
    }
  })

  it('brings trailing dots, case and other alphabets to one name together with canonical', () => {
    for (const text of ['BAD[.]Example.', 'bad.example..', ' bad.EXAMPLE']) {
      expect(canonical('domain', refang(text))).toEqual({ value: 'bad.example' })
    }
    expect(canonical('domain', refang('b\u00fccher[.]example'))).toEqual({ value: 'xn--bcher-kva.example' })
  })

  it('is idempotent', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      '{',
      '}',
      '.',
      'dot',
      ':',
      '//',
      'hxxp',
      'h',
      'xx',
      '@',
      'at',
      ' ',
      '"',
      'a',
      '/',
      '<',
      '>',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
        ),
        (text) => {
          const once = refang(text)
          expect(refang(once)).toBe(once)
          expect(cleaned(once)).toBe(once)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('gives back what defang hid', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/)
    const domain = fc.tuple(label, label, label).map((labels) => labels.join('.'))
    const path = fc.stringMatching(/^(\/[a-z0-9_-]{1,8}){0,4}$/)
    const url = fc.tuple(fc.constantFrom('http', 'https'), domain, path).map(([s, d, p]) => `${s}://${d}${p}`)
    const email = fc.tuple(label, domain).map(([user, host]) => `${user}@${host}`)
    fc.assert(
      fc.property(fc.oneof(domain, url, email, fc.ipV4()), (text) => {
        expect(refang(defang(text))).toBe(text)
      }),
    )
  })

  it('gives up on nesting that no person writes, in little time', () => {
    const nested = `${'['.repeat(4000)}.${']'.repeat(4000)}`
    const started = performance.now()
    expect(refang(nested)).toBe(nested)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
