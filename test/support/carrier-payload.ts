/**
 * What hides behind the signature of the carrier `d3dcompiler_47.dll`, in structure only.
 *
 * Eight marker bytes, then RC4 over a blob with the published layout: bootstrap and loader up to 0x65D, an embedded
 * library up to 0x43A5D, the text handed to it, one byte of padding. Lengths, key and text are those of the published
 * analyses, and each can be another, as a build of tomorrow would have it. Of the bootstrap only the numbers are real:
 * where the loader would be there are breakpoints, and the library is an image without code.
 */
import { field, join, le } from './byte-writer.ts'
import { libraryWithExports } from './export-directory-builder.ts'
import { noise } from './noise.ts'

/** Twice the bytes the loader searches for. */
export const marker = Uint8Array.of(0xfe, 0xed, 0xfa, 0xce, 0xfe, 0xed, 0xfa, 0xce)
/** The published key. */
export const rc4Key = '3jB(2bsG#@c7'
/** Offsets inside the decrypted blob. */
export const blobLayout = { libraryAt: 0x65d, userDataAt: 0x43a5d, userDataLength: 0xaa, length: 0x43b08 } as const

/** Where things lie in a blob; `libraryAt` is the length of bootstrap and loader. */
export interface BlobLayout {
  readonly libraryAt: number
  readonly userDataAt: number
  readonly userDataLength: number
  readonly length: number
}

/** How a payload differs from the published one. */
export interface CarrierShape {
  readonly key?: string | Uint8Array
  readonly marker?: Uint8Array
  readonly layout?: BlobLayout
  readonly userData?: string | Uint8Array
  /** Name of the export that the bootstrap asks for, and those that the library has. */
  readonly asksFor?: string
  readonly exports?: readonly string[]
  /** What the library's contents depend on. */
  readonly seed?: string
  /** In the order and encoding of the converter's later version. */
  readonly isLaterBootstrap?: boolean
}

/** A recompiled payload of some kilobytes. */
export const smallLayout: BlobLayout = { libraryAt: 0x80, userDataAt: 0xa80, userDataLength: 0x20, length: 0xaa8 }

const publishedUserData =
  '1200 2400 "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  '3CXDesktopApp/18.11.1197 Chrome/102.0.5005.167 Electron/19.1.9 Safari/537.36"'

const breakpoint = 0xcc

/** The blob before encryption. */
export function carrierBlob(shape: CarrierShape = {}): Uint8Array {
  const layout = shape.layout ?? blobLayout
  const { libraryAt, userDataAt, userDataLength, length } = layout
  const room = userDataAt - libraryAt
  const exports = shape.exports ?? ['DllGetClassObject']
  const contents = noise(shape.seed ?? 'embedded library', Math.min(0x8000, Math.max(0, room - 0x800)))
  const blob = new Uint8Array(length)
  blob.fill(breakpoint, 0, libraryAt)
  blob.set(bootstrap(layout, shape))
  blob.set(field(libraryWithExports(exports, { timestamp: 0x6371_0000, data: contents }), room), libraryAt)
  blob.set(field(join(shape.userData ?? publishedUserData), userDataLength), userDataAt)
  return blob
}

/** Marker and encrypted blob, as stuffed into a certificate table. */
export function carrierPayload(shape: CarrierShape = {}): Uint8Array {
  return join(shape.marker ?? marker, rc4(join(shape.key ?? rc4Key), carrierBlob(shape)))
}

/** The published instructions: own address, four registers, stack, options, call. */
function bootstrap({ libraryAt, userDataAt, userDataLength }: BlobLayout, shape: CarrierShape): Uint8Array {
  const start = join(hex('e80000000059'), hex('4989c8'))
  const addLibrary = join(hex('4881c1'), le(libraryAt - 5, 4))
  const rest = join(
    join(hex('ba'), le(ror13(shape.asksFor ?? 'DllGetClassObject'), 4)),
    join(hex('4981c0'), le(userDataAt - 5, 4)),
    join(hex('41b9'), le(userDataLength, 4)),
  )
  const frame = hex('564889e64883e4f04883ec30')
  const options = join(hex('c7442420'), le(1, 4))
  const call = join(hex('e8'), le(5, 4), hex('4889f45ec3'))
  return shape.isLaterBootstrap
    ? join(start, rest, frame, hex('48894c2428'), addLibrary, options, call)
    : join(start, addLibrary, rest, frame, options, call)
}

/** The hash of an export's name: rotate right by 13, add, from the first letter to the closing NUL. */
export function ror13(name: string): number {
  return join(`${name}\0`).reduce((hash, byte) => (((hash >>> 13) | (hash << 19)) + byte) >>> 0, 0)
}

/** RC4: the runtime's own library no longer offers it. Encrypts and decrypts; the product has one of its own. */
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

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}
