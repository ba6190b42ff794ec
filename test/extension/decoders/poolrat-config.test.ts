import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { field, join, zeros } from '../../support/byte-writer.ts'
import { examined } from '../../support/examined.ts'
import { expectGolden } from '../../support/golden.ts'
import { xored } from '../../support/macos-malware-shapes.ts'
import { noise } from '../../support/noise.ts'

const path = 'private/etc/apdl.cf'
const encoded = (...pieces: (Uint8Array | string)[]) => xored(join(...pieces), 0x5e)
const ordinary = encoded('host=203.0.113.7;port=443')
const padded = encoded(
  field('https://www.example.com/update/', 256),
  field('https://b.example.org:8443', 256),
  zeros(40),
)

const cases: Readonly<Record<string, Uint8Array>> = {
  ordinary,
  padded,
  'host-names': encoded('a.example.com\nb.example.net\n'),
  'padded-without-address': encoded(field('sleep 3600', 64)),
  'text-without-address': encoded('sleep 3600'),
  'long-text': encoded('https://www.example.com/', 'a'.repeat(4000)),
  'plain-text': join('host=203.0.113.7\nport=443\n'),
  'plain-url': join('https://www.example.com/update/\n'),
  'plain-text-underlined': join('https://www.example.com/ 2023\n^^^^^^^^^^^^^^^^^^\n'),
  noise: noise('config', 400),
  empty: zeros(0),
  'only-zeros': zeros(200),
  'only-padding': encoded(zeros(200)),
}

describe('apdl.cf is read as its golden files say', () => {
  for (const [label, bytes] of Object.entries(cases)) {
    test(label, async () => {
      await expectGolden(`decoders/poolrat-config/${label}`, await examined(path, bytes))
    })
  }
})

test('a file cut at any length is a shorter configuration or refused', async () => {
  for (const whole of [ordinary, padded]) {
    for (let length = 0; length < whole.length; length++) {
      const found = await examined(path, whole.subarray(0, length))
      expect(found.traits.length + found.refusals.length, `${length}`).toBe(1)
      expect(found.payloads.length).toBe(found.traits.length)
    }
  }
})

test('other names and larger files are not opened', async () => {
  expect((await examined('etc/apdl.conf', ordinary)).traits).toEqual([])
  expect((await examined('etc/APDL.CF', ordinary)).traits).toHaveLength(1)
  expect((await examined(path, join(ordinary, zeros(64 << 10)))).refusals).toEqual([])
})

test('random bytes are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 2000 }), async (bytes) => {
      expect((await examined(path, bytes)).traits).toEqual([])
    }),
    { numRuns: 1000 },
  )
})

test('plain sentences are refused', async () => {
  const word = fc.stringMatching(/^[a-z]{1,10}$/)
  const line = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => `${words.join(' ')}\n`)
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
      expect((await examined(path, join(lines.join('')))).traits).toEqual([])
    }),
  )
})
