/**
 * Proof of delivery: three decorations that say which event a line is, put into the finished line and taken out again.
 *
 * The checksum is that of the line as it was spooled, without the proof; so whoever has the received line takes the proof
 * out and has the very bytes that were noticed. Nothing is parsed and written anew: text goes in where osquery puts
 * decorations, before the columns of an event, behind everything else in other lines. `verify.ts` reads proofs.
 */
import { crc32 } from 'node:zlib'
import { endOfValue, isNamed, type ScannedMember, scanObject } from './json-scan.ts'
import { jsonText } from './json-text.ts'

/** What identifies an event wherever it arrives. */
export interface Proof {
  /** `<stream>-<sequence>`. */
  readonly id: string
  readonly sequence: number
  /** CRC-32 of the spooled line's UTF-8 bytes. */
  readonly checksum: number
}

/** A received line, and what it was when it was spooled. */
export interface ProvenLine {
  readonly line: string
  readonly proof: Proof
  /** Whether `line` has the checksum of the proof. */
  readonly isWhole: boolean
}

/** Names of the decorations. */
export const proofNames = {
  id: 'threecx_event_id',
  sequence: 'threecx_sequence',
  checksum: 'threecx_checksum',
} as const

const stamp =
  /"threecx_event_id":"((?:[^"\\]|\\.){1,512})","threecx_sequence":"([1-9]\d{0,15})","threecx_checksum":"([0-9a-f]{8})"/y

/**
 * The line with its proof: in its decorations, which are made if there are none, or beside the other members. A text that
 * is no JSON object is given back as it is.
 */
export function stampProof(line: string, proof: Proof, topLevel: boolean): string {
  const place = placeIn(line, topLevel)
  if (place === undefined) return line
  const checksum = proof.checksum.toString(16).padStart(8, '0')
  const text = `"${proofNames.id}":${jsonText(proof.id)},"${proofNames.sequence}":"${proof.sequence}","${proofNames.checksum}":"${checksum}"`
  return line.slice(0, place.at) + place.before + text + place.behind + line.slice(place.at)
}

/** The line without its proof, and the proof; undefined where there is none. The line must be nothing but the line. */
export function unstampProof(line: string): ProvenLine | undefined {
  const found = stampIn(line)
  if (found === undefined) return undefined
  const original = line.slice(0, found.from) + line.slice(found.end)
  return { line: original, proof: found.proof, isWhole: crc32(original) === found.proof.checksum }
}

interface Place {
  readonly at: number
  readonly before: string
  readonly behind: string
}

function placeIn(line: string, topLevel: boolean): Place | undefined {
  let place: Place | undefined
  let isEmptyLine = true
  const isEvent = !isWholeRun(line)
  const close = scanObject(line, 0, (member) => {
    if (!topLevel && isNamed(line, member, 'decorations') && line[member.value] === '{') {
      const isEmpty = /^[ \t\r\n]*\}/.test(line.slice(member.value + 1, member.value + 64))
      // The space tells an object that was there and empty from one that the proof made.
      place = { at: member.value + 1, before: '', behind: isEmpty ? ' ' : ',' }
      return true
    }
    if (isEvent && isNamed(line, member, 'columns') && line[member.value] === '{') {
      place = { at: member.from, before: topLevel ? '' : '"decorations":{', behind: topLevel ? ',' : '},' }
      return true
    }
    isEmptyLine = false
    return false
  })
  if (place !== undefined || close < 0) return place
  const comma = isEmptyLine ? '' : ','
  return { at: close, before: topLevel ? comma : `${comma}"decorations":{`, behind: topLevel ? '' : '}' }
}

/** Lines of a whole run have their decorations last, behind the rows; a decoration of theirs may be called `columns`. */
function isWholeRun(line: string): boolean {
  return line.startsWith('{"diffResults":') || line.startsWith('{"snapshot":')
}

function stampIn(line: string): { readonly proof: Proof; readonly from: number; readonly end: number } | undefined {
  let found: { proof: Proof; from: number; end: number } | undefined
  const isEvent = !isWholeRun(line)
  scanObject(line, 0, (member) => {
    if (isNamed(line, member, 'decorations') && line[member.value] === '{') {
      const inside = proofAt(line, member.value + 1)
      if (inside === undefined) return false
      found = { ...inside, ...aroundInside(line, member, inside.end) }
      return true
    }
    if (isEvent && isNamed(line, member, 'columns') && line[member.value] === '{') return true
    if (isNamed(line, member, proofNames.id)) {
      const beside = proofAt(line, member.from)
      if (beside === undefined) return false
      const hasComma = line[beside.end] === ','
      const hadComma = line[member.from - 1] === ','
      // In front of columns the comma behind is the proof's; at the end the comma before it.
      found = hasComma
        ? { proof: beside.proof, from: member.from, end: beside.end + 1 }
        : { proof: beside.proof, from: member.from - (hadComma ? 1 : 0), end: beside.end }
    }
    return false
  })
  return found
}

/** From where to where a proof inside decorations goes, with the object when it was made for the proof. */
function aroundInside(line: string, decorations: ScannedMember, end: number): { from: number; end: number } {
  if (line[end] === ',') return { from: decorations.value + 1, end: end + 1 }
  if (line[end] === ' ') return { from: decorations.value + 1, end: end + 1 }
  const close = endOfValue(line, decorations.value)
  if (line[close] === ',') return { from: decorations.from, end: close + 1 }
  const comma = line[decorations.from - 1] === ',' ? 1 : 0
  return { from: decorations.from - comma, end: close }
}

function proofAt(line: string, at: number): { readonly proof: Proof; readonly end: number } | undefined {
  stamp.lastIndex = at
  const found = stamp.exec(line)
  if (found === null) return undefined
  const proof = proofOf(textOf(found[1] ?? ''), found[2], found[3])
  return proof === undefined ? undefined : { proof, end: stamp.lastIndex }
}

function textOf(inside: string): unknown {
  try {
    return JSON.parse(`"${inside}"`)
  } catch {
    return undefined
  }
}

/** A proof from its three texts; undefined when they are no proof. */
export function proofOf(id: unknown, sequence: unknown, checksum: unknown): Proof | undefined {
  if (typeof id !== 'string' || id.length === 0 || id.length > 512) return undefined
  const number = Number(sequence)
  if (!/^[1-9]\d{0,15}$/.test(String(sequence)) || !Number.isSafeInteger(number)) return undefined
  if (typeof checksum !== 'string' || !/^[0-9a-f]{8}$/.test(checksum)) return undefined
  return { id, sequence: number, checksum: Number.parseInt(checksum, 16) }
}
