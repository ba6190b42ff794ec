/**
 * The macOS decoders against files that are cut, changed or made to hurt: the answer comes, and within its bounds.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { join, patched } from '../../support/byte-writer.ts'
import { examinationBounds, examined } from '../../support/examined.ts'
import { cpus, machO, universal } from '../../support/macho-builder.ts'
import {
  loaderImports,
  loaderTexts,
  trojanisedLibrary,
  updateAgent,
  xored,
} from '../../support/macos-malware-shapes.ts'
import { memoryFile } from '../../support/memory-file.ts'

const name = 'libffmpeg.dylib'
const texts = join(...loaderTexts.map((text) => xored(join(text, '\0'), 0x7a)))
const small = machO({
  fileType: 'dylib',
  data: texts,
  installName: name,
  imports: { names: loaderImports, tables: ['symbols', 'chained', 'bindings'] },
})
const smallUniversal = universal([{ cpu: cpus.x86_64, image: small }])
const agent = updateAgent()

async function check(path: string, bytes: Uint8Array, size = bytes.length) {
  const file = memoryFile(bytes, size)
  const found = await examined(path, bytes, file)
  const bounds = examinationBounds(path, bytes)
  expect(file.bytesRead).toBeLessThanOrEqual(bounds.bytes)
  expect(file.reads).toBeLessThanOrEqual(bounds.reads)
  expect(JSON.stringify(found).length).toBeLessThan(64 << 10)
  return found
}

test('a thin and a universal library, and an agent, are survived when cut at every length', async () => {
  for (const [path, bytes] of [
    [name, small],
    [name, smallUniversal],
    ['UpdateAgent', agent],
  ] as const) {
    const whole = (await check(path, bytes)).traits.length
    for (let length = 0; length < bytes.length; length++) {
      const found = await check(path, bytes.subarray(0, length))
      expect(found.traits.length, `${path} ${length}`).toBeLessThanOrEqual(whole)
    }
  }
})

test('a library cut inside its texts tells of those it still has', async () => {
  const at = Buffer.from(small).indexOf(Buffer.from(texts.subarray(0, 8)))
  const cut = small.subarray(0, at + loaderTexts[0].length + loaderTexts[1].length + 2)
  expect((await check(name, cut)).traits.map((one) => one.name)).toEqual(['macos_loader_strings'])
  expect((await check(name, cut)).refusals).not.toEqual([])
})

describe.each([
  ['library', name, trojanisedLibrary()],
  ['small library', name, small],
  ['agent', 'UpdateAgent', agent],
] as const)('%s', (_, path, bytes) => {
  const places = fc.oneof(
    fc.constantFrom(...Array.from(bytes.keys()).filter((at) => bytes[at] !== 0)),
    fc.nat(Math.min(bytes.length - 1, 400)),
  )
  const poison = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc
      .constantFrom('ffffffff', '00000000', 'ffffff7f', '00000080', 'ffffffffffffffff')
      .map((one) => Buffer.from(one, 'hex')),
  )

  test('survives changed bytes anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(places, poison), { minLength: 1, maxLength: 6 }), async (edits) => {
        await check(
          path,
          edits.reduce((file, [at, with_]) => patched(file, at, with_), bytes),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('survives becoming shorter while it is read', async () => {
    for (let length = 0; length < bytes.length; length += 97) await check(path, bytes.subarray(0, length), bytes.length)
  })
})

test('texts under every key at once cost no more than a few', async () => {
  const data = join(
    ...Array.from({ length: 255 }, (_, i) => join(...loaderTexts.map((text) => xored(join(text, '\0'), i + 1)))),
  )
  const found = await check(name, machO({ fileType: 'dylib', data }))
  expect(found.payloads).toHaveLength(4)
})

test('noise behind every magic is survived', async () => {
  const heads = fc.constantFrom('cafebabe', 'cafebabf', 'cffaedfe', 'cefaedfe', 'feedface', 'feedfacf')
  await fc.assert(
    fc.asyncProperty(heads, fc.uint8Array({ maxLength: 1500 }), async (head, tail) => {
      await check(name, join(Buffer.from(head, 'hex'), tail))
    }),
    { numRuns: 1000 },
  )
})
