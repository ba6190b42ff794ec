/**
 * Export directories for the images of pe-builder.ts, which has none: names and ordinals, every address zero.
 *
 * https://learn.microsoft.com/windows/win32/debug/pe-format#the-edata-section-image-only
 */
import { join, le, patched, zeros } from './byte-writer.ts'
import { headerAt, type PeShape, peImage, resourceRva } from './pe-builder.ts'

/** Where `.data` begins in memory. */
const dataRva = resourceRva - 0x10_0000
/** Row 0 of the directories of a PE32+ image. */
const exportRow = headerAt + 24 + 112

/** A PE32+ library that exports some names; the directory lies at the start of `.data`. */
export function libraryWithExports(names: readonly string[], shape: Omit<PeShape, 'isPe32Plus'> = {}): Uint8Array {
  const directory = exportDirectory(names, dataRva)
  const image = peImage({ ...shape, isDll: true, data: join(directory, shape.data ?? zeros(0)) })
  return patched(image, exportRow, join(le(dataRva, 4), le(directory.length, 4)))
}

/** Directory, addresses, names' addresses, ordinals, then the names; the first is the library's own. */
function exportDirectory(names: readonly string[], rva: number): Uint8Array {
  const count = names.length
  const texts = ['library.dll', ...names].map((name) => join(`${name}\0`))
  const tablesAt = rva + 40
  const textsAt = tablesAt + count * 10
  const places = texts.map((_, index) => texts.slice(0, index).reduce((sum, text) => sum + text.length, textsAt))
  return join(
    zeros(12),
    le(places[0] ?? 0, 4),
    le(1, 4),
    le(count, 4),
    le(count, 4),
    le(tablesAt, 4),
    le(tablesAt + count * 4, 4),
    le(tablesAt + count * 8, 4),
    zeros(count * 4),
    ...places.slice(1).map((place) => le(place, 4)),
    ...names.map((_, index) => le(index, 2)),
    ...texts,
  )
}
