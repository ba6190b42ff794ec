/**
 * The way from the entry point of an image to code of the loader, over direct calls and jumps.
 *
 * No disassembler: every E8 or E9 byte whose target lies in a section counts as a call, so a way may have steps that
 * never run; what matters is only that the end is code known for something else. Depth, functions and bytes are
 * bounded; a way that is longer is not found.
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { offsetOf, type PeImage } from './pe.ts'

/** What a way may lead to: file offsets of code inside a function, relative addresses of data it points to. */
export interface Destinations {
  readonly code: readonly number[]
  readonly data: readonly number[]
}

/** A way, by relative virtual addresses from the entry point to the function that holds the end. */
export interface Redirection {
  readonly path: readonly number[]
  /** Of the entry point, in the file. */
  readonly offset: number
  readonly kind: 'code' | 'data'
}

/** Entry point, dispatch, DllMain, loader: the published build takes three steps. */
const maxDepth = 4
/** The start-up code of a C runtime reaches some hundreds of functions in four steps. */
export const maxFunctions = 768
/** The loader has less than 2 KB. */
export const maxFunction = 8 << 10

/** Finds the shortest way; undefined when there is none within the bounds. */
export async function findRedirection(
  file: BoundedFile,
  image: PeImage,
  destinations: Destinations,
): Promise<Redirection | undefined> {
  const entry = await entryPoint(file)
  const offset = entry ? offsetOf(image, entry) : undefined
  if (entry === undefined || offset === undefined) return undefined
  const seen = new Set([entry])
  let level: readonly (readonly number[])[] = [[entry]]
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const next: (readonly number[])[] = []
    for (const path of level) {
      const rva = path.at(-1) ?? 0
      const at = offsetOf(image, rva) ?? file.size
      const code = await readFunction(file, at)
      if (!code) continue
      if (destinations.code.some((one) => one >= at && one < at + code.length)) return { path, offset, kind: 'code' }
      if (destinations.data.some((one) => pointsTo(code, rva, one))) return { path, offset, kind: 'data' }
      for (const target of callTargets(code, rva)) {
        if (seen.size === maxFunctions || seen.has(target) || !isCode(image, target)) continue
        seen.add(target)
        next.push([...path, target])
      }
    }
    level = next
  }
  return undefined
}

/** Relative virtual address of a place in the file; undefined when no section holds it. */
export function rvaOf(image: PeImage, offset: number): number | undefined {
  for (const { rawOffset, rawSize, virtualAddress } of image.sections) {
    const start = Math.floor(rawOffset / 512) * 512
    if (offset >= start && offset < start + rawSize) return virtualAddress + offset - start
  }
  return undefined
}

/** Zero: the image has none. */
async function entryPoint(file: BoundedFile): Promise<number | undefined> {
  const header = await file.read(0x3c, 4)
  const at = header && new Bytes(header).u32(0)
  const field = at === undefined ? undefined : await file.read(at + 24 + 16, 4)
  return field && new Bytes(field).u32(0)
}

/** Up to the padding that compilers put between functions. */
async function readFunction(file: BoundedFile, at: number): Promise<Uint8Array | undefined> {
  const code = await file.read(at, Math.min(maxFunction, Math.max(0, file.size - at)))
  if (!code) return undefined
  const end = Buffer.from(code.buffer, code.byteOffset, code.byteLength).indexOf('\xcc\xcc', 'latin1')
  return end < 0 ? code : code.subarray(0, end)
}

function* callTargets(code: Uint8Array, rva: number): Generator<number> {
  const bytes = new Bytes(code)
  for (let i = 0; i + 5 <= code.length; i++) {
    if (code[i] === 0xe8 || code[i] === 0xe9) yield rva + i + 5 + ((bytes.u32(i + 1) ?? 0) | 0)
  }
}

/** Whether a `lea` relative to the instruction pointer has this address. */
function pointsTo(code: Uint8Array, rva: number, target: number): boolean {
  const bytes = new Bytes(code)
  for (let i = 0; i + 6 <= code.length; i++) {
    if (code[i] !== 0x8d || ((code[i + 1] ?? 0) & 0xc7) !== 0x05) continue
    if (rva + i + 6 + ((bytes.u32(i + 2) ?? 0) | 0) === target) return true
  }
  return false
}

/** Sections are not asked for their flags: a section that is no code has no calls that lead anywhere. */
function isCode(image: PeImage, rva: number): boolean {
  return image.sections.some(({ virtualAddress, rawSize }) => rva >= virtualAddress && rva < virtualAddress + rawSize)
}
