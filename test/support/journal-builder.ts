/**
 * Files of the systemd journal from what their entries say: of either layout, with fields plain or packed.
 *
 * Tables and chains that only help to search are empty; readers that go from object to object need none.
 */
import { zstdCompressSync } from 'node:zlib'
import { join, le, padTo, zeros } from './byte-writer.ts'

/** An entry. */
export interface PlannedEntry {
  /** Unix seconds. */
  readonly time: number
  readonly fields: Readonly<Record<string, string>>
}

/** How it is written. */
export interface JournalStyle {
  readonly isCompact?: boolean
  /** What long fields are packed with. */
  readonly packing?: 'zstd' | 'lz4' | 'xz'
}

const headerBytes = 264
/** Fields from this length on are packed. */
const packedFrom = 64

/** The file. */
export function journalFile(entries: readonly PlannedEntry[], style: JournalStyle = {}): Uint8Array {
  const { isCompact = false, packing } = style
  const objects: Uint8Array[] = []
  const known = new Map<string, number>()
  let place = headerBytes
  let tail = headerBytes
  const add = (type: number, flags: number, contents: Uint8Array): number => {
    const object = join(Uint8Array.of(type, flags), zeros(6), le(16 + contents.length, 8), contents)
    const at = place
    objects.push(padTo(object, 8))
    tail = at
    place += Math.ceil(object.length / 8) * 8
    return at
  }
  const data = (text: string): number => {
    const at = known.get(text)
    if (at !== undefined) return at
    const plain = new TextEncoder().encode(text)
    const isPacked = packing !== undefined && plain.length >= packedFrom
    const [flags, payload] = isPacked ? packed(plain, packing) : [0, plain]
    const made = add(1, flags, join(zeros(48 + (isCompact ? 8 : 0)), payload))
    known.set(text, made)
    return made
  }
  add(4, 0, zeros(128))
  for (const [index, { time, fields }] of entries.entries()) {
    const items = Object.entries(fields).map(([name, value]) => data(`${name}=${value}`))
    const list = items.map((at) => (isCompact ? le(at, 4) : join(le(at, 8), zeros(8))))
    add(3, 0, join(le(index + 1, 8), le(BigInt(time) * 1_000_000n, 8), zeros(32), ...list))
  }
  const flags = (isCompact ? 16 : 0) | (packing === 'zstd' ? 8 : packing === 'lz4' ? 2 : packing === 'xz' ? 1 : 0)
  const head = join('LPKSHHRH', le(0, 4), le(flags, 4), zeros(72), le(headerBytes, 8), le(place - headerBytes, 8))
  const rest = join(zeros(32), le(tail, 8), le(objects.length, 8), le(entries.length, 8))
  return join(padTo(join(head, rest), headerBytes), ...objects)
}

function packed(plain: Uint8Array, packing: 'zstd' | 'lz4' | 'xz'): [flags: number, payload: Uint8Array] {
  if (packing === 'zstd') return [4, zstdCompressSync(plain)]
  if (packing === 'lz4') return [2, join(le(plain.length, 8), lz4(plain))]
  return [1, plain]
}

/** A block of LZ4: literals, and a run of one byte as a copy from the byte before. */
function lz4(plain: Uint8Array): Uint8Array {
  const out: Uint8Array[] = []
  let literal = 0
  for (let at = 1; at < plain.length; at++) {
    let run = 0
    while (at + run < plain.length - 5 && plain[at + run] === plain[at - 1]) run++
    if (run < 8) continue
    out.push(sequence(plain.subarray(literal, at), run), le(1, 2), more(run - 4))
    at += run
    literal = at
  }
  return join(...out, sequence(plain.subarray(literal), 4))
}

function sequence(literals: Uint8Array, copied: number): Uint8Array {
  const token = (Math.min(literals.length, 15) << 4) | Math.min(copied - 4, 15)
  return join(Uint8Array.of(token), more(literals.length), literals)
}

/** What of a length four bits cannot say. */
function more(length: number): Uint8Array {
  if (length < 15) return new Uint8Array()
  const rest = length - 15
  return join(new Uint8Array(Math.floor(rest / 255)).fill(255), Uint8Array.of(rest % 255))
}
