/**
 * Windows images without code: PE32 and PE32+, programs and libraries, with version resource and signature.
 *
 * The layout is what a linker writes (sections `.text`, `.data`, `.rsrc`; file alignment 512), so other readers accept
 * it too. `.text` is zeros unless told otherwise: nothing here can run.
 * https://learn.microsoft.com/windows/win32/debug/pe-format
 */
import { field, join, le, padTo, utf16, zeros } from './byte-writer.ts'
import { type VersionInfo, versionInfo } from './version-info-builder.ts'

/** What the image shall be. */
export interface PeShape {
  readonly isPe32Plus?: boolean
  readonly isDll?: boolean
  readonly timestamp?: number
  readonly text?: Uint8Array
  readonly data?: Uint8Array
  readonly version?: VersionInfo
  /** A whole `.rsrc` section instead of the one made from `version`; it starts at `resourceRva`. */
  readonly resources?: Uint8Array
  readonly certificate?: {
    /** The signature, DER. */
    readonly signature: Uint8Array
    /** Bytes that follow it inside the certificate table. */
    readonly stuffing?: Uint8Array
  }
}

/** Offset of the PE header: what linkers leave for the DOS stub. */
export const headerAt = 0x80
const fileAlignment = 0x200
const sectionAlignment = 0x1000
/** The sections have fixed places: up to 1 MiB each. */
const sectionSpan = 0x10_0000
/** Where `.rsrc` begins in memory. */
export const resourceRva = sectionAlignment + 2 * sectionSpan

/** Builds the image. */
export function peImage(shape: PeShape = {}): Uint8Array {
  const isPe32Plus = shape.isPe32Plus ?? true
  const resources = shape.resources ?? (shape.version ? resourceSection(versionInfo(shape.version)) : zeros(0))
  const contents = [shape.text ?? zeros(512), shape.data ?? zeros(0), resources]
  const bodies = contents.map((content) => padTo(content, fileAlignment))
  const optionalLength = isPe32Plus ? 240 : 224
  const headerSize = 0x400
  const rows: Uint8Array[] = []
  let rawOffset = headerSize
  for (const [index, body] of bodies.entries()) {
    const rva = sectionAlignment + index * sectionSpan
    rows.push(
      sectionRow(['.text', '.data', '.rsrc'][index] ?? '', contents[index]?.length ?? 0, rva, body.length, rawOffset),
    )
    rawOffset += body.length
  }
  const table = shape.certificate ? certificateTable(shape.certificate) : zeros(0)
  const directories = new Map([
    [2, resources.length > 0 ? { offset: resourceRva, size: resources.length } : undefined],
    [4, table.length > 0 ? { offset: rawOffset, size: table.length } : undefined],
  ])
  const headers = join(
    field(join('MZ', zeros(58), le(headerAt, 4)), headerAt),
    le(0x4550, 4),
    le(isPe32Plus ? 0x8664 : 0x14c, 2),
    le(rows.length, 2),
    le(shape.timestamp ?? 0x63c0_0000, 4),
    zeros(8),
    le(optionalLength, 2),
    le(shape.isDll ? 0x2022 : 0x0022, 2),
    optionalHeader(isPe32Plus, headerSize, directories),
    ...rows,
  )
  return join(field(headers, headerSize), ...bodies, table)
}

/** A `.rsrc` section with one version resource: three directories, one entry each, then the data. */
export function resourceSection(resource: Uint8Array): Uint8Array {
  const subdirectory = 0x8000_0000
  return join(
    resourceDirectory([{ id: 16, target: subdirectory + 24 }]),
    resourceDirectory([{ id: 1, target: subdirectory + 48 }]),
    resourceDirectory([{ id: 0x409, target: 72 }]),
    join(le(resourceRva + 88, 4), le(resource.length, 4), zeros(8)),
    resource,
  )
}

/** One resource directory with entries by id. */
export function resourceDirectory(entries: readonly { readonly id: number; readonly target: number }[]): Uint8Array {
  const rows = entries.map(({ id, target }) => join(le(id, 4), le(target, 4)))
  return join(zeros(12), le(0, 2), le(entries.length, 2), ...rows)
}

/** Wide strings, each with its NUL, as compilers put them into `.data`. */
export function wideStrings(...texts: readonly string[]): Uint8Array {
  return join(...texts.map((text) => utf16(`${text}\0`)))
}

function certificateTable({ signature, stuffing }: NonNullable<PeShape['certificate']>): Uint8Array {
  // A signing tool pads the entry to eight bytes; SigFlip appends behind that and pads again.
  const body = stuffing ? padTo(join(padTo(signature, 8), stuffing), 8) : padTo(signature, 8)
  return join(le(body.length + 8, 4), le(0x0200, 2), le(2, 2), body)
}

function sectionRow(name: string, virtualSize: number, rva: number, rawSize: number, rawOffset: number): Uint8Array {
  const flags = name === '.text' ? 0x6000_0020 : 0x4000_0040
  return join(
    field(name, 8),
    le(virtualSize, 4),
    le(rva, 4),
    le(rawSize, 4),
    le(rawSize > 0 ? rawOffset : 0, 4),
    zeros(12),
    le(flags, 4),
  )
}

function optionalHeader(
  isPe32Plus: boolean,
  headerSize: number,
  directories: ReadonlyMap<number, { readonly offset: number; readonly size: number } | undefined>,
): Uint8Array {
  const word = isPe32Plus ? 8 : 4
  const table = Array.from({ length: 16 }, (_, number) => {
    const { offset, size } = directories.get(number) ?? { offset: 0, size: 0 }
    return join(le(offset, 4), le(size, 4))
  })
  return join(
    le(isPe32Plus ? 0x20b : 0x10b, 2),
    zeros(isPe32Plus ? 22 : 26),
    le(isPe32Plus ? 0x1_8000_0000 : 0x1000_0000, word),
    le(sectionAlignment, 4),
    le(fileAlignment, 4),
    join(le(6, 2), zeros(6), le(6, 2), zeros(6)),
    le(sectionAlignment + 3 * sectionSpan, 4),
    le(headerSize, 4),
    zeros(4),
    le(2, 2),
    le(0x8160, 2),
    zeros(word * 4),
    zeros(4),
    le(16, 4),
    ...table,
  )
}
