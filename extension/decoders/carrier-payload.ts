/**
 * The payload that the carrier `d3dcompiler_47.dll` hides behind its signature: a doubled marker, then RC4.
 *
 * Searched are the first six bytes of a bootstrap under a key, wherever they stand, so that another marker hides
 * nothing; what follows must be a whole blob (carrier-blob.ts). Neither the marker nor a key alone proves anything.
 * Time is linear in the bytes: what false beginnings can make this code do is counted and bounded.
 * Marker and key: OALabs, Elastic, Mandiant, secpulse (2023).
 */
import type { Fields } from '../domain/trait.ts'
import { looksLikeText } from './byte-statistics.ts'
import { hexText, utf8Text } from './bytes.ts'
import { type CarrierBlob, misfit, readCarrierBlob } from './carrier-blob.ts'
import { bootstrapStart, maxBootstrap, readBootstrap } from './carrier-bootstrap.ts'
import { sameBytes } from './der.ts'
import { combined, rc4Keystream } from './rc4.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** What the loader searches for, twice in a row. Once is the magic of a 32-bit Mach-O and proves nothing. */
export const carrierMarker = Uint8Array.of(0xfe, 0xed, 0xfa, 0xce, 0xfe, 0xed, 0xfa, 0xce)
/** The key of the campaign. */
export const campaignKey = new TextEncoder().encode('3jB(2bsG#@c7')

/** One decrypted payload. */
export interface CarrierPayload extends CarrierBlob {
  /** Where its ciphertext begins in the bytes it was found in; it runs to their end. */
  readonly at: number
  /** Whether the published marker stands before it. */
  readonly isMarked: boolean
  /** Its key, what stands before it, and what the blob says. */
  readonly fields: Fields
}

/** Six bytes happen by chance once in 2^48; whoever writes more false beginnings than this knows the key. */
const maxStarts = 65_536
/** And more libraries than this that turn out damaged. */
const maxBlobs = 64
/** Keys tried on one payload, places that may hold a marker, and bytes searched for other beginnings. */
const maxKeys = 65_536
const maxMarkers = 16
const maxSearched = 256 << 20
/** What setting up a key costs, as bytes searched. */
const keyCost = 4096
/** A bootstrap with its numbers and the head of a library take more. */
const minSurplus = 98
/** RC4 takes no longer one. */
const maxKeyLength = 256

/**
 * The payload under one key: one behind the marker before any other. A refusal when a bootstrap is there and what it
 * points to is damaged; undefined when there is none.
 */
export async function decodeCarrier(
  surplus: Uint8Array,
  key: Uint8Array = campaignKey,
): Promise<CarrierPayload | Refusal | undefined> {
  if (surplus.length < minSurplus) return undefined
  const head = rc4Keystream(key, maxBootstrap)
  const starts = findAll(surplus, combined(bootstrapStart, head), maxStarts)
  let reason: Refusal | undefined
  for (const wanted of [true, false]) {
    const places = starts.filter((at) => isMarkedAt(surplus, at) === wanted)
    const found = await openFirst(surplus, places, key, head)
    if (found && !isRefusal(found)) return found
    reason ??= found
  }
  if (starts.length < maxStarts) return reason
  return refuse(`carrier payload: ${maxStarts} beginnings under one key, none of them whole; no more were tried`)
}

/**
 * The payload under the first of other keys that opens one: behind the marker, or failing that anywhere. Such a key
 * may lie in the library beside the carrier (key-candidates.ts). Keys and bytes beyond the bounds are not tried.
 */
export async function decodeWithKeys(
  surplus: Uint8Array,
  keys: readonly Uint8Array[],
): Promise<CarrierPayload | undefined> {
  const usable = keys.filter((key) => key.length > 0 && key.length <= maxKeyLength).slice(0, maxKeys)
  const marked = findAll(surplus, carrierMarker, maxMarkers).map((at) => at + carrierMarker.length)
  for (const key of marked.length > 0 ? usable : []) {
    const found = await openFirst(surplus, marked, key, rc4Keystream(key, maxBootstrap))
    if (found && !isRefusal(found)) return found
  }
  for (const key of usable.slice(0, Math.floor(maxSearched / (surplus.length + keyCost)))) {
    const found = await decodeCarrier(surplus, key)
    if (found && !isRefusal(found)) return found
  }
  return undefined
}

/** Where the doubled marker first stands; undefined when nowhere. */
export function findMarker(surplus: Uint8Array): number | undefined {
  return findAll(surplus, carrierMarker, 1)[0]
}

/** The first of some places at which a key opens a whole blob; else the first reason why one is not whole. */
async function openFirst(
  surplus: Uint8Array,
  places: readonly number[],
  key: Uint8Array,
  head: Uint8Array,
): Promise<CarrierPayload | Refusal | undefined> {
  let stream: Uint8Array | undefined
  let reason: Refusal | undefined
  let blobs = 0
  for (const at of places) {
    const bootstrap = readBootstrap(combined(surplus.subarray(at, at + maxBootstrap), head))
    if (!bootstrap) continue
    stream ??= rc4Keystream(key, surplus.length)
    const encrypted = { data: surplus.subarray(at), stream }
    const problem = misfit(encrypted, bootstrap)
    const blob = problem === undefined ? await readCarrierBlob(encrypted, bootstrap) : refuse(problem)
    if (!isRefusal(blob)) {
      const marker = hexText(surplus.subarray(Math.max(0, at - carrierMarker.length), at))
      return { ...blob, at, isMarked: isMarkedAt(surplus, at), fields: { key: keyText(key), marker, ...blob.fields } }
    }
    reason ??= blob
    if (problem === undefined) blobs += 1
    if (blobs === maxBlobs) break
  }
  return reason
}

function findAll(data: Uint8Array, wanted: Uint8Array, most: number): number[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const places: number[] = []
  for (let at = bytes.indexOf(wanted); at >= 0 && places.length < most; at = bytes.indexOf(wanted, at + 1)) {
    places.push(at)
  }
  return places
}

function isMarkedAt(surplus: Uint8Array, at: number): boolean {
  return at >= carrierMarker.length && sameBytes(surplus.subarray(at - carrierMarker.length, at), carrierMarker)
}

/** A key as text, or as hex when it is none. */
function keyText(key: Uint8Array): string {
  return looksLikeText(key) && !key.includes(0) ? utf8Text(key) : `0x${hexText(key)}`
}
