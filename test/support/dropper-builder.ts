/**
 * Droppers as the one in the X_TRADER installer, in structure only: an image with marker, key, and another image
 * hidden under it. Neither has code.
 */
import { join, zeros } from './byte-writer.ts'
import { noise } from './noise.ts'
import { peImage } from './pe-builder.ts'

/** As stored. */
export const dropperMarker = Uint8Array.of(0x5e, 0xda, 0xf3, 0x76)
/** As stored. */
export const dropperKey = Uint8Array.of(0x74, 0xf2, 0x39, 0xda, 0xe5, 0xcf)

/** The library that is hidden: code, data, and zeros between them as linkers leave. */
export const hiddenLibrary: Uint8Array = peImage({ isDll: true, text: noise('veiled', 1500), data: noise('data', 700) })

/** What the dropper shall be. */
export interface DropperShape {
  readonly hidden?: Uint8Array
  /** In the clear, between the marker and the first byte under the key. */
  readonly gap?: Uint8Array
  /** Under the key, before the program. */
  readonly prefix?: Uint8Array
  /** Bytes after which the key begins anew; absent: never. */
  readonly block?: number
  readonly key?: Uint8Array
  /** Whether the key lies in the image too. */
  readonly hasKey?: boolean
}

/** Builds the dropper. */
export function dropperImage(shape: DropperShape = {}): Uint8Array {
  const { hidden = hiddenLibrary, gap = zeros(0), prefix = zeros(0), hasKey = true } = shape
  const { key = dropperKey, block = Number.MAX_SAFE_INTEGER } = shape
  const masked = join(prefix, hidden).map((byte, i) => byte ^ (key[(i % block) % key.length] ?? 0))
  // The code that looks for the marker holds it as well.
  const text = join(zeros(40), dropperMarker, noise('code', 300))
  const data = join(...(hasKey ? [dropperKey] : []), zeros(10))
  return join(peImage({ text, data }), dropperMarker, gap, masked)
}
