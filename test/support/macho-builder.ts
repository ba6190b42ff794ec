/**
 * Mach-O files without code: thin and universal, signed or not, with an embedded Info.plist, imports and a name of
 * their own if wanted.
 * https://github.com/apple-oss-distributions/xnu/tree/main/EXTERNAL_HEADERS/mach-o
 */
import { be, field, join, le, padTo, zeros } from './byte-writer.ts'

/** CPU types. */
export const cpus = { x86_64: 0x0100_0007, arm64: 0x0100_000c, powerpc: 18 } as const

/** What one image shall be. */
export interface MachOShape {
  readonly cpu?: number
  readonly fileType?: 'executable' | 'dylib'
  readonly is64Bit?: boolean
  readonly isLittleEndian?: boolean
  /** 16 bytes. */
  readonly uuid?: Uint8Array
  readonly infoPlist?: Uint8Array
  /** Contents of `__TEXT,__const`. */
  readonly data?: Uint8Array
  /** `LC_ID_DYLIB`. */
  readonly installName?: string
  /** C names with their underscore, and the tables that name them. */
  readonly imports?: { readonly names: readonly string[]; readonly tables: readonly ImportTable[] }
  readonly signature?: { readonly identifier: string; readonly team?: string }
}

/** Where a name can stand: the symbol table, chained fixups (their import format), or the older binding streams. */
export type ImportTable = 'symbols' | 'chained' | 'chained-addend' | 'chained-addend-64' | 'bindings'

const pageSize = 0x1000

/** Builds a thin image: header, load commands, one `__TEXT` segment, signature. */
export function machO(shape: MachOShape = {}): Uint8Array {
  const is64Bit = shape.is64Bit ?? true
  const number = (shape.isLittleEndian ?? true) ? le : be
  const u32 = (value: number) => number(value, 4)
  const word = (value: number) => number(value, is64Bit ? 8 : 4)
  const sections = [
    { name: '__const', content: shape.data ?? zeros(64) },
    ...(shape.infoPlist ? [{ name: '__info_plist', content: shape.infoPlist }] : []),
  ]
  let at = pageSize
  const rows = sections.map(({ name, content }) => {
    const offset = at
    at += padTo(content, 16).length
    const tail = zeros(is64Bit ? 28 : 24)
    return join(field(name, 16), field('__TEXT', 16), word(offset), word(content.length), u32(offset), tail)
  })
  const body = join(...sections.map(({ content }) => padTo(content, 16)))
  const linked = linkTables(shape, at, number)
  at += linked.data.length
  const blob = shape.signature ? signatureBlob(shape.signature) : undefined
  const segmentLength = (is64Bit ? 72 : 56) + rows.reduce((sum, row) => sum + row.length, 0)
  const segment = join(
    u32(is64Bit ? 0x19 : 0x1),
    u32(segmentLength),
    field('__TEXT', 16),
    ...[0, at, 0, at].map(word),
    ...[5, 5, sections.length, 0].map(u32),
    ...rows,
  )
  const uuid = shape.uuid ? join(u32(0x1b), u32(24), shape.uuid) : zeros(0)
  const signed = blob ? join(u32(0x1d), u32(16), u32(at), u32(blob.length)) : zeros(0)
  const name = shape.installName
  const id =
    name === undefined
      ? []
      : [
          join(
            ...[0xd, 24 + name.length + 8 - (name.length % 8), 24, 2, 0, 0].map(u32),
            field(name, name.length + 8 - (name.length % 8)),
          ),
        ]
  const commands = join(segment, uuid, ...id, ...linked.commands, signed)
  const count = 1 + (shape.uuid ? 1 : 0) + id.length + linked.commands.length + (blob ? 1 : 0)
  const header = join(
    u32(is64Bit ? 0xfeedfacf : 0xfeedface),
    u32(shape.cpu ?? cpus.x86_64),
    u32(3),
    u32(shape.fileType === 'dylib' ? 6 : 2),
    ...[count, commands.length, 0x85].map(u32),
    zeros(is64Bit ? 4 : 0),
  )
  return join(field(join(header, commands), pageSize), body, linked.data, blob ?? zeros(0))
}

/** Puts images into a universal file, each on a page of its own. */
export function universal(
  images: readonly { readonly cpu: number; readonly image: Uint8Array }[],
  is64Bit = false,
): Uint8Array {
  const width = is64Bit ? 8 : 4
  const rows: Uint8Array[] = []
  const bodies: Uint8Array[] = []
  let at = pageSize
  for (const { cpu, image } of images) {
    rows.push(join(be(cpu, 4), be(3, 4), be(at, width), be(image.length, width), be(12, 4), zeros(is64Bit ? 4 : 0)))
    bodies.push(padTo(image, pageSize))
    at += padTo(image, pageSize).length
  }
  const header = join(be(is64Bit ? 0xcafebabf : 0xcafebabe, 4), be(images.length, 4), ...rows)
  return join(field(header, pageSize), ...bodies)
}

/** An embedded signature with a code directory and no hashes; ad hoc when it has no team. */
function signatureBlob({ identifier, team }: NonNullable<MachOShape['signature']>): Uint8Array {
  const headLength = 52
  const texts = join(`${identifier}\0`, team === undefined ? '' : `${team}\0`)
  const teamAt = team === undefined ? 0 : headLength + join(identifier).length + 1
  const length = headLength + texts.length
  const directory = join(
    ...[0xfade0c02, length, 0x20200, team === undefined ? 0x2 : 0x10000, length, headLength].map((n) => be(n, 4)),
    zeros(12),
    Uint8Array.of(32, 2, 0, 12),
    zeros(8),
    be(teamAt, 4),
    texts,
  )
  return join(...[0xfade0cc0, 20 + directory.length, 1, 0, 20].map((n) => be(n, 4)), directory)
}

/** The load commands for imports, and what they point to when it begins at `start`. */
function linkTables(
  { imports, is64Bit = true }: MachOShape,
  start: number,
  number: typeof le,
): { readonly commands: readonly Uint8Array[]; readonly data: Uint8Array } {
  const u32 = (value: number) => number(value, 4)
  const commands: Uint8Array[] = []
  let data = zeros(0)
  const add = (piece: Uint8Array) => {
    const at = start + data.length
    data = join(data, padTo(piece, 16))
    return at
  }
  for (const table of imports?.tables ?? []) {
    const names = imports?.names ?? []
    const places = names.map((_, i) => 1 + names.slice(0, i).join('\0').length + Math.min(i, 1))
    const texts = join('\0', ...names.map((name) => `${name}\0`))
    if (table === 'symbols') {
      const symbols = places.map((at) => join(u32(at), Uint8Array.of(1, 0, 0, 1), zeros(is64Bit ? 8 : 4)))
      commands.push(join(...[0x2, 24, add(join(...symbols)), names.length, add(texts), texts.length].map(u32)))
    } else if (table === 'bindings') {
      const eager = join(
        ...names.map((name) =>
          join(Uint8Array.of(0x11, 0x40), `${name}\0`, Uint8Array.of(0x51, 0x72, 0x80, 0x01, 0x90)),
        ),
        zeros(1),
      )
      const lazy = join(
        ...names.map((name) => join(Uint8Array.of(0x72, 0x08, 0x11, 0x40), `${name}\0`, Uint8Array.of(0x90, 0))),
      )
      const parts = [0, 0, add(eager), eager.length, 0, 0, add(lazy), lazy.length, 0, 0]
      commands.push(join(...[0x80000022, 48, ...parts].map(u32)))
    } else {
      const fixups = chainedFixups(places, texts, table, number)
      commands.push(join(...[0x80000034, 16, add(fixups), fixups.length].map(u32)))
    }
  }
  return { commands, data }
}

function chainedFixups(
  places: readonly number[],
  texts: Uint8Array,
  table: ImportTable,
  number: typeof le,
): Uint8Array {
  const format = table === 'chained' ? 1 : table === 'chained-addend' ? 2 : 3
  const rows = places.map((at) =>
    format === 3
      ? join(number((BigInt(at) << 32n) | 1n, 8), zeros(8))
      : join(number(at * 512 + 1, 4), zeros(format === 2 ? 4 : 0)),
  )
  const imports = join(...rows)
  const head = [0, 28, 28, 28 + imports.length, places.length, format, 0]
  return join(...head.map((value) => number(value, 4)), imports, texts)
}
