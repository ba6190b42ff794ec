/**
 * Libraries with the marks of the loader, in structure only: compares and jumps that lead nowhere, names, a key.
 *
 * The functions lie in `.text` at fixed places: entry point, dispatcher, DllMain, loader, each a few instructions and
 * then padding. Nothing is opened, decrypted or called besides these four.
 */
import { join, le, padTo, patched, utf16, zeros } from './byte-writer.ts'
import { noise } from './noise.ts'
import { headerAt, peImage } from './pe-builder.ts'

const textRva = 0x1000
const dataRva = 0x10_1000
/** Bytes between the beginnings of two functions. */
const pitch = 0x100
/** Offsets of `.text` in the file. */
export const textAt = 0x400

/** What the library shall have. */
export interface LoaderShape {
  /** The marker search; absent: the function is there and searches nothing. */
  readonly search?: Uint8Array
  /** What lies in `.data`, the event's name first if it shall be pointed to. */
  readonly data?: Uint8Array
  /** Functions between the entry point and the loader. */
  readonly steps?: number
  /** Whether the entry point leads to the loader at all. */
  readonly isReached?: boolean
  /** Whether the loader takes the address of what `.data` begins with. */
  readonly hasLea?: boolean
}

/** Builds the library. */
export function loaderLibrary(shape: LoaderShape = {}): Uint8Array {
  const { search = zeros(0), data = zeros(0), steps = 3, isReached = true, hasLea = false } = shape
  const functions = Array.from({ length: steps }, (_, i) => {
    const call = i === steps - 1 ? 'e9' : 'e8'
    const next = i === 0 && !isReached ? 9 : pitch
    return join(hex('4883ec28'), hex(call), le(next - 9, 4), hex('4883c428c3'))
  })
  const lea = join(hex('488d0d'), le(dataRva - (textRva + steps * pitch + 7), 4))
  const loader = join(...(hasLea ? [lea] : []), hex('4d8bc1'), search, hex('c3'))
  const code = [...functions, loader].map((one) => join(one, hex('cc'.repeat(pitch - one.length))))
  const image = peImage({ isDll: true, text: padTo(join(...code, noise('code', 64)), 512), data })
  return patched(image, headerAt + 24 + 16, le(textRva, 4))
}

/** Compares relative to a pointer and an index; `rex` and `sib` choose the registers. */
export function indexedSearch({ rex = '41', sib = '00', last = '803c00ce' } = {}): Uint8Array {
  return hex(
    `${rex}807c${sib}fdfe7511${rex}807c${sib}feed7522${rex}807c${sib}fffa7533${rex}${last.replace('3c00', `3c${sib}`)}`,
  )
}

/** Compares around one pointer. */
export function pointerSearch({ rex = '', register = 0 } = {}): Uint8Array {
  const byte = (value: number) => value.toString(16)
  const compare = (displacement: string, value: string) => `${rex}80${byte(0x78 | register)}${displacement}${value}`
  return hex(
    `${compare('fe', 'fe')}7511${compare('ff', 'ed')}7522${rex}80${byte(0x38 | register)}fa7533${compare('01', 'ce')}`,
  )
}

/** `.data` of the published build: event and carrier as wide strings, `gap` bytes apart, then the key. */
export function loaderData({ gap = 0, carrier = 'd3dcompiler_47.dll', key = '3jB(2bsG#@c7' } = {}): Uint8Array {
  return join(utf16('AVMonitorRefreshEvent\0'), zeros(gap), utf16(`${carrier}\0`), zeros(6), `${key}\0`)
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}
