import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import type { FileHints } from '../../../extension/decoders/decoder.ts'
import { examinationBudget } from '../../../extension/decoders/examine.ts'
import { loader } from '../../../extension/decoders/loader.ts'
import { maxFunction, maxFunctions } from '../../../extension/decoders/loader-redirection.ts'
import { maxSearched } from '../../../extension/decoders/loader-search.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import type { Examination } from '../../../extension/domain/examination.ts'
import { fileKind } from '../../../extension/domain/file-kind.ts'
import { join, le, patched, utf16, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { indexedSearch, loaderData, loaderLibrary, pointerSearch, textAt } from '../../support/loader-builder.ts'
import { type MemoryFile, memoryFile, sparseFile } from '../../support/memory-file.ts'
import { noise } from '../../support/noise.ts'
import { headerAt, peImage } from '../../support/pe-builder.ts'

const published = loaderLibrary({ search: indexedSearch(), data: loaderData(), hasLea: true })
const second = loaderLibrary({ search: pointerSearch(), data: loaderData(), hasLea: true })
const entryAt = headerAt + 24 + 16

const cases: Readonly<Record<string, Uint8Array>> = {
  published,
  'second-build': second,
  'other-registers': loaderLibrary({ search: indexedSearch({ rex: '43', sib: '02' }) }),
  'base-that-needs-a-displacement': loaderLibrary({
    search: indexedSearch({ rex: '', sib: '05', last: '807c0500ce' }),
  }),
  'other-pointer': loaderLibrary({ search: pointerSearch({ rex: '41', register: 7 }) }),
  'search-alone': loaderLibrary({ search: indexedSearch(), isReached: false }),
  'search-at-the-entry-point': loaderLibrary({ search: indexedSearch(), steps: 0 }),
  'search-four-steps-away': loaderLibrary({ search: indexedSearch(), steps: 4 }),
  'search-five-steps-away': loaderLibrary({ search: indexedSearch(), steps: 5 }),
  'event-beside-carrier': loaderLibrary({ data: loaderData({ key: '' }) }),
  'event-reached': loaderLibrary({ data: loaderData({ key: '' }), hasLea: true }),
  'event-200-bytes-before-carrier': loaderLibrary({ data: loaderData({ gap: 156 }) }),
  'event-202-bytes-before-carrier': loaderLibrary({ data: loaderData({ gap: 158 }) }),
  'carrier-before-event': loaderLibrary({ data: join(utf16('d3dcompiler_47.dll\0'), loaderData({ carrier: '' })) }),
  'key-alone': loaderLibrary({ data: join('3jB(2bsG#@c7\0') }),
  'key-wide': loaderLibrary({ data: utf16('3jB(2bsG#@c7\0') }),
  'key-quoted': loaderLibrary({
    data: join(`{ $key = "3jB(2bsG#@c7" }`, utf16(`'3jB(2bsG#@c7'`), ' under 3jB(2bsG#@c7 it opens'),
  }),
  'event-in-plain-letters': loaderLibrary({ data: join('AVMonitorRefreshEvent\0d3dcompiler_47.dll\0') }),
  'marker-in-data': loaderLibrary({ data: Uint8Array.of(0xfe, 0xed, 0xfa, 0xce, 0xfe, 0xed, 0xfa, 0xce) }),
  'search-of-three-bytes': loaderLibrary({ search: indexedSearch().subarray(0, -1) }),
  'search-with-another-register-within': loaderLibrary({ search: patched(indexedSearch(), 11, Uint8Array.of(1)) }),
  'entry-point-nowhere': patched(published, entryAt, le(0xffff_ffff, 4)),
  'entry-point-absent': patched(published, entryAt, zeros(4)),
  'headers-damaged': patched(published, headerAt + 6, le(0xffff, 2)),
  'many-searches': loaderLibrary({ data: join(...Array.from({ length: 40 }, () => indexedSearch())) }),
  genuine: peImage({ isDll: true, text: noise('code', 4096), data: noise('data', 4096) }),
  'genuine-with-carrier-name': peImage({ data: utf16('d3dcompiler_47.dll\0') }),
  empty: zeros(0),
}

function hints(bytes: Uint8Array): FileHints {
  return { filename: 'ffmpeg.dll', path: 'ffmpeg.dll', kind: fileKind(bytes.subarray(0, 16)), size: bytes.length }
}

async function decode(bytes: Uint8Array, file: MemoryFile = memoryFile(bytes)): Promise<Examination> {
  const found = await loader.decode(boundedFile(file, examinationBudget), hints(bytes))
  if (found && isRefusal(found)) throw new Error(`the loader decoder does not refuse: ${found.problem}`)
  return found ?? { traits: [], payloads: [], refusals: [] }
}

const names = (found: Examination) => found.traits.map((trait) => trait.name)

describe('libraries read as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/loader/${name}`, await decode(bytes))
    })
  }
})

test('only programs and libraries for Windows are wanted', () => {
  expect(loader.wants(hints(published))).toBe(true)
  expect(loader.wants(hints(join('\x7fELF')))).toBe(false)
})

test('whatever is found has one of the byte strings a sweep searches for', async () => {
  const patterns = (loader.patterns ?? []).map((one) => Buffer.from(one, 'hex'))
  expect(patterns.every((one) => one.length >= 4)).toBe(true)
  for (const [name, bytes] of Object.entries(cases)) {
    const found = await decode(bytes)
    if (found.traits.length === 0) continue
    expect(
      patterns.some((one) => Buffer.from(bytes).includes(one)),
      name,
    ).toBe(true)
  }
})

test('every register the published forms can name is recognised, with its bytes', async () => {
  const rex = fc.constantFrom('', '40', '41', '42', '43')
  const indexed = fc.tuple(rex, fc.integer({ min: 0, max: 7 })).map(([prefix, base]) => {
    const sib = `0${base}`
    return { code: indexedSearch({ rex: prefix, sib, ...(base === 5 && { last: '807c0500ce' }) }), form: 1 }
  })
  const pointer = fc.tuple(rex, fc.constantFrom(0, 1, 2, 3, 6, 7)).map(([prefix, register]) => {
    return { code: pointerSearch({ rex: prefix, register }), form: 2 }
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(indexed, pointer), fc.uint8Array({ maxLength: 40 }), async ({ code, form }, before) => {
      const { traits } = await decode(join('MZ', before, code))
      expect(traits).toContainEqual({
        name: 'loader_marker_search',
        offset: 2 + before.length,
        length: code.length,
        fields: { form, code: Buffer.from(code).toString('hex') },
      })
    }),
    { numRuns: 300 },
  )
})

test('what straddles two pieces of a file is found once', async () => {
  const piece = 1 << 20
  const marks = { search: indexedSearch(), event: loaderData({ key: '' }), key: join('3jB(2bsG#@c7\0') }
  for (const [name, mark] of Object.entries(marks)) {
    for (let back = 0; back <= mark.length; back++) {
      const bytes = patched(zeros(piece + 200), 0, join('MZ'))
      const { traits } = await decode(patched(bytes, piece - back, mark))
      expect(
        traits.map((trait) => trait.offset),
        `${name}, ${back} bytes before`,
      ).toEqual([piece - back])
    }
  }
})

describe('a library that is too large', () => {
  test('is searched up to a bound, and says so', async () => {
    const size = 3 * 2 ** 30
    const file = sparseFile(published, size)
    const found = await decode(published, file)
    expect(names(found)).toEqual(names(await decode(published)))
    expect(found.refusals).toEqual([expect.stringContaining(`up to ${maxSearched} bytes`)])
    expect(file.bytesRead).toBeLessThan(published.length + 64 + maxFunction * maxFunctions)
  })

  test('costs no more than the budget when everything in it calls', async () => {
    const calls = zeros(1 << 20)
    for (let i = 0; i + 5 <= calls.length; i += 5)
      calls.set(join(Uint8Array.of(0xe8), le((i * 2654435761) % calls.length, 4)), i)
    const bytes = patched(peImage({ isDll: true, text: calls, data: loaderData() }), entryAt, le(0x1000, 4))
    const file = memoryFile(bytes)
    expect(names(await decode(bytes, file))).toEqual(['loader_event_name', 'loader_key'])
    expect(file.reads).toBeLessThan(maxFunctions + 32)
    expect(file.bytesRead).toBeLessThan(1.1 * bytes.length + maxFunction * maxFunctions)
  })

  test('made of beginnings of a search is read once', async () => {
    for (const beginning of ['fa75', '807c00fffa75', '8038fa75']) {
      const bytes = join('MZ', new Uint8Array(Buffer.from(beginning.repeat(1 << 18), 'hex')))
      const file = memoryFile(bytes)
      expect(await decode(bytes, file)).toEqual({ traits: [], payloads: [], refusals: [] })
      expect(file.bytesRead).toBeLessThan(1.1 * bytes.length)
    }
  })
})

describe('a loader that was tampered with', () => {
  test('says only what is there when cut at any length', async () => {
    const whole = names(await decode(published))
    for (let length = 0; length < published.length; length++) {
      const found = await decode(published.subarray(0, length))
      expect(whole, `at ${length} bytes`).toEqual(expect.arrayContaining(names(found)))
      if (length < textAt) expect(found.traits).toEqual([])
    }
  })

  test('gives an answer when it became shorter while it was read', async () => {
    for (let length = 0; length < published.length; length += 5) {
      const found = await decode(published, memoryFile(published.subarray(0, length), published.length))
      expect(found.traits).toEqual([])
      expect(found.refusals).toHaveLength(1)
    }
  })

  test('gives an answer within the budget whatever is changed', async () => {
    const places = fc.oneof(
      fc.integer({ min: 0, max: headerAt + 400 }),
      fc.integer({ min: textAt, max: textAt + 0x440 }),
      fc.nat(published.length - 1),
    )
    const edits = fc.array(fc.tuple(places, fc.uint8Array({ minLength: 1, maxLength: 8 })), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(published, second), edits, async (base, changes) => {
        const bytes = changes.reduce((data, [at, with_]) => patched(data, at, with_), base)
        const file = memoryFile(bytes)
        const { traits } = await decode(bytes, file)
        expect(file.reads).toBeLessThan(100)
        for (const { offset = 0, length = 0 } of traits) expect(offset + length).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 1500 },
    )
  })
})
