/**
 * Apple disk images (UDIF) around a volume: packed blocks, a property list with their table, a trailer.
 *
 * http://newosxbook.com/DMG.html
 */
import { deflateSync } from 'node:zlib'
import { be, field, join, padTo, zeros } from './byte-writer.ts'

/** How blocks are packed; a number is written as it is, around bytes that are stored. */
export type DmgPacking = 'raw' | 'zlib' | 'adc' | number

const packings: Readonly<Record<Exclude<DmgPacking, number>, number>> = { raw: 1, zlib: 0x8000_0005, adc: 0x8000_0004 }
const ignored = 2
const end = 0xffff_ffff
const sector = 512

/** One row of the table of blocks. */
export interface DmgRow {
  readonly packing: number
  readonly sector: number | bigint
  readonly count: number | bigint
  readonly at: number
  readonly length: number
}

/** Builds the image. Blocks of nothing but zeros are left out, as Apple's tool does. */
export function diskImage(volume: Uint8Array, packing: DmgPacking = 'zlib', blockSectors = 64): Uint8Array {
  const disk = padTo(volume, sector)
  const rows: DmgRow[] = []
  const blocks: Uint8Array[] = []
  let at = 0
  for (let from = 0; from < disk.length; from += blockSectors * sector) {
    const block = disk.subarray(from, from + blockSectors * sector)
    const place = { sector: from / sector, count: block.length / sector }
    if (block.every((byte) => byte === 0)) {
      rows.push({ packing: ignored, ...place, at: 0, length: 0 })
      continue
    }
    const packed = pack(block, packing)
    const kind = typeof packing === 'number' ? packing : packings[packing]
    rows.push({ packing: kind, ...place, at, length: packed.length })
    blocks.push(packed)
    at += packed.length
  }
  return imageOf(join(...blocks), rows, disk.length / sector)
}

/** An image of packed blocks and a table that may say anything about them. */
export function imageOf(data: Uint8Array, rows: readonly DmgRow[], sectors: number): Uint8Array {
  const all = [...rows, { packing: end, sector: sectors, count: 0, at: data.length, length: 0 }]
  const table = join(
    join('mish', be(1, 4), be(0, 8), be(sectors, 8), be(0, 8), be(520, 4), be(0, 4), zeros(24), zeros(136)),
    be(all.length, 4),
    ...all.map((row) =>
      join(be(row.packing, 4), be(0, 4), be(row.sector, 8), be(row.count, 8), be(row.at, 8), be(row.length, 8)),
    ),
  )
  const base64 = Buffer.from(table).toString('base64').replace(/.{52}/g, '$&\n\t\t\t\t')
  const plist = join(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>resource-fork</key>
	<dict>
		<key>blkx</key>
		<array>
			<dict>
				<key>Attributes</key><string>0x0050</string>
				<key>CFName</key><string>whole disk (Apple_HFS : 0)</string>
				<key>Data</key>
				<data>
				${base64}
				</data>
				<key>ID</key><string>0</string>
				<key>Name</key><string>whole disk (Apple_HFS : 0)</string>
			</dict>
		</array>
	</dict>
</dict>
</plist>
`)
  const trailer = join(
    join('koly', be(4, 4), be(512, 4), be(1, 4), be(0, 8), be(0, 8), be(data.length, 8), zeros(16)),
    join(be(1, 4), be(1, 4), zeros(16), zeros(136)),
    join(be(data.length, 8), be(plist.length, 8), zeros(120), zeros(136), be(1, 4), be(sectors, 8)),
  )
  return join(data, plist, field(trailer, 512))
}

function pack(block: Uint8Array, packing: DmgPacking): Uint8Array {
  if (packing === 'zlib') return deflateSync(block)
  if (packing === 'adc') return plainAdc(block)
  return block
}

/** Runs of at most 128 bytes as they are. */
function plainAdc(block: Uint8Array): Uint8Array {
  const runs: Uint8Array[] = []
  for (let at = 0; at < block.length; at += 128) {
    const run = block.subarray(at, at + 128)
    runs.push(join(Uint8Array.of(0x80 | (run.length - 1)), run))
  }
  return join(...runs)
}
