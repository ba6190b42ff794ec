/**
 * Names an image's symbol table leaves undefined: what it takes from other libraries.
 *
 * Only names that are asked for are returned, so that a table of a quarter of a million symbols costs its reading and
 * nothing else. A library can be stripped of this table; macho-bindings.ts reads what the loader itself goes by.
 * https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/nlist.h
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import type { MachOImage } from './macho.ts'
import type { Part } from './macho-commands.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Chromium's libffmpeg has some 1,000 symbols and 30 KB of names. */
const maxSymbols = 1 << 18
const maxTexts = 8 << 20
/** Longest name that can be asked for. */
const maxName = 64
/** Bits of `n_type`: a debugger's entry, the kind (0: undefined), visible outside. */
const typeBits = { debug: 0xe0, kind: 0x0e, external: 0x01 } as const

/** Names among `wanted` that the symbol table of an image leaves undefined. */
export async function undefinedSymbols(
  file: BoundedFile,
  slice: Part,
  image: MachOImage,
  wanted: ReadonlySet<string>,
): Promise<readonly string[] | Refusal> {
  const table = image.tables.symbolTable
  if (!table || table.symbols === 0) return []
  const width = image.is64Bit ? 16 : 12
  if (table.symbols > maxSymbols || table.texts.size > maxTexts) {
    return refuse(
      `Mach-O symbol table of ${table.symbols} symbols and ${table.texts.size} bytes of names; ` +
        `expected at most ${maxSymbols} and ${maxTexts}`,
    )
  }
  const entries = await readPart(file, slice, { offset: table.symbolsAt, size: table.symbols * width })
  const texts = await readPart(file, slice, table.texts)
  if (!entries || !texts) return refuse('damaged Mach-O image: its symbol table lies outside the image')
  const symbols = new Bytes(entries, image.isLittleEndian)
  const found = new Set<string>()
  for (let at = 0; at < entries.length; at += width) {
    const type = symbols.u8(at + 4) ?? 0
    if ((type & typeBits.debug) !== 0 || (type & typeBits.kind) !== 0 || (type & typeBits.external) === 0) continue
    const name = nameAt(texts, symbols.u32(at) ?? 0)
    if (name !== undefined && wanted.has(name)) found.add(name)
  }
  return [...found]
}

/** Bytes of a part, which may use none outside its image. */
export async function readPart(file: BoundedFile, slice: Part, part: Part): Promise<Uint8Array | undefined> {
  if (part.offset + part.size > slice.size) return undefined
  return file.read(slice.offset + part.offset, part.size)
}

/**
 * The C name at `at`: without the compiler's underscore, and without the suffix that tells variants of a system call
 * (`_popen$DARWIN_EXTSN`). Undefined when nothing ends it within the length of any name that is asked for.
 */
export function nameAt(texts: Uint8Array, at: number): string | undefined {
  const end = texts.subarray(0, at + maxName).indexOf(0, at)
  if (end < 0) return undefined
  const name = Buffer.from(texts.subarray(at, end)).toString('latin1')
  return /^_?(OBJC_CLASS_\$_\w+|[^$]*)/.exec(name)?.[1]
}
