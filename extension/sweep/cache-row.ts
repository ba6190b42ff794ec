/**
 * One row of the hash cache: how digests become bytes, and the checksum that says they are still what was written.
 */
import { crc32 } from 'node:zlib'
import { type DigestAlgorithm, digestAlgorithms } from '../domain/observable.ts'
import type { FileIdentity } from '../native/engine.ts'

/** Digests as bytes; undefined where none was computed. */
export type Blobs = Readonly<Record<DigestAlgorithm, Uint8Array | undefined>>

/** A column that may be NULL. */
export function blob(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

/** Digests as they are stored. */
export function blobsOf(digests: Readonly<Partial<Record<DigestAlgorithm, string>>>): Blobs {
  const unhex = (hex: string | undefined) => (hex === undefined ? undefined : Uint8Array.from(Buffer.from(hex, 'hex')))
  return { sha256: unhex(digests.sha256), sha1: unhex(digests.sha1), md5: unhex(digests.md5) }
}

/** Digests as they are used. */
export function hexDigests(blobs: Blobs): Partial<Record<DigestAlgorithm, string>> {
  const out: Partial<Record<DigestAlgorithm, string>> = {}
  for (const algorithm of digestAlgorithms) {
    const bytes = blobs[algorithm]
    if (bytes) out[algorithm] = Buffer.from(bytes).toString('hex')
  }
  return out
}

/** Inode numbers are unsigned 64-bit, SQLite integers signed. */
export function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value)
}

/** Over everything a row says; it differs when a bit of the row was lost. */
export function checksum(identity: FileIdentity, head: Uint8Array, blobs: Blobs): number {
  const { dev, ino, size, mtimeNs, ctimeNs } = identity
  let sum = crc32(`${dev},${ino},${size},${mtimeNs},${ctimeNs}`)
  for (const part of [head, blobs.sha256, blobs.sha1, blobs.md5]) sum = crc32(part ?? '-', sum)
  return sum
}
