/**
 * What hides behind the signature of the carrier `d3dcompiler_47.dll`, in structure only.
 *
 * Eight marker bytes, then RC4 over a blob with the published layout: loader code up to 0x65D (zeros here), an embedded
 * library up to 0x43A5D (an image without code here), the text handed to it, one byte of padding. Lengths, key and
 * text are those of the published analyses; there is nothing in it that could run.
 */
import { field, join, zeros } from './byte-writer.ts'
import { noise } from './noise.ts'
import { peImage } from './pe-builder.ts'

/** Twice the bytes the loader searches for. */
export const marker = Uint8Array.of(0xfe, 0xed, 0xfa, 0xce, 0xfe, 0xed, 0xfa, 0xce)
/** The published key. */
export const rc4Key = '3jB(2bsG#@c7'
/** Offsets inside the decrypted blob. */
export const blobLayout = { libraryAt: 0x65d, userDataAt: 0x43a5d, userDataLength: 0xaa, length: 0x43b08 } as const

const userData =
  '1200 2400 "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  '3CXDesktopApp/18.11.1197 Chrome/102.0.5005.167 Electron/19.1.9 Safari/537.36"'

/** The blob before encryption. */
export function carrierBlob(): Uint8Array {
  const { libraryAt, userDataAt, userDataLength, length } = blobLayout
  const library = peImage({ isDll: true, data: noise('embedded library', 0x8000) })
  return join(
    zeros(libraryAt),
    field(library, userDataAt - libraryAt),
    field(userData, userDataLength),
    zeros(length - userDataAt - userDataLength),
  )
}

/** Marker and encrypted blob, as stuffed into a certificate table. */
export function carrierPayload(): Uint8Array {
  return join(marker, rc4(join(rc4Key), carrierBlob()))
}

/** RC4: the runtime's own library no longer offers it. Encrypts and decrypts. */
export function rc4(key: Uint8Array, data: Uint8Array): Uint8Array {
  const state = Uint8Array.from({ length: 256 }, (_, i) => i)
  const swap = (a: number, b: number) => {
    const kept = state[a] ?? 0
    state[a] = state[b] ?? 0
    state[b] = kept
  }
  let j = 0
  for (let i = 0; i < 256; i++) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 0xff
    swap(i, j)
  }
  let i = 0
  j = 0
  return data.map((byte) => {
    i = (i + 1) & 0xff
    j = (j + (state[i] ?? 0)) & 0xff
    swap(i, j)
    return byte ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) & 0xff] ?? 0)
  })
}
