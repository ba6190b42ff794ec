/**
 * Names that a PE library exports: enough to tell which of them a hash stands for.
 *
 * Addresses, ordinals and forwarders are not read.
 * https://learn.microsoft.com/windows/win32/debug/pe-format#the-edata-section-image-only
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { offsetOf, type PeImage } from './pe.ts'

/** Libraries of an application export some thousands; libffmpeg some 400, the library inside the carrier one. */
const maxNames = 4096
/** Decorated C++ names can be long; names that are found by hash are short. */
const maxName = 256
/** Names stand together, so they are read together. */
const maxNameBytes = 256 << 10

/** The names in the order of the table; empty when there are none, or they cannot be read. */
export async function readPeExports(file: BoundedFile, image: PeImage): Promise<readonly string[]> {
  const at = image.exports && offsetOf(image, image.exports.offset)
  const header = at === undefined ? undefined : await file.read(at, 40)
  if (!header) return []
  const count = Math.min(new Bytes(header).u32(24) ?? 0, maxNames)
  const tableAt = offsetOf(image, new Bytes(header).u32(32) ?? 0)
  const table = tableAt === undefined ? undefined : await file.read(tableAt, count * 4)
  if (!table) return []
  const addresses = Array.from({ length: count }, (_, index) => new Bytes(table).u32(index * 4) ?? 0)
  const offsets = addresses.flatMap((address) => offsetOf(image, address) ?? [])
  const from = offsets.reduce((least, offset) => Math.min(least, offset), file.size)
  const names = await file.read(from, Math.min(maxNameBytes, file.size - from))
  const bytes = new Bytes(names ?? new Uint8Array(0))
  return offsets.flatMap((offset) => bytes.text(offset - from, maxName) || [])
}
