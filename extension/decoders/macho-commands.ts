/**
 * The load commands of one Mach-O image: where its parts lie and what it calls itself.
 *
 * Numbers are as the file states them, relative to the image; whoever reads a part checks that it lies inside. A
 * command shorter than its own header ends the walk, and of a command that stands twice the first counts.
 * https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h
 */
import { type Bytes, hexText } from './bytes.ts'

/** Bytes of an image. */
export interface Part {
  readonly offset: number
  readonly size: number
}

/** `LC_SYMTAB`: an array of symbols, and the texts it points into. */
export interface SymbolTable {
  readonly symbolsAt: number
  readonly symbols: number
  readonly texts: Part
}

/** Where the names of an image's symbols and imports lie. */
export interface LinkTables {
  readonly symbolTable?: SymbolTable
  /** `LC_DYLD_CHAINED_FIXUPS`, macOS 12 and later. */
  readonly chainedFixups?: Part
  /** `LC_DYLD_INFO`: the streams for binding at start, weakly and lazily. */
  readonly bindings?: readonly Part[]
}

/** What the load commands say. */
export interface LoadCommands extends LinkTables {
  /** Upper-case with hyphens, as dwarfdump prints it. */
  readonly uuid?: string
  /** `LC_ID_DYLIB`: the path a library expects to be loaded by. */
  readonly installName?: string
  readonly signature?: Part
  /** `__TEXT,__info_plist`. */
  readonly infoPlist?: Part
}

type Found = { -readonly [Key in keyof LoadCommands]: LoadCommands[Key] }

const kinds = {
  segment: 0x1,
  symbolTable: 0x2,
  idDylib: 0xd,
  segment64: 0x19,
  uuid: 0x1b,
  codeSignature: 0x1d,
  dyldInfo: 0x22,
  dyldInfoOnly: 0x80000022,
  chainedFixups: 0x80000034,
} as const
/** Paths of libraries; the longest in Electron's bundle has 90 characters. */
const maxName = 1024

/** Walks the load commands. */
export function readLoadCommands(bytes: Bytes, count: number): LoadCommands {
  const found: Found = {}
  let at = 0
  for (let i = 0; i < count; i++) {
    const command = bytes.u32(at)
    const size = bytes.u32(at + 4)
    if (command === undefined || size === undefined || size < 8 || at + size > bytes.length) break
    readCommand(bytes, at, command, size, found)
    at += size
  }
  return found
}

function readCommand(bytes: Bytes, at: number, command: number, size: number, found: Found): void {
  switch (command) {
    case kinds.uuid: {
      const uuid = size >= 24 && bytes.slice(at + 8, 16)
      if (uuid) found.uuid ??= uuidText(uuid)
      return
    }
    case kinds.idDylib: {
      const name = bytes.u32(at + 8) ?? 0
      const text = name < size ? bytes.text(at + name, Math.min(size - name, maxName)) : undefined
      if (text) found.installName ??= text
      return
    }
    case kinds.codeSignature:
      found.signature ??= partAt(bytes, at + 8)
      return
    case kinds.symbolTable:
      found.symbolTable ??= {
        symbolsAt: bytes.u32(at + 8) ?? 0,
        symbols: bytes.u32(at + 12) ?? 0,
        texts: partAt(bytes, at + 16),
      }
      return
    case kinds.chainedFixups:
      found.chainedFixups ??= partAt(bytes, at + 8)
      return
    case kinds.dyldInfo:
    case kinds.dyldInfoOnly:
      found.bindings ??= [16, 24, 32].map((field) => partAt(bytes, at + field))
      return
    case kinds.segment:
    case kinds.segment64: {
      const part = infoPlistIn(bytes, at, size, command === kinds.segment64)
      if (part) found.infoPlist ??= part
    }
  }
}

function partAt(bytes: Bytes, at: number): Part {
  return { offset: bytes.u32(at) ?? 0, size: bytes.u32(at + 4) ?? 0 }
}

/** The `__info_plist` section among those of one segment. */
function infoPlistIn(bytes: Bytes, at: number, size: number, is64Bit: boolean): Part | undefined {
  const [header, section, counted] = is64Bit ? [72, 80, 64] : [56, 68, 48]
  const room = Math.floor((size - header) / section)
  const count = Math.min(bytes.u32(at + counted) ?? 0, room)
  for (let i = 0; i < count; i++) {
    const start = at + header + i * section
    if (bytes.text(start, 16) !== '__info_plist') continue
    const length = is64Bit ? bytes.u64(start + 40) : bytes.u32(start + 36)
    const offset = bytes.u32(start + (is64Bit ? 48 : 40))
    if (length !== undefined && offset !== undefined) return { offset, size: length }
  }
  return undefined
}

function uuidText(uuid: Uint8Array): string {
  return hexText(uuid)
    .toUpperCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
