/**
 * Proofs in a line as a receiver has it: plain, behind a prefix, as a string inside other JSON, or written anew.
 *
 * A line whose bytes can be found or rebuilt is checked against its checksum. One that the receiver took apart (other
 * order of members, fields flattened) still says which event it is, but not whether it is whole: `unchecked`.
 */
import { endOfValue } from './json-scan.ts'
import { jsonText } from './json-text.ts'
import { type Proof, proofNames, proofOf, unstampProof } from './proof.ts'

/** `whole`: the very line that was spooled; `changed`: it is not; `unchecked`: it was taken apart, nobody can say. */
export type Condition = 'whole' | 'changed' | 'unchecked'

/** One event found in a received line. */
export interface ReceivedEvent {
  readonly proof: Proof
  readonly condition: Condition
}

/** How lines begin that osquery writes. */
const beginnings = ['{"name":"', '{"hostIdentifier":"', '{"snapshot":[', '{"diffResults":{']
/** JSON in JSON in JSON: more levels than any pipeline of receivers makes. */
const maxDepth = 6
/** Brackets of a line that may begin no JSON before the rest is left: each costs a look at the whole line. */
const maxFailures = 16
/** Proofs told of one received line; an export that is one line of JSON may hold many. */
const maxEvents = 1_000_000
/** The proof alone, at any level of escapes, for what is neither whole nor JSON any more. */
const loose =
  /threecx_event_id\\*"\s*:\s*\\*"([^"\\]{1,512})\\*"\s*,\s*\\*"threecx_sequence\\*"\s*:\s*\\*"(\d{1,16})\\*"\s*,\s*\\*"threecx_checksum\\*"\s*:\s*\\*"([0-9a-f]{8})\\*"/g

/** The events of a received line; none when it has no proof that can be read. */
export function eventsIn(line: string): ReceivedEvent[] {
  if (!line.includes(proofNames.id)) return []
  const plain = plainEvent(line)
  if (plain?.condition === 'whole') return [plain]
  const inJson = eventsInJson(line)
  if (plain && !inJson.some((one) => one.condition === 'whole')) return [plain]
  if (inJson.length > 0) return inJson
  const found: ReceivedEvent[] = []
  for (const [, id, sequence, checksum] of line.matchAll(loose)) {
    const proof = proofOf(id, sequence, checksum)
    if (proof) found.push({ proof, condition: 'changed' })
  }
  return found
}

/** The one event of a line that may have something before and behind it. */
function plainEvent(line: string): ReceivedEvent | undefined {
  const mark = line.indexOf(`"${proofNames.id}"`)
  if (mark < 0) return undefined
  const lastMark = line.lastIndexOf(`"${proofNames.id}"`)
  const starts = beginnings.map((one) => line.lastIndexOf(one, mark)).filter((at) => at >= 0)
  let changed: ReceivedEvent | undefined
  for (const start of new Set([...starts, line.indexOf('{')])) {
    const end = start < 0 ? -1 : endOfValue(line, start)
    if (end <= lastMark) continue // several events in one line, or an end that is missing
    const text = line.slice(start, end)
    const proven = unstampProof(text)
    if (proven?.isWhole) return { proof: proven.proof, condition: 'whole' }
    if (proven && starts.includes(start)) {
      const again = rewritten(text)
      if (again?.condition === 'whole') return again
      changed ??= { proof: proven.proof, condition: 'changed' }
    }
  }
  return changed
}

/** A line written anew by a receiver with other escapes and spaces; with the same members in the same order it is whole. */
function rewritten(text: string): ReceivedEvent | undefined {
  const value = parsed(text)
  const proven = value === undefined ? undefined : unstampProof(jsonOf(value))
  return proven?.isWhole ? { proof: proven.proof, condition: 'whole' } : undefined
}

/** The events of all JSON values of a line, whatever stands between them. */
function eventsInJson(line: string): ReceivedEvent[] {
  const found: ReceivedEvent[] = []
  let failures = 0
  const opening = /[{[]/g
  for (let start = opening.exec(line); start && failures < maxFailures; start = opening.exec(line)) {
    const end = endOfValue(line, start.index)
    const value = end < 0 ? undefined : parsed(line.slice(start.index, end))
    if (value === undefined) failures++
    else {
      opening.lastIndex = end
      collect(value, 0, found)
    }
  }
  return found
}

/** Walks a value of bounded depth: what nests deeper than JSON.parse allows was not parsed. */
function collect(root: unknown, depth: number, found: ReceivedEvent[]): void {
  const left: { readonly value: unknown; readonly parent?: object }[] = [{ value: root }]
  for (let one = left.pop(); one && found.length < maxEvents; one = left.pop()) {
    const { value, parent } = one
    if (typeof value === 'string') {
      if (depth >= maxDepth || !value.includes(proofNames.id)) continue
      const plain = plainEvent(value)
      if (plain) found.push(plain)
      else collect(parsed(value), depth + 1, found)
      continue
    }
    if (typeof value !== 'object' || value === null) continue
    const proof = proofAmong(value)
    if (proof) {
      found.push(judged(proof, value, parent))
      continue
    }
    for (const inner of Object.values(value).reverse()) left.push({ value: inner, parent: value })
  }
}

/** An event as an object: whole when writing it anew gives the spooled bytes. */
function judged(proof: Proof, value: object, parent: object | undefined): ReceivedEvent {
  for (const candidate of [parent, value]) {
    const proven = candidate === undefined ? undefined : unstampProof(jsonOf(candidate))
    if (proven?.isWhole) return { proof: proven.proof, condition: 'whole' }
  }
  return { proof, condition: 'unchecked' }
}

/** A proof among an object's members; receivers put prefixes before names and lists around values. */
function proofAmong(value: object): Proof | undefined {
  const entries = new Map(Object.entries(value))
  for (const key of entries.keys()) {
    if (!key.endsWith(proofNames.id)) continue
    const prefix = key.slice(0, -proofNames.id.length)
    const [id, sequence, checksum] = [proofNames.id, proofNames.sequence, proofNames.checksum].map((name) =>
      single(entries.get(prefix + name)),
    )
    const proof = proofOf(id, sequence, checksum)
    if (proof) return proof
  }
  return undefined
}

function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** JSON with osquery's escapes. Nesting is that of osquery's lines: deeper values are left to the engine. */
function jsonOf(value: unknown, depth = 0): string {
  if (typeof value === 'string') return jsonText(value)
  if (typeof value !== 'object' || value === null || depth > 8) return depth > 8 ? '0' : JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((one) => jsonOf(one, depth + 1)).join(',')}]`
  return `{${Object.entries(value)
    .map(([name, one]) => `${jsonText(name)}:${jsonOf(one, depth + 1)}`)
    .join(',')}}`
}
