/**
 * Cabinets with one folder: stored, MSZIP, or LZX.
 *
 * MSZIP blocks refer to the block before, as Microsoft's tools write them. LZX blocks are of the uncompressed kind,
 * which every LZX reader knows.
 * https://learn.microsoft.com/previous-versions/bb417343(v=msdn.10)
 */
import { deflateRawSync } from 'node:zlib'
import { join, le } from './byte-writer.ts'

/** One file. */
export interface CabFile {
  readonly name: string
  readonly content: Uint8Array
  /** Where the directory says that it begins, and how long it is, instead of the truth. */
  readonly claims?: { readonly at?: number; readonly size?: number; readonly folder?: number }
}

export type CabPacking = 'stored' | 'mszip' | 'lzx'

const packings: Readonly<Record<CabPacking, number>> = { stored: 0, mszip: 1, lzx: 3 | (15 << 8) }
const blockLength = 0x8000
const headerLength = 36
const folderLength = 8

/** Builds the cabinet. */
export function cabinet(files: readonly CabFile[], packing: CabPacking | number = 'mszip'): Uint8Array {
  let at = 0
  const rows = files.map(({ name, content, claims }) => {
    const begin = at
    at += content.length
    const place = [le(claims?.size ?? content.length, 4), le(claims?.at ?? begin, 4), le(claims?.folder ?? 0, 2)]
    return join(...place, le(0x5671, 2), le(0x6000, 2), le(0x20, 2), name, Uint8Array.of(0))
  })
  const blocks = packBlocks(join(...files.map((file) => file.content)), packing)
  const table = join(...rows)
  const dataAt = headerLength + folderLength + table.length
  const data = join(...blocks)
  const method = typeof packing === 'number' ? packing : packings[packing]
  const header = join(
    join('MSCF', le(0, 4), le(dataAt + data.length, 4), le(0, 4), le(headerLength + folderLength, 4), le(0, 4)),
    join(Uint8Array.of(3, 1), le(1, 2), le(files.length, 2), le(0, 2), le(0x1234, 2), le(0, 2)),
  )
  return join(header, le(dataAt, 4), le(blocks.length, 2), le(method, 2), table, data)
}

function packBlocks(bytes: Uint8Array, packing: CabPacking | number): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += blockLength) {
    const block = bytes.subarray(at, at + blockLength)
    const packed = packBlock(block, packing, at === 0 ? undefined : bytes.subarray(at - blockLength, at))
    // A checksum of 0 is none.
    blocks.push(join(le(0, 4), le(packed.length, 2), le(block.length, 2), packed))
  }
  return blocks
}

function packBlock(block: Uint8Array, packing: CabPacking | number, before: Uint8Array | undefined): Uint8Array {
  if (packing === 'mszip') return join('CK', deflateRawSync(block, before ? { dictionary: before } : {}))
  if (packing === 'lzx') return lzxBlock(block, before === undefined)
  return block
}

/** No translation of calls (first block only), kind 3, 24 bits of length, filled to words of 16 bits; then three offsets. */
function lzxBlock(block: Uint8Array, isFirst: boolean): Uint8Array {
  const bits = isFirst ? (3n << 24n) | BigInt(block.length) : ((3n << 24n) | BigInt(block.length)) << 1n
  const filled = bits << 4n
  const words = join(le(filled >> 16n, 2), le(filled & 0xffffn, 2))
  return join(words, le(1, 4), le(1, 4), le(1, 4), block, new Uint8Array(block.length % 2))
}
