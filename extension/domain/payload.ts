/**
 * A payload: something hidden inside a file, decoded.
 *
 * Only digests, addresses and fields leave a decoder; the decoded bytes are neither kept nor written anywhere.
 */
import type { Fields } from './trait.ts'

/** What was hidden. Documented in docs/glossary.md. */
export const payloadKinds = [
  'carrier_payload',
  'certificate_padding',
  'icon_trailer',
  'xor_strings',
  'main_storage',
  'dropper_payload',
  'poolrat_config',
] as const

/** One of the kinds. */
export type PayloadKind = (typeof payloadKinds)[number]

/** A piece of a decoded payload that has a life of its own, such as an embedded library. */
export interface PayloadPart {
  readonly name: string
  /** Inside the decoded bytes. */
  readonly offset: number
  readonly length: number
  /** Of the decoded part, lower-case hex. */
  readonly sha256: string
}

/** One payload of one file. */
export interface Payload {
  readonly kind: PayloadKind
  /** Where its stored (encoded) bytes begin in the file, and how many they are. */
  readonly offset: number
  readonly length: number
  /** Of the decoded bytes, lower-case hex; of the stored ones where nothing could be decoded. */
  readonly sha256: string
  /** Whether a cryptographic tag verified; absent where the scheme has none. */
  readonly authenticated?: boolean
  /** Addresses inside, canonical; none unless they can be believed. */
  readonly urls: readonly string[]
  readonly fields: Fields
  readonly parts: readonly PayloadPart[]
  /** When the malware meant to run next, unix seconds. */
  readonly nextRun?: number
  /** Path inside the container the file is; absent: the file itself. */
  readonly member?: string
}

/** A payload as people and tables see it: names in snake_case, nothing absent. */
export function payloadRecord({ kind, offset, length, sha256, ...payload }: Payload) {
  return {
    kind,
    offset,
    length,
    sha256,
    authenticated: payload.authenticated === undefined ? null : Number(payload.authenticated),
    urls: payload.urls,
    fields: payload.fields,
    parts: payload.parts,
    next_run: payload.nextRun ?? null,
    member: payload.member ?? null,
  }
}
