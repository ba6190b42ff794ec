/**
 * The outside of an indicator bundle: which bytes are signed, by whom, and where they end.
 *
 *     threecx-indicator-bundle 1
 *     payload <bytes, decimal>
 *     signature <key id, 64 hex> <signature, 128 hex>      one to eight, by ascending key id
 *                                                          an empty line
 *     <the payload>                                        to the end of the file
 *
 * There is one way to write a bundle down: lower-case hex, no leading zeros, nothing behind the payload. What is signed
 * are the bytes of the payload as they are, behind the ids of all keys and a prefix that no other thing we sign begins
 * with. Nothing here looks inside the payload: that is read only after its signature was verified.
 */
import { HunterError } from '../../domain/errors.ts'

/** A signature as written in a bundle. */
export interface BundleSignature {
  /** SHA-256 of the raw public key, hex. */
  readonly keyId: string
  readonly signature: Uint8Array
}

/** A bundle taken apart, nothing of it verified. */
export interface BundleParts {
  readonly signatures: readonly BundleSignature[]
  readonly payload: Uint8Array
}

/**
 * Bytes of a whole bundle; some twenty thousand digests fit. The extension's tables have 96 MB of heap, in which two
 * generations of indicators and a text that is read must find room.
 */
export const maxBundleBytes = 4 << 20

const maxSignatures = 8
const first = 'threecx-indicator-bundle '
/** Longer than the longest header: eight signatures of 204 bytes and two short lines. */
const maxHeaderBytes = 2048
const header =
  /^threecx-indicator-bundle 1\npayload ([1-9][0-9]{0,8})\n((?:signature [0-9a-f]{64} [0-9a-f]{128}\n){1,8})\n/
const domain = Buffer.from('threecx-hunter indicator bundle, format 1\0', 'latin1')

/** The bytes that every key signs: what they are, who signs, and the payload. */
export function signedBytes(keyIds: readonly string[], payload: Uint8Array): Uint8Array {
  return Buffer.concat([domain, Buffer.from(`${[...keyIds].sort().join('\n')}\n\n`, 'latin1'), payload])
}

/** A bundle as bytes. */
export function joinBundle({ signatures, payload }: BundleParts): Uint8Array {
  if (signatures.length === 0 || signatures.length > maxSignatures) {
    throw new HunterError('usage', `${signatures.length} keys; expected 1 to ${maxSignatures}`)
  }
  const lines = [...signatures]
    .sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
    .map(({ keyId, signature }) => `signature ${keyId} ${Buffer.from(signature).toString('hex')}\n`)
  return Buffer.concat([Buffer.from(`${first}1\npayload ${payload.length}\n${lines.join('')}\n`, 'latin1'), payload])
}

/** Takes a bundle apart. `file` is for messages. Throws `bundle_damaged`, `bundle_too_large` or `bundle_too_new`. */
export function splitBundle(bytes: Uint8Array, file: string): BundleParts {
  if (bytes.length > maxBundleBytes) throw tooLarge(file)
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, maxHeaderBytes)).toString('latin1')
  const found = header.exec(head)
  if (!found) throw unreadable(head, file)
  const [{ length: headLength }, length = '', lines = ''] = found
  const payload = bytes.subarray(headLength)
  if (payload.length !== Number(length)) {
    const what = payload.length < Number(length) ? 'it is truncated' : 'something follows the payload'
    throw damaged(file, `${what}: ${payload.length} bytes of payload; expected ${length}`)
  }
  const signatures = lines.trimEnd().split('\n').map(signatureOf)
  for (const [at, { keyId }] of signatures.entries()) {
    const before = signatures[at - 1]
    if (before && before.keyId >= keyId) throw damaged(file, 'its signatures are not in ascending order of their keys')
  }
  return { signatures, payload }
}

/** A refusal of a file that is too large. */
export function tooLarge(file: string): HunterError {
  return new HunterError(
    'bundle_too_large',
    `cannot use bundle ${file}: it has more than ${maxBundleBytes} bytes; expected at most that`,
  )
}

function signatureOf(line: string): BundleSignature {
  const [, keyId = '', signature = ''] = line.split(' ')
  return { keyId, signature: Buffer.from(signature, 'hex') }
}

function unreadable(head: string, file: string): HunterError {
  const format = /^threecx-indicator-bundle ([1-9][0-9]{0,3})\n/.exec(head)?.[1]
  if (format !== undefined && format !== '1') {
    return new HunterError('bundle_too_new', `cannot use bundle ${file}: it is of format ${format}; expected 1`)
  }
  const begun = head.slice(0, first.length)
  if (!first.startsWith(begun)) return damaged(file, `it does not begin with ${JSON.stringify(first)}: no bundle`)
  return damaged(file, 'its header is truncated or changed')
}

function damaged(file: string, what: string): HunterError {
  return new HunterError('bundle_damaged', `cannot use bundle ${file}: ${what}`)
}
