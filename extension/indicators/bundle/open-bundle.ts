/**
 * The one way into a bundle: taken apart, signature verified, and only then looked into.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { HunterError } from '../../domain/errors.ts'
import { readToEnd } from '../../runtime/read-to-end.ts'
import { codeOf } from '../files.ts'
import { type BundleParts, maxBundleBytes, signedBytes, splitBundle, tooLarge } from './container.ts'
import type { BundleContent } from './content.ts'
import { isSignedBy } from './keys.ts'
import { readPayload } from './payload.ts'
import type { Trust, TrustedKey } from './trust.ts'

/** A bundle that may be used. */
export interface OpenedBundle {
  readonly content: BundleContent
  /** Of the whole file, hex. */
  readonly sha256: string
  /** Trusted keys that signed it; at least one. */
  readonly signedBy: readonly TrustedKey[]
}

/** What the opening depends on beside the bytes. */
export interface OpenContext {
  /** As messages show it. */
  readonly file: string
  readonly trust: Trust
  /** Unix seconds; a bundle that expires at or before it is refused. */
  readonly now: number
  /** Whether this program has checked these very bytes before. */
  readonly isChecked?: boolean
}

/** Opens a bundle. Throws one of the `bundle_...` errors. */
export async function openBundle(bytes: Uint8Array, context: OpenContext): Promise<OpenedBundle> {
  const { file, trust, now, isChecked = false } = context
  const parts = splitBundle(bytes, file)
  const signedBy = signers(parts, trust, file)
  const content = await readPayload(parts.payload, file, isChecked)
  refuseExpired(content, file, now)
  return { content, sha256: digestOf(bytes), signedBy }
}

/** Trusted keys that signed the payload. Throws `bundle_unknown_key`, or `bundle_signature` if any of them did not. */
export function signers({ signatures, payload }: BundleParts, trust: Trust, file: string): readonly TrustedKey[] {
  const known = signatures.flatMap(({ keyId, signature }) => {
    const key = trust.keys.get(keyId)
    return key === undefined ? [] : [{ key, signature }]
  })
  if (known.length === 0) {
    const ids = signatures.map(({ keyId }) => keyId.slice(0, 16)).join(', ')
    const trusted = [...trust.keys.values()].map(({ id, name }) => `${name} ${id.slice(0, 16)}`)
    const why = trust.problems.length > 0 ? `; not trusted: ${trust.problems.join('; ')}` : ''
    const message = `cannot use bundle ${file}: it is signed by key ${ids}; trusted are ${trusted.join(', ') || 'none'}${why}`
    throw new HunterError('bundle_unknown_key', message)
  }
  const message = signedBytes(
    signatures.map(({ keyId }) => keyId),
    payload,
  )
  for (const { key, signature } of known) {
    if (isSignedBy(message, key, signature)) continue
    const name = `${key.name} (${key.id.slice(0, 16)})`
    throw new HunterError('bundle_signature', `cannot use bundle ${file}: its signature is not that of key ${name}`)
  }
  return known.map(({ key }) => key)
}

/** Throws `bundle_expired` when its time is over. */
export function refuseExpired({ expires }: Pick<BundleContent, 'expires'>, file: string, now: number): void {
  if (expires === undefined || now < expires) return
  const [over, is] = [expires, now].map((seconds) => new Date(seconds * 1000).toISOString())
  throw new HunterError('bundle_expired', `cannot use bundle ${file}: it expired at ${over}; it is ${is}`)
}

/** The bytes of a bundle file, at most as many as a bundle may have. Throws `bundle_damaged` or `bundle_too_large`. */
export function readBundleFile(path: string, mayBeLink: boolean): Uint8Array {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (mayBeLink ? 0 : (constants.O_NOFOLLOW ?? 0))
  let handle: number
  try {
    handle = openSync(path, flags)
  } catch (cause) {
    throw new HunterError('bundle_damaged', `cannot read bundle ${path} (${codeOf(cause)})`, { cause })
  }
  try {
    return readAll(handle, path)
  } catch (cause) {
    if (cause instanceof HunterError) throw cause
    throw new HunterError('bundle_damaged', `cannot read bundle ${path} (${codeOf(cause)})`, { cause })
  } finally {
    closeSync(handle)
  }
}

/** SHA-256 of bytes, hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function readAll(handle: number, path: string): Uint8Array {
  const found = fstatSync(handle)
  const { size } = found
  if (!found.isFile()) throw new HunterError('bundle_damaged', `cannot read bundle ${path}: no regular file`)
  if (size > maxBundleBytes) throw tooLarge(path)
  const bytes = readToEnd(handle, size)
  if (!bytes) throw new HunterError('bundle_damaged', `cannot read bundle ${path}: it grows while it is read`)
  return bytes
}
