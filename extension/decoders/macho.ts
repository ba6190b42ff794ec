/**
 * Mach-O files: the slices of a universal file, and of each what identifies it.
 *
 * The macOS loader hides in one slice of two of a universal library; the second stage is a thin executable with an
 * ad-hoc signature and a telling identifier. Read are headers, load commands, the identifier in the code directory and
 * an embedded Info.plist; where symbols and imports lie is told, and macho-symbols.ts and macho-bindings.ts read
 * them. No code, no verification. A damaged slice does not hide the others.
 * https://github.com/apple-oss-distributions/xnu/tree/main/EXTERNAL_HEADERS/mach-o (loader.h, fat.h)
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { type LinkTables, type Part, readLoadCommands } from './macho-commands.ts'
import { type MachOSignature, readMachOSignature } from './macho-signature.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** A Mach-O file: one slice when thin. */
export interface MachOFile {
  readonly isUniversal: boolean
  readonly slices: readonly MachOSlice[]
}

/** One architecture's image, or why it cannot be read. */
export interface MachOSlice {
  /** `cpu_type_t`: 0x01000007 is x86_64, 0x0100000c arm64. */
  readonly cpuType: number
  readonly offset: number
  readonly size: number
  readonly image: MachOImage | Refusal
}

/** What one image says of itself. */
export interface MachOImage {
  readonly fileType: 'executable' | 'dylib' | 'bundle' | 'other'
  readonly is64Bit: boolean
  readonly isLittleEndian: boolean
  /** Upper-case with hyphens, as dwarfdump prints it. */
  readonly uuid?: string
  /** Absent when unsigned or when the signature is damaged. */
  readonly signature?: MachOSignature
  /** `__TEXT,__info_plist` of command-line tools and updaters. */
  readonly infoPlist?: Uint8Array
  /** The path a library expects to be loaded by. */
  readonly installName?: string
  /** Where its signature begins, relative to the image. */
  readonly signatureAt?: number
  readonly tables: LinkTables
}

/** Universal files have two to four slices. A Java class shares their magic and shows its version, 45 and up, here. */
const maxSlices = 32
/** Electron Framework has 50 load commands in 6 KB. */
const maxCommands = 4096
const maxCommandBytes = 256 << 10
const maxInfoPlist = 256 << 10
const fileTypes: Readonly<Record<number, MachOImage['fileType']>> = { 2: 'executable', 6: 'dylib', 8: 'bundle' }

/** Reads a universal or thin file. */
export async function readMachO(file: BoundedFile): Promise<MachOFile | Refusal> {
  const start = await file.read(0, 8)
  if (!start) return refuse(`not a Mach-O file: ${file.size} bytes`)
  const header = new Bytes(start, false)
  const magic = header.u32(0)
  if (magic === 0xcafebabe || magic === 0xcafebabf) {
    return readUniversal(file, header.u32(4) ?? 0, magic === 0xcafebabf)
  }
  const image = await readImage(file, 0, file.size)
  if (isRefusal(image)) return image
  const slice = { cpuType: image.cpuType, offset: 0, size: file.size, image: image.image }
  return { isUniversal: false, slices: [slice] }
}

async function readUniversal(file: BoundedFile, count: number, is64Bit: boolean): Promise<MachOFile | Refusal> {
  if (count > maxSlices) return refuse(`not a Mach-O file: ${count} slices; expected at most ${maxSlices}`)
  const length = is64Bit ? 32 : 20
  const table = await file.read(8, count * length)
  if (!table) return refuse(`damaged Mach-O file: its table of ${count} slices lies outside the file`)
  const bytes = new Bytes(table, false)
  const slices: MachOSlice[] = []
  for (let i = 0; i < count; i++) {
    const at = i * length
    const cpuType = bytes.u32(at) ?? 0
    const offset = is64Bit ? bytes.u64(at + 8) : bytes.u32(at + 8)
    const size = is64Bit ? bytes.u64(at + 16) : bytes.u32(at + 12)
    slices.push(await readSlice(file, cpuType, offset, size))
  }
  return { isUniversal: true, slices }
}

async function readSlice(
  file: BoundedFile,
  cpuType: number,
  offset: number | undefined,
  size: number | undefined,
): Promise<MachOSlice> {
  if (offset === undefined || size === undefined || offset + size > file.size) {
    const image = refuse('damaged Mach-O file: a slice lies outside the file')
    return { cpuType, offset: offset ?? 0, size: size ?? 0, image }
  }
  const read = await readImage(file, offset, size)
  return { cpuType, offset, size, image: isRefusal(read) ? read : read.image }
}

/** One image, which may use no bytes outside its slice. */
async function readImage(
  file: BoundedFile,
  offset: number,
  size: number,
): Promise<{ readonly cpuType: number; readonly image: MachOImage } | Refusal> {
  const start = size >= 28 ? await file.read(offset, 28) : undefined
  if (!start) return refuse('not a Mach-O image: shorter than its header')
  const magic = new Bytes(start, false).u32(0)
  const isLittle = magic === 0xcffaedfe || magic === 0xcefaedfe
  if (!isLittle && magic !== 0xfeedface && magic !== 0xfeedfacf) return refuse('not a Mach-O image: no known magic')
  const is64Bit = magic === 0xcffaedfe || magic === 0xfeedfacf
  const header = new Bytes(start, isLittle)
  const count = header.u32(16) ?? 0
  const length = header.u32(20) ?? 0
  const at = is64Bit ? 32 : 28
  if (count > maxCommands || length > maxCommandBytes || at + length > size) {
    return refuse(`damaged Mach-O image: ${count} load commands in ${length} bytes`)
  }
  const commands = await file.read(offset + at, length)
  if (!commands) return refuse('damaged Mach-O image: its load commands cannot be read')
  const found = readLoadCommands(new Bytes(commands, isLittle), count)
  const within = (part: Part | undefined) => part && part.offset + part.size <= size && part
  const plist = within(found.infoPlist)
  const infoPlist = plist && plist.size <= maxInfoPlist && (await file.read(offset + plist.offset, plist.size))
  const signed = within(found.signature)
  const signature = signed && (await readMachOSignature(file, offset + signed.offset, signed.size))
  const image = {
    fileType: fileTypes[header.u32(12) ?? 0] ?? 'other',
    is64Bit,
    isLittleEndian: isLittle,
    ...(found.uuid !== undefined && { uuid: found.uuid }),
    ...(signature && !isRefusal(signature) && { signature }),
    ...(infoPlist && { infoPlist }),
    ...(found.installName !== undefined && { installName: found.installName }),
    ...(signed && { signatureAt: signed.offset }),
    tables: {
      ...(found.symbolTable && { symbolTable: found.symbolTable }),
      ...(found.chainedFixups && { chainedFixups: found.chainedFixups }),
      ...(found.bindings && { bindings: found.bindings }),
    },
  }
  return { cpuType: header.u32(4) ?? 0, image }
}

/** The architecture as `lipo` names it. */
export function cpuName(cpuType: number): string {
  return cpuNames[cpuType] ?? `cpu 0x${cpuType.toString(16)}`
}

const cpuNames: Readonly<Record<number, string>> = {
  7: 'i386',
  12: 'arm',
  18: 'ppc',
  16777223: 'x86_64',
  16777228: 'arm64',
  16777234: 'ppc64',
}
