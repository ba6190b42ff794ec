import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundedFile, defaultBudget } from '../../../extension/decoders/bounded-file.ts'
import { readPe } from '../../../extension/decoders/pe.ts'
import { readPeExports } from '../../../extension/decoders/pe-exports.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { le, patched } from '../../support/byte-writer.ts'
import { libraryWithExports } from '../../support/export-directory-builder.ts'
import { memoryFile } from '../../support/memory-file.ts'
import { headerAt, peImage } from '../../support/pe-builder.ts'

const library = libraryWithExports(['DllGetClassObject', 'DllMain', 'x'])
/** Where `.data`, and with it the directory, begins in the file. */
const directoryAt = 0x400 + 0x200
const exportRow = headerAt + 24 + 112

async function names(bytes: Uint8Array): Promise<readonly string[]> {
  const file = memoryFile(bytes)
  const bounded = boundedFile(file)
  const image = await readPe(bounded)
  const found = isRefusal(image) ? [] : await readPeExports(bounded, image)
  expect(file.bytesRead).toBeLessThanOrEqual(defaultBudget.maxBytes)
  expect(file.reads).toBeLessThan(10)
  return found
}

test('names come in the order of the table', async () => {
  expect(await names(library)).toEqual(['DllGetClassObject', 'DllMain', 'x'])
  expect(await names(libraryWithExports([]))).toEqual([])
  expect(await names(peImage({ isDll: true }))).toEqual([])
})

test('thousands of names are read up to a bound, together', async () => {
  const many = Array.from({ length: 5000 }, (_, index) => `export_${index}`)
  expect(await names(libraryWithExports(many))).toEqual(many.slice(0, 4096))
})

test('a directory that lies about itself gives fewer names, or none', async () => {
  expect(await names(patched(library, exportRow, le(0xffffffff, 4)))).toEqual([])
  expect(await names(patched(library, directoryAt + 24, le(0xffffffff, 4)))).toEqual([])
  expect(await names(patched(library, directoryAt + 32, le(0xffffffff, 4)))).toEqual([])
  const second = directoryAt + 40 + 3 * 4 + 4
  expect(await names(patched(library, second, le(0xffffffff, 4)))).toEqual(['DllGetClassObject', 'x'])
})

test('no change of its bytes costs more than a few reads', async () => {
  const places = fc.oneof(fc.integer({ min: directoryAt, max: directoryAt + 120 }), fc.nat(library.length - 1))
  const edits = fc.array(fc.tuple(places, fc.uint8Array({ minLength: 1, maxLength: 8 })), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      const found = await names(changes.reduce((data, [at, with_]) => patched(data, at, with_), library))
      for (const name of found) expect(name.length).toBeLessThanOrEqual(256)
    }),
    { numRuns: 1000 },
  )
})
