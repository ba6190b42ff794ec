/**
 * One stretch of hidden bytes in a certificate table: what is said of it, as traits and a payload.
 *
 * Bytes that the carrier decoder explains are reported as its payload; all others once as padding, by digest and looks.
 * Whether padding is an installer's note to itself or worse is for a reader of those facts: both are hidden bytes.
 */
import { createHash } from 'node:crypto'
import type { Examination } from '../domain/examination.ts'
import type { Payload } from '../domain/payload.ts'
import type { Fields, Trait } from '../domain/trait.ts'
import { entropy, looksLikeText, looksRandom } from './byte-statistics.ts'
import { hexText } from './bytes.ts'
import { type CarrierPayload, carrierMarker, decodeCarrier, decodeWithKeys, findMarker } from './carrier-payload.ts'
import { isRefusal } from './refusal.ts'

/** Hidden bytes and where they are in the file. */
export interface Stretch {
  readonly offset: number
  readonly data: Uint8Array
}

/** What was made of a stretch. */
export interface ReadStretch extends Stretch {
  /** Under a key, with the structure of the carrier's payload. */
  readonly carrier?: CarrierPayload
  /** Whether that key is not the campaign's. */
  readonly isOtherKey: boolean
  /** Why a payload that is there could not be decoded. */
  readonly problem?: string
}

/** Looks for the carrier's payload under the key of the campaign. */
export async function readStretch(stretch: Stretch): Promise<ReadStretch> {
  const found = await decodeCarrier(stretch.data)
  if (found && isRefusal(found)) return { ...stretch, isOtherKey: false, problem: found.problem }
  return { ...stretch, isOtherKey: false, ...(found && { carrier: found }) }
}

/** Tries other keys on what that key did not open. */
export async function withKeys(stretch: ReadStretch, keys: readonly Uint8Array[]): Promise<ReadStretch> {
  const { offset, data } = stretch
  const carrier = stretch.carrier || keys.length === 0 ? undefined : await decodeWithKeys(data, keys)
  return carrier ? { offset, data, carrier, isOtherKey: true } : stretch
}

/** Traits and payload of a stretch. `facts` are of the file and shown with its padding. */
export function stretchExamination(stretch: ReadStretch, facts: Fields): Examination {
  const { offset, data, carrier, problem } = stretch
  const looks = looksOf(data)
  const marker = findMarker(data)
  const isVariant = !carrier && marker !== undefined && (problem !== undefined || isCiphertext(data, marker))
  const fields = { ...looks, ...(marker !== undefined && { marker_offset: offset + marker }), ...facts }
  const digest = createHash('sha256').update(data).digest('hex')
  const padding: Trait = { name: 'cert_padding', offset, length: data.length, fields: { sha256: digest, ...fields } }
  const unopened: Payload = {
    kind: 'certificate_padding',
    offset,
    length: data.length,
    sha256: digest,
    urls: [],
    fields,
    parts: [],
  }
  return {
    traits: [
      padding,
      ...(carrier ? [carrierTrait(stretch, carrier)] : []),
      ...(isVariant ? [keyVariant(offset + marker, data.subarray(marker), problem)] : []),
    ],
    payloads: [carrier ? carrierPayload(stretch, carrier) : unopened],
    refusals: problem === undefined ? [] : [problem],
  }
}

/** What bytes look like: the vendors' own notes are text, a payload is not. */
export function looksOf(data: Uint8Array): Fields {
  return {
    bytes: data.length,
    entropy: entropy(data),
    printable: looksLikeText(data),
    first_bytes: hexText(data.subarray(0, 16)),
  }
}

/** Bytes behind a marker that show whether it is one; the published payload is a hundred times longer. */
const beginning = 2048

/** The beginning tells: a payload starts right behind its marker, and anything may be put behind its end. */
function isCiphertext(data: Uint8Array, marker: number): boolean {
  const from = marker + carrierMarker.length
  return looksRandom(data.subarray(from, from + beginning))
}

function carrierTrait({ offset, data, isOtherKey }: ReadStretch, carrier: CarrierPayload): Trait {
  const name = isOtherKey ? 'carrier_key_variant' : carrier.isMarked ? 'carrier_payload' : 'carrier_marker_variant'
  const from = carrier.at - (carrier.isMarked ? carrierMarker.length : 0)
  const { key, marker, export_hash } = carrier.fields
  const fields = { sha256: carrier.sha256, ...defined({ key, marker, export_hash }) }
  return { name, offset: offset + from, length: data.length - from, fields }
}

/** The marker, and behind it bytes that could be ciphertext. Behind a false marker they could not. */
function keyVariant(offset: number, marked: Uint8Array, problem: string | undefined): Trait {
  const ciphertext = marked.subarray(carrierMarker.length, carrierMarker.length + beginning)
  const fields = { marker: hexText(carrierMarker), entropy: entropy(ciphertext), ...defined({ problem }) }
  return { name: 'carrier_key_variant', offset, length: marked.length, fields }
}

function carrierPayload({ offset, data }: Stretch, carrier: CarrierPayload): Payload {
  const { at, sha256, fields, parts, isMarked } = carrier
  const marker = isMarked ? { marker_offset: offset + at - carrierMarker.length } : {}
  return {
    kind: 'carrier_payload',
    offset: offset + at,
    length: data.length - at,
    sha256,
    urls: [],
    fields: { ...marker, ...fields },
    parts,
  }
}

function defined(fields: Readonly<Record<string, Fields[string] | undefined>>): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}
