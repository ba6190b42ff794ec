import { describe, expect, test } from 'vitest'
import { be, join, le, patched, zeros } from '../../support/byte-writer.ts'
import { examined } from '../../support/examined.ts'
import { expectGolden } from '../../support/golden.ts'
import { cpus, machO, universal } from '../../support/macho-builder.ts'
import {
  cleanLibrary,
  librarySlice,
  loaderImports,
  loaderTexts,
  plainTexts,
  trojanisedLibrary,
} from '../../support/macos-malware-shapes.ts'
import { sparseFile } from '../../support/memory-file.ts'

const name = 'libffmpeg.dylib'
const published = trojanisedLibrary()
const [userAgent, cookie, systemVersion, supportFolder] = loaderTexts
const slice = librarySlice(cpus.x86_64)

const cases: Readonly<Record<string, readonly [path: string, bytes: Uint8Array]>> = {
  published: [name, published],
  'renamed-without-name-inside': ['a.bin', trojanisedLibrary({ installName: 'x' })],
  'renamed-with-name-inside': ['a.bin', published],
  'thin-slice': [name, slice],
  'clean-library': [name, cleanLibrary()],
  'key-0x5a-no-plain-texts': [name, trojanisedLibrary({ key: 0x5a, plain: [] })],
  'key-0xff': [name, trojanisedLibrary({ key: 0xff })],
  'key-0xff-renamed': ['a.bin', trojanisedLibrary({ key: 0xff })],
  'texts-without-imports': [name, trojanisedLibrary({ imports: [] })],
  'imports-without-texts': [name, trojanisedLibrary({ texts: [], records: [], plain: [] })],
  'imports-chained': [name, trojanisedLibrary({ texts: [], records: [], plain: [], importTables: ['chained'] })],
  'one-text-alone': [name, trojanisedLibrary({ texts: [cookie], records: [], plain: [], imports: [] })],
  'one-text-and-plain-name': [
    name,
    trojanisedLibrary({ texts: [cookie], records: [], plain: ['.session-lock'], imports: [] }),
  ],
  'ordinary-texts-under-a-key': [
    name,
    trojanisedLibrary({ texts: [userAgent, systemVersion], records: [], plain: [], imports: [] }),
  ],
  'plain-names-alone': [name, trojanisedLibrary({ texts: [], records: [], imports: [] })],
  'texts-plain': [name, trojanisedLibrary({ key: 0, imports: [] })],
  'urls-with-scheme': [
    name,
    trojanisedLibrary({
      records: ['https://zacharryblogs.com/feed', 'https://msstorageazure.com/window', 'https://%s/x'],
    }),
  ],
  'slices-none': [name, join(be(0xcafebabe, 4), zeros(100))],
  'slices-10000': [name, join(be(0xcafebabe, 4), be(10_000, 4), zeros(20 * 10_000))],
  'slices-all-the-same': [name, sameSlices()],
  'slice-damaged': [name, patched(published, published.length - 0x3000, zeros(4))],
  'slice-beyond-end': [name, published.subarray(0, 0x3000)],
  'symbols-0xffffffff': [name, patchedCommand(slice, 0x2, 12, le(0xffffffff, 4))],
  'symbols-beyond-end': [name, patchedCommand(slice, 0x2, 8, le(0xfffffff0, 4))],
  'symbol-texts-of-4-gb': [name, patchedCommand(slice, 0x2, 20, le(0xffffffff, 4))],
  'bindings-of-4-gb': [name, patchedCommand(slice, 0x80000022, 20, le(0xffffffff, 4))],
  'java-class': ['libffmpeg.class', join(be(0xcafebabe, 4), be(61, 4), zeros(100))],
}

/** Thirty-two slices, each the same place. */
function sameSlices(): Uint8Array {
  const row = join(be(cpus.x86_64, 4), be(3, 4), be(0x1000, 4), be(slice.length, 4), be(12, 4))
  const head = join(be(0xcafebabe, 4), be(32, 4), ...Array.from({ length: 32 }, () => row))
  return join(head, zeros(0x1000 - head.length), slice)
}

/** A 64-bit image with bytes of its first load command of a kind replaced. */
function patchedCommand(image: Uint8Array, command: number, at: number, bytes: Uint8Array): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset)
  let place = 32
  while (view.getUint32(place, true) !== command) place += view.getUint32(place + 4, true)
  return patched(image, place + at, bytes)
}

async function traitsOf(path: string, bytes: Uint8Array): Promise<readonly string[]> {
  return (await examined(path, bytes)).traits.map((trait) => trait.name)
}

describe('libraries are examined as their golden files say', () => {
  for (const [label, [path, bytes]] of Object.entries(cases)) {
    test(label, async () => {
      await expectGolden(`decoders/macos-loader/${label}`, await examined(path, bytes))
    })
  }
})

test('every one-byte key is found under the name of the library', async () => {
  for (let key = 1; key < 256; key++) {
    const found = await examined(name, librarySlice(cpus.x86_64, { key, plain: [], imports: [] }))
    expect(found.traits, `key ${key}`).toMatchObject([{ name: 'macos_loader_strings' }])
    expect(found.payloads[0]?.fields.key).toBe(`0x${key.toString(16).padStart(2, '0')}`)
  }
})

test('all texts are read whole, and the letter that a zero becomes is neither lost nor made up', async () => {
  const { payloads } = await examined(name, published)
  expect(JSON.parse(String(payloads[0]?.fields.strings))).toEqual([
    ...loaderTexts,
    ...['msstorageazure.com/window', 'officestoragebox.com/api/session', 'zacharryblogs.com/feed'],
    ...['pbxcloudeservices.com/phonesystem', 'pbxphonenetwork.com/voip'],
  ])
  expect(payloads[0]?.urls).toContain('https://zacharryblogs.com/feed')
})

test('imports are found in every table that can name them', async () => {
  for (const table of ['symbols', 'chained', 'chained-addend', 'chained-addend-64', 'bindings'] as const) {
    const shape = { texts: [], records: [], plain: [], importTables: [table] }
    const found = await examined(name, librarySlice(cpus.x86_64, shape))
    expect(found.traits, table).toMatchObject([{ name: 'macos_loader_imports' }])
    expect(String(found.traits[0]?.fields?.imports).split(',').length).toBe(loaderImports.length)
  }
})

test('imports that a genuine library may have are no trait', async () => {
  const without = (...names: string[]) => loaderImports.filter((one) => !names.includes(one))
  const harmless = ['_getenv', '_rand', '_srand', '_sleep', '_dispatch_semaphore_create', '_gethostname', '_flock']
  const shape = (imports: readonly string[]) => ({ texts: [], records: [], plain: [], imports })
  const slices = (imports: readonly string[]) => librarySlice(cpus.x86_64, shape(imports))
  expect(await traitsOf(name, slices(harmless))).toEqual([])
  expect(await traitsOf(name, slices(without('_popen')))).toEqual([])
  expect(await traitsOf(name, slices(['_popen', '_chmod']))).toEqual([])
  expect(await traitsOf(name, slices(['_popen$DARWIN_EXTSN', '_flock', '_chmod']))).toEqual(['macos_loader_imports'])
  expect(await traitsOf(name, slices(['_posix_spawn', '_flock', '_gethostname']))).toEqual(['macos_loader_imports'])
})

test('an executable with such imports is no library', async () => {
  const program = machO({ imports: { names: loaderImports, tables: ['symbols'] } })
  expect(await traitsOf(name, program)).toEqual([])
})

test('a file of another name without a text of the published build is not opened', async () => {
  const { wants, patterns } = (await import('../../../extension/decoders/macos-loader.ts')).macosLoaderElsewhere
  expect(wants({ filename: 'tool', path: 'tool', kind: 'macho', size: 1 })).toBe(true)
  const content = Buffer.from(trojanisedLibrary({ key: 0x33, plain: [] }))
  expect(patterns?.some((one) => content.includes(Buffer.from(one, 'hex')))).toBe(false)
  for (const text of plainTexts.slice(0, 3)) expect(patterns).toContain(Buffer.from(text).toString('hex'))
})

test('both spellings of the published texts lead to the file, whatever its name', async () => {
  const shape = { texts: [cookie, supportFolder], plain: [], imports: [], records: [] }
  expect(await traitsOf('tool', trojanisedLibrary(shape))).toEqual(['macos_loader_strings'])
})

test('of a library larger than the budget the rest is said not to be searched', async () => {
  const big = machO({ fileType: 'dylib', data: zeros(1000) })
  const found = await examined(name, big, sparseFile(big, 2 ** 40))
  expect(found.traits).toEqual([])
  expect(found.refusals).toEqual([
    expect.stringMatching(/^macos_loader|^x86_64: a search of 1099511627776 bytes ended/),
  ])
})

test('a slice that is found twice under two architectures tells of both', async () => {
  const both = universal([cpus.x86_64, cpus.arm64].map((cpu) => ({ cpu, image: librarySlice(cpu) })))
  const { traits } = await examined(name, both)
  expect(traits.map((one) => `${one.name} ${one.fields?.cpu}`).sort()).toEqual([
    'macos_loader_imports arm64',
    'macos_loader_imports x86_64',
    'macos_loader_strings arm64',
    'macos_loader_strings x86_64',
  ])
})
