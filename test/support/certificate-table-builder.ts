/**
 * Images with a certificate table of any shape, well-formed or not: pe-builder.ts makes only what signing tools do.
 */
import { join, le, padTo, patched, zeros } from './byte-writer.ts'
import { headerAt, peImage } from './pe-builder.ts'

/** One WIN_CERTIFICATE, filled to eight bytes; `declared` lies about its length. */
export function certificateEntry(body: Uint8Array, declared = body.length + 8): Uint8Array {
  return padTo(join(le(declared, 4), le(0x0200, 2), le(2, 2), body), 8)
}

/** A library with this table at its end, or with other bytes behind it. `size` lies about the table's. */
export function imageWithTable(table: Uint8Array, overlay = zeros(0), size = table.length): Uint8Array {
  const image = peImage({ isDll: true })
  const row = headerAt + 24 + 112 + 4 * 8
  return join(patched(image, row, join(le(image.length, 4), le(size, 4))), table, overlay)
}

/** Where such a table begins. */
export const tableAt = peImage({ isDll: true }).length
