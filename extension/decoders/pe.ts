/**
 * PE headers: what kind of image it is, where its sections lie, and where resources and certificates are.
 *
 * Enough to find the version resource, the exports and the signature of a Windows program without reading its code.
 * Nothing is loaded, relocated or verified; imports and debug data are not looked at.
 * https://learn.microsoft.com/windows/win32/debug/pe-format
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { type Refusal, refuse } from './refusal.ts'

/** A stretch of the file or of the loaded image. */
export interface Extent {
  readonly offset: number
  readonly size: number
}

/** One row of the section table, as stored. */
export interface PeSection {
  readonly name: string
  readonly virtualAddress: number
  readonly virtualSize: number
  readonly rawOffset: number
  readonly rawSize: number
}

/** The headers of an image. */
export interface PeImage {
  readonly machine: number
  /** Link time as stored, unix seconds; reproducible builds put a hash here. */
  readonly timestamp: number
  readonly isDll: boolean
  readonly isPe32Plus: boolean
  readonly headerSize: number
  readonly sections: readonly PeSection[]
  /** Export directory by relative virtual address; absent when there is none. */
  readonly exports?: Extent
  /** Resource directory by relative virtual address; absent when there is none. */
  readonly resources?: Extent
  /** Attribute certificate table by file offset (the only directory that is not an RVA); absent when unsigned. */
  readonly certificates?: Extent
}

/** The Windows loader refuses more. */
const maxSections = 96
const sectionLength = 40
/** Directory numbers of the optional header. */
const exportDirectory = 0
const resourceDirectory = 2
const certificateDirectory = 4

/** Reads the headers. */
export async function readPe(file: BoundedFile): Promise<PeImage | Refusal> {
  const dos = await file.read(0, 64)
  if (!dos) return refuse(`not a PE image: ${file.size} bytes, a DOS header takes 64`)
  const dosHeader = new Bytes(dos)
  if (dosHeader.u16(0) !== 0x5a4d) return refuse('not a PE image: does not start with MZ')
  const at = dosHeader.u32(0x3c) ?? 0
  const coffBytes = await file.read(at, 24)
  if (!coffBytes) return refuse(`not a PE image: its header at ${at} lies outside the file of ${file.size} bytes`)
  const coff = new Bytes(coffBytes)
  if (coff.u32(0) !== 0x4550) return refuse(`not a PE image: no PE signature at ${at}`)
  const optionalLength = coff.u16(20) ?? 0
  // 240 bytes hold all sixteen directories of PE32+; what a file declares beyond has no meaning.
  const optionalBytes = await file.read(at + 24, Math.min(optionalLength, 240))
  if (!optionalBytes) return refuse('damaged PE image: the optional header lies outside the file')
  const optional = new Bytes(optionalBytes)
  const magic = optional.u16(0)
  if (magic !== 0x10b && magic !== 0x20b)
    return refuse('damaged PE image: the optional header is neither PE32 nor PE32+')
  const sections = await readSections(file, at + 24 + optionalLength, coff.u16(6) ?? 0)
  if ('problem' in sections) return sections
  const isPe32Plus = magic === 0x20b
  const exports = directory(optional, isPe32Plus, exportDirectory)
  const resources = directory(optional, isPe32Plus, resourceDirectory)
  const certificates = directory(optional, isPe32Plus, certificateDirectory)
  return {
    machine: coff.u16(4) ?? 0,
    timestamp: coff.u32(8) ?? 0,
    isDll: ((coff.u16(22) ?? 0) & 0x2000) !== 0,
    isPe32Plus,
    headerSize: optional.u32(60) ?? 0,
    sections: sections.list,
    ...(exports && { exports }),
    ...(resources && { resources }),
    ...(certificates && { certificates }),
  }
}

/** File offset of a relative virtual address; undefined when no section holds it in the file. First section wins. */
export function offsetOf(image: PeImage, rva: number): number | undefined {
  for (const section of image.sections) {
    const delta = rva - section.virtualAddress
    // The loader rounds a section's file offset down to 512.
    if (delta >= 0 && delta < section.rawSize) return Math.floor(section.rawOffset / 512) * 512 + delta
  }
  return rva < image.headerSize ? rva : undefined
}

async function readSections(
  file: BoundedFile,
  offset: number,
  count: number,
): Promise<{ list: readonly PeSection[] } | Refusal> {
  if (count > maxSections) return refuse(`damaged PE image: ${count} sections; expected at most ${maxSections}`)
  const table = await file.read(offset, count * sectionLength)
  if (!table) return refuse(`damaged PE image: the table of ${count} sections lies outside the file`)
  const bytes = new Bytes(table)
  const list = Array.from({ length: count }, (_, index) => {
    const at = index * sectionLength
    return {
      name: bytes.text(at, 8) ?? '',
      virtualSize: bytes.u32(at + 8) ?? 0,
      virtualAddress: bytes.u32(at + 12) ?? 0,
      rawSize: bytes.u32(at + 16) ?? 0,
      rawOffset: bytes.u32(at + 20) ?? 0,
    }
  })
  return { list }
}

function directory(optional: Bytes, isPe32Plus: boolean, number: number): Extent | undefined {
  const counted = optional.u32(isPe32Plus ? 108 : 92) ?? 0
  if (number >= counted) return undefined
  const at = (isPe32Plus ? 112 : 96) + number * 8
  const offset = optional.u32(at)
  const size = optional.u32(at + 4)
  return offset && size ? { offset, size } : undefined
}
