/**
 * Names that the dynamic loader binds for an image: chained fixups, or the older streams of opcodes.
 *
 * A program cannot run without these, whatever was stripped from its symbol table. Only the names are read: no
 * addresses, no libraries. Only names that are asked for are returned.
 * https://github.com/apple-oss-distributions/dyld/blob/main/include/mach-o/fixup-chains.h
 * https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h (BIND_OPCODE_*)
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import type { MachOImage } from './macho.ts'
import type { Part } from './macho-commands.ts'
import { nameAt, readPart } from './macho-symbols.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** Chromium's libffmpeg has 20 KB of them. */
const maxPart = 8 << 20

/** Names among `wanted` that the loader binds. */
export async function boundNames(
  file: BoundedFile,
  slice: Part,
  image: MachOImage,
  wanted: ReadonlySet<string>,
): Promise<readonly string[] | Refusal> {
  const { chainedFixups, bindings = [] } = image.tables
  const parts = [...(chainedFixups ? [chainedFixups] : []), ...bindings.filter(({ size }) => size > 0)]
  const found = new Set<string>()
  for (const part of parts) {
    if (part.size > maxPart) return refuse(`Mach-O bindings of ${part.size} bytes; expected at most ${maxPart}`)
    const data = await readPart(file, slice, part)
    if (!data) return refuse('damaged Mach-O image: its bindings lie outside the image')
    const names = part === chainedFixups ? chainedNames(new Bytes(data, image.isLittleEndian)) : streamNames(data)
    if (isRefusal(names)) return names
    for (const name of names) if (wanted.has(name)) found.add(name)
  }
  return [...found]
}

/** Bytes of one import by its format: plain, with an addend, with a wide addend. */
const importWidths: Readonly<Record<number, number>> = { 1: 4, 2: 8, 3: 16 }

function chainedNames(bytes: Bytes): readonly string[] | Refusal {
  const [importsAt = 0, textsAt = 0, count = 0, format = 0, compression = 0] = [8, 12, 16, 20, 24].map((at) =>
    bytes.u32(at),
  )
  const width = importWidths[format]
  if (width === undefined || compression !== 0) {
    return refuse(`Mach-O bindings of format ${format}, compression ${compression}; expected 1 to 3, and none`)
  }
  const texts = bytes.slice(textsAt, bytes.length - textsAt)
  if (!texts || importsAt + count * width > bytes.length) {
    return refuse(`damaged Mach-O image: ${count} imports in ${bytes.length} bytes of bindings`)
  }
  return Array.from({ length: count }, (_, i) => {
    const at = importsAt + i * width
    // Nine bits of library and weakness below 23 of name; the wide form has 32 bits of name above as many of others.
    return nameAt(texts, format === 3 ? (bytes.u32(at + 4) ?? 0) : (bytes.u32(at) ?? 0) >>> 9) ?? ''
  })
}

/** Upper half of the opcodes that are followed by something; `names` by a text, the others by LEB128 numbers. */
const setsName = 0x40
const numbersAfter: Readonly<Record<number, number>> = {
  32: 1, // library
  96: 1, // addend
  112: 1, // segment and offset
  128: 1, // address
  160: 1, // address, after binding
  192: 2, // times and distance
}

/** Names in a stream. Lazy streams have an end mark after each name, so a mark ends nothing. */
function streamNames(data: Uint8Array): readonly string[] {
  const names: string[] = []
  let at = 0
  while (at < data.length) {
    const byte = data[at] ?? 0
    const opcode = byte & 0xf0
    at += 1
    if (opcode === setsName) {
      const end = data.indexOf(0, at)
      if (end < 0) break
      names.push(nameAt(data, at) ?? '')
      at = end + 1
      continue
    }
    // 0xd0 sets the size of a table, by a number, when its lower half is 0.
    const numbers = byte === 0xd0 ? 1 : (numbersAfter[opcode] ?? 0)
    for (let i = 0; i < numbers; i++) {
      while (((data[at] ?? 0) & 0x80) !== 0) at += 1
      at += 1
    }
  }
  return names
}
