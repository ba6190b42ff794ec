/**
 * The program that the X_TRADER dropper keeps behind its marker, under a key of six bytes.
 *
 * The key is repeated over all bytes, or begins anew in every 0x400 of them: the dropper works in such blocks and no
 * source says which it is. Both are tried; where both give sound headers, the one that gives more zeros is right,
 * because programs are full of them and a wrong phase leaves none. Nothing counts without the headers of an image.
 * Marker and key: signature-base, apt_nk_tradingtech_apr23 (2023).
 */
import { createHash } from 'node:crypto'
import type { BoundedFile } from './bounded-file.ts'
import { type PeImage, readPe } from './pe.ts'
import { isRefusal } from './refusal.ts'

/** Before the data, as a number in the code that looks for it. */
export const dropperMarker = Uint8Array.of(0x5e, 0xda, 0xf3, 0x76)
/** The key. */
export const dropperKey = Uint8Array.of(0x74, 0xf2, 0x39, 0xda, 0xe5, 0xcf)
/** How the key is repeated. */
const forms = ['continuous', 'blocks'] as const
type Form = (typeof forms)[number]
const blockLength = 0x400
/** Room for a length or two between marker and program, stored in the clear or under the key. */
const maxGap = 16
/** Bytes behind a marker that tell whether a program may begin there. */
export const headLength = maxGap + 64

/** Where a program may lie. */
export interface Candidate {
  /** Of its `MZ`. */
  readonly offset: number
  /** Where the bytes under the key may begin; more than one only at a whole number of keys before it. */
  readonly starts: readonly number[]
}

/** A program. */
export interface DropperPayload {
  /** In the file. */
  readonly offset: number
  readonly length: number
  readonly form: Form
  /** Of the program as decoded; absent when it is too large to be read. */
  readonly sha256?: string
  readonly isTruncated: boolean
  readonly image: PeImage
}

/** Programs that may begin behind a marker; `at` is where the marker ends in `data`, `offset` the same in the file. */
export function candidates(data: Uint8Array, at: number, offset: number): Candidate[] {
  const found: Candidate[] = []
  for (let gap = 0; gap <= maxGap; gap++) {
    const starts: number[] = []
    if (looksLikeProgram(data, at + gap, 0)) starts.push(offset + gap)
    if (gap > 0 && looksLikeProgram(data, at + gap, gap)) starts.push(offset)
    if (starts.length > 0) found.push({ offset: offset + gap, starts })
  }
  return found
}

/** Opens one; undefined when it is no program. At most `most` bytes of it are read. */
export async function openCandidate(
  file: BoundedFile,
  { offset, starts }: Candidate,
  most: number,
): Promise<DropperPayload | undefined> {
  const sound: Reading[] = []
  for (const start of starts) {
    for (const form of forms) {
      const image = await readPe(unmasked(file, offset, offset - start, form))
      if (!isRefusal(image) && image.sections.length > 0) {
        sound.push({ skip: offset - start, form, image, ...extent(image, file.size - offset) })
      }
    }
  }
  const [first] = sound
  if (!first) return undefined
  const longest = Math.max(...sound.map(({ length }) => length))
  const stored = longest <= most ? await file.read(offset, longest) : undefined
  if (!stored) return { offset, ...first }
  const decoded = sound.map((one) => {
    const plain = unmask(stored.subarray(0, one.length), one.skip, one.form)
    return { ...one, zeros: zerosIn(plain) / plain.length, sha256: createHash('sha256').update(plain).digest('hex') }
  })
  const [best = first] = decoded.toSorted((a, b) => b.zeros - a.zeros)
  return { offset, ...best }
}

/** One way to read the bytes: how far behind the first byte under the key the program begins, and how it repeats. */
type Reading = Omit<DropperPayload, 'offset' | 'sha256'> & { readonly skip: number }

/** To the end of the last section or of the signature, or of the file. */
function extent({ headerSize, sections, certificates }: PeImage, available: number) {
  const ends = sections.map(({ rawOffset, rawSize }) => (rawSize > 0 ? rawOffset + rawSize : 0))
  const end = Math.max(headerSize, ...ends, certificates ? certificates.offset + certificates.size : 0)
  return { length: Math.min(end, available), isTruncated: end > available }
}

/** `MZ`, and a PE header within 64 KB. */
function looksLikeProgram(data: Uint8Array, at: number, index: number): boolean {
  return (
    at + 64 <= data.length &&
    plainAt(data, at, index, 0) === 0x4d &&
    plainAt(data, at, index, 1) === 0x5a &&
    plainAt(data, at, index, 0x3e) === 0 &&
    plainAt(data, at, index, 0x3f) === 0
  )
}

function plainAt(data: Uint8Array, at: number, index: number, i: number): number {
  return (data[at + i] ?? 0) ^ (dropperKey[(index + i) % dropperKey.length] ?? 0)
}

/** The decoded program as a file, under the budget of the one it is in. */
function unmasked(file: BoundedFile, offset: number, skip: number, form: Form): BoundedFile {
  return {
    size: file.size - offset,
    read: async (at, length) => {
      const data = await file.read(offset + at, length)
      return data && unmask(data, skip + at, form)
    },
  }
}

/** `index`: how far from the first byte under the key the data begins. */
function unmask(data: Uint8Array, index: number, form: Form): Uint8Array {
  const out = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const at = form === 'blocks' ? (index + i) % blockLength : index + i
    out[i] = (data[i] ?? 0) ^ (dropperKey[at % dropperKey.length] ?? 0)
  }
  return out
}

function zerosIn(data: Uint8Array): number {
  let count = 0
  for (const byte of data) if (byte === 0) count += 1
  return count
}
