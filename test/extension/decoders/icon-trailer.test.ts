import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import { hexText } from '../../../extension/decoders/bytes.ts'
import type { FileHints } from '../../../extension/decoders/decoder.ts'
import { examinationBudget } from '../../../extension/decoders/examine.ts'
import { iconTrailer, maxTrailer } from '../../../extension/decoders/icon-trailer.ts'
import { jkissBytes } from '../../../extension/decoders/jkiss.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { fileKind } from '../../../extension/domain/file-kind.ts'
import { join, patched, utf16, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { icon, png, trailer } from '../../support/icon-builder.ts'
import { type MemoryFile, memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'

const text = 'https://msedgepackageinfo.com/microsoft-edge'
/** Made independently of this code, with seed 0x29. */
const vector =
  '$KQAAAKO+tHNkAQnfxCP5grfG21ekwQWzha6sxQrtzFo3oPSekM4q0X24+sKiv02+CMhgjGsHEff+40Gilqap64AHqa816hzigvZnsxB33xBZadJJ' +
  '3hGV2d1yIGMgSVRiSUhlHk9fwCVnwCtSN1c='
const published = icon(vector)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

const cases: Readonly<Record<string, readonly [filename: string, bytes: Uint8Array]>> = {
  'published-layout': ['icon13.ico', published],
  'other-seed': ['icon3.ico', icon(trailer({ text: 'https://example.invalid/feed?a=1', seed: 0xdeadbeef }))],
  'seed-zero-behind-a-png': ['logo.png', join(png(), trailer({ text, seed: 0 }))],
  decoy: ['icon0.ico', icon(trailer({ text: 'https://www.3cx.com/blog/event-trainings/' }))],
  'no-decoy': ['icon0.ico', icon(trailer({ text: 'https://www.3cx.com.example.invalid/' }))],
  'address-not-canonical': ['a.ico', icon(trailer({ text: 'HTTPS://MSEdgePackageInfo.com:443#x' }))],
  'verified-without-address': ['a.ico', icon(trailer({ text: 'next: 13' }))],
  'verified-with-damaged-address': ['a.ico', icon(trailer({ text: 'http:///nowhere' }))],
  'verified-with-long-text': ['a.ico', icon(trailer({ text: `https://example.invalid/${'a'.repeat(3000)}` }))],
  'two-trailers': ['a.ico', icon(`${vector}${trailer({ text: 'https://example.invalid/2', seed: 2 })}`)],
  'newline-behind': ['icon13.ico', icon(`${vector}\r\n`)],
  'junk-between': ['icon13.ico', icon(`some words, $5 each${vector}`)],
  'no-png': ['icon13.ico', icon(vector, noise('bitmap', 400))],
  'other-key': ['a.ico', icon(trailer({ text, key: noise('key', 32) }))],
  'tag-damaged': ['a.ico', icon(`$${base64(patched(Buffer.from(vector.slice(1), 'base64'), 4, zeros(1)))}`)],
  'other-key-and-junk': ['a.ico', icon(`${trailer({ text, key: noise('key', 32) })}\n`)],
  'text-of-odd-length': ['a.ico', icon(trailer({ text: utf16(text).subarray(1) }))],
  'too-short': ['a.ico', icon(`$${base64(noise('short', 21))}`)],
  'not-base64': ['a.ico', icon(`$${base64(noise('x', 60)).replaceAll('A', '-')}!`)],
  'dollar-alone': ['a.ico', icon('$')],
  genuine: ['a.ico', icon()],
  'genuine-with-text-behind': ['a.ico', icon(`price: $${base64(noise('text', 42))}`)],
  empty: ['a.ico', zeros(0)],
}

function hints(filename: string, bytes: Uint8Array): FileHints {
  return { filename, path: filename, kind: fileKind(bytes.subarray(0, 16)), size: bytes.length }
}

async function decode(bytes: Uint8Array, filename = 'icon13.ico', file: MemoryFile = memoryFile(bytes)) {
  return iconTrailer.decode(boundedFile(file, examinationBudget), hints(filename, bytes))
}

describe('icons read as their golden files say', () => {
  for (const [name, [filename, bytes]] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/icon-trailer/${name}`, await decode(bytes, filename))
    })
  }
})

test('the generator gives the published key and nonce for the published seed', () => {
  const secret = hexText(jkissBytes(0x29, 44)).toUpperCase()
  expect(secret.slice(0, 64)).toBe('21A1ACE1E663BA45864DF457B209181EBD90101B4A512840387CD210E58FA3F1')
  expect(secret.slice(64)).toBe('3B8A08ED0F9E08CA572109EF')
})

test('a trailer made elsewhere is opened, and one made here is the same', async () => {
  expect(trailer({ text })).toBe(vector)
  const sha256 = createHash('sha256')
    .update(utf16(`${text}\0`))
    .digest('hex')
  expect(await decode(published)).toMatchObject({
    traits: [{ name: 'icon_trailer', offset: published.length - vector.length, length: vector.length }],
    payloads: [{ authenticated: true, urls: [text], sha256, fields: { icon: 13, seed: 0x29 } }],
  })
})

test('any address under any seed comes back', async () => {
  const address = fc.webUrl({ withQueryParameters: true })
  await fc.assert(
    fc.asyncProperty(address, fc.integer({ min: 0, max: 0xffffffff }), async (one, seed) => {
      expect(await decode(icon(trailer({ text: one, seed })))).toMatchObject({
        traits: [{ name: 'icon_trailer', fields: { text: one, seed } }],
      })
    }),
    { numRuns: 200 },
  )
})

test('icons and pictures of a size that icons have are wanted', () => {
  const wanted = (filename: string, bytes: Uint8Array, size = bytes.length) =>
    iconTrailer.wants({ ...hints(filename, bytes), size })
  expect(wanted('favicon', published)).toBe(true)
  expect(wanted('a.png', png())).toBe(true)
  expect(wanted('ICON13.ICO', noise('no icon', 100))).toBe(true)
  expect(wanted('a.exe', join('MZ'))).toBe(false)
  expect(wanted('a.ico', published, (1 << 20) + 1)).toBe(false)
})

describe('an icon that was tampered with', () => {
  test('gives no address when cut at any length', async () => {
    for (let length = 0; length < published.length; length++) {
      const found = await decode(published.subarray(0, length))
      const [payload] = found && !isRefusal(found) ? found.payloads : []
      expect(payload?.authenticated ?? false, `at ${length} bytes`).toBe(false)
      expect(payload?.urls ?? []).toEqual([])
      if (length <= published.length - vector.length + 30) expect(found).toBeUndefined()
    }
  })

  test('gives nothing when it became shorter while it was read', async () => {
    for (let length = 0; length < published.length; length++) {
      const file = memoryFile(published.subarray(0, length), published.length)
      expect(await decode(published, 'icon13.ico', file)).toBeUndefined()
    }
  })

  test('never gives another address, whatever is changed', async () => {
    const edits = fc.array(fc.tuple(fc.nat(published.length - 1), fc.uint8Array({ minLength: 1, maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const bytes = changes.reduce((data, [at, with_]) => patched(data, at, with_), published)
        const file = memoryFile(bytes)
        const found = await decode(bytes, 'icon13.ico', file)
        const payloads = found && !isRefusal(found) ? found.payloads : []
        for (const { urls, offset, length } of payloads) {
          expect([[], [text]]).toContainEqual(urls)
          expect(offset + length).toBeLessThanOrEqual(bytes.length)
        }
        expect(file.bytesRead).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 1500 },
    )
  })
})

describe('an icon that was made to be slow', () => {
  test('costs one read of its end', async () => {
    const giant = sparseFile(published, 1 << 20)
    expect(await decode(zeros(1 << 20), 'a.ico', giant)).toBeUndefined()
    expect([giant.reads, giant.bytesRead <= maxTrailer]).toEqual([1, true])
  })

  test('is decrypted no further than its end, however many beginnings and digits it has', async () => {
    const started = performance.now()
    for (const junk of ['$', 'A', `$${'A'.repeat(32)}`, `$${'A'.repeat(31)}=`, '$AAAA=', '=']) {
      const filled = icon(`$${junk.repeat(Math.ceil((1 << 20) / junk.length))}`)
      expect(await decode(filled)).toBeUndefined()
    }
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('may be noise', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('$', '=', 'A', 'b', '/', '\n'), maxLength: 400 }),
        async (junk) => {
          const found = await decode(icon(junk))
          expect(found && isRefusal(found) ? [] : (found?.traits ?? []).map((one) => one.name)).not.toContain(
            'icon_trailer',
          )
        },
      ),
      { numRuns: 1000 },
    )
  })
})
