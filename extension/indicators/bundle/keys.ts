/**
 * Ed25519 keys of indicator bundles: from and to the PEM that openssl writes, what identifies one, signing, verifying.
 *
 * A public key file is read by hand and in one spelling only, so that no parser meets what somebody put among the
 * trusted keys. Points of small order are refused: with one of those as key, anybody can sign anything. Verification
 * itself is node's. https://www.rfc-editor.org/rfc/rfc8032 https://www.rfc-editor.org/rfc/rfc8410
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { HunterError } from '../../domain/errors.ts'
import { type BundleSignature, signedBytes } from './container.ts'

/** A public key that may have signed a bundle. */
export interface PublicKey {
  /** SHA-256 of the 32 bytes of the key, hex. */
  readonly id: string
  readonly key: KeyObject
}

/** DER of a SubjectPublicKeyInfo up to the 32 bytes of an Ed25519 key. */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const publicPem = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/]{59}=)\r?\n-----END PUBLIC KEY-----\s*$/

/** 2^255 - 19: a coordinate at or above it is a second spelling of a smaller one. */
const prime = 2n ** 255n - 19n

/** y of a point of order 8; the other one is its negative. */
const orderEight = 2707385501144840649318225287225658788936804267575313519463743609750303402022n

/** y of the points whose order divides 8: 1, -1, 0, and the two of order 8. */
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, prime - 1n, orderEight, prime - orderEight])

/** A key from the text of its file. `file` is for messages. Throws `trust_unusable`. */
export function readPublicKey(text: string, file: string): PublicKey {
  const refuse = (what: string) => new HunterError('trust_unusable', `cannot trust key ${file}: ${what}`)
  if (text.includes('PRIVATE KEY'))
    throw refuse('it is a private key; expected the public one, which is told apart by its name')
  const der = Buffer.from(publicPem.exec(text)?.[1] ?? '', 'base64')
  if (der.length !== publicPrefix.length + 32 || !der.subarray(0, publicPrefix.length).equals(publicPrefix)) {
    throw refuse('it is no Ed25519 public key; expected one PEM block as threecx indicators keygen writes it')
  }
  const raw = der.subarray(publicPrefix.length)
  const why = unfitPoint(raw)
  if (why !== undefined) throw refuse(why)
  return { id: keyId(raw), key: createPublicKey({ key: der, format: 'der', type: 'spki' }) }
}

/** A private key from the text of its file. Throws `trust_unusable`. */
export function readPrivateKey(text: string, file: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch (cause) {
    const message = `cannot sign with ${file}: it is no private key in PEM without a passphrase`
    throw new HunterError('trust_unusable', message, { cause })
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  throw new HunterError('trust_unusable', `cannot sign with ${file}: it is ${key.asymmetricKeyType}; expected Ed25519`)
}

/** The public half of a private key. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const publicKey = createPublicKey(key)
  return { id: keyId(rawOf(publicKey)), key: publicKey }
}

/** A new pair, as the texts of its two files. */
export function newKeyPair(): { readonly privatePem: string; readonly publicPem: string; readonly id: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    id: keyId(rawOf(publicKey)),
  }
}

/** Signs a payload with every key. */
export function signPayload(payload: Uint8Array, keys: readonly KeyObject[]): BundleSignature[] {
  const signers = keys.map((key) => ({ keyId: publicKeyOf(key).id, key }))
  const message = signedBytes(
    signers.map(({ keyId }) => keyId),
    payload,
  )
  return signers.map(({ keyId, key }) => ({ keyId, signature: sign(null, message, key) }))
}

/** Whether a signature of a bundle is this key's. */
export function isSignedBy(message: Uint8Array, { key }: PublicKey, signature: Uint8Array): boolean {
  return verify(null, message, key, signature)
}

/** Why the bytes of a key are not fit to trust, or undefined. */
export function unfitPoint(raw: Uint8Array): string | undefined {
  const littleEndian = Buffer.from(raw).reverse()
  const y = BigInt(`0x${littleEndian.toString('hex')}`) & (2n ** 255n - 1n)
  if (y >= prime) return 'its point is not written in the one canonical way'
  return smallOrder.has(y) ? 'its point has small order: anybody could sign with it' : undefined
}

function rawOf(key: KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' }).subarray(publicPrefix.length)
}

function keyId(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex')
}
