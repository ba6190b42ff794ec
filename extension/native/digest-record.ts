/**
 * What was read of one file, as bytes: how the add-on answers, what the cache keeps, and what most files are dropped by.
 *
 * Numbers are little-endian: device, inode, size, mtime and ctime of 64 bits each (times signed, nanoseconds since 1970);
 * a byte of digests that follow (1 SHA-256, 2 SHA-1, 4 MD5); the length of the head; the head, filled with zeros; the
 * digests in that order. binding/src/record.rs writes the same.
 */
import { headLength } from '../domain/file-kind.ts'
import { type DigestAlgorithm, digestAlgorithms } from '../domain/observable.ts'
import type { DigestedFile, FileIdentity } from './engine.ts'

/** Bytes that say which state of which file it is. */
export const identityLength = 40

const headAt = identityLength + 2
const digestsAt = headAt + headLength

/** Bytes of each digest. */
export const digestLengths: Readonly<Record<DigestAlgorithm, number>> = { sha256: 32, sha1: 20, md5: 16 }

/** The bytes of a state: equal for equal states only. */
export function identityBytes({ dev, ino, size, mtimeNs, ctimeNs }: FileIdentity): Buffer {
  const bytes = Buffer.allocUnsafe(identityLength)
  writeIdentity(bytes, dev, ino, size, mtimeNs, ctimeNs)
  return bytes
}

function writeIdentity(out: Buffer, dev: bigint, ino: bigint, size: number, mtimeNs: bigint, ctimeNs: bigint): void {
  out.writeBigUInt64LE(dev, 0)
  out.writeBigUInt64LE(ino, 8)
  out.writeBigUInt64LE(BigInt(size), 16)
  out.writeBigInt64LE(mtimeNs, 24)
  out.writeBigInt64LE(ctimeNs, 32)
}

/** The record of a digested file. */
export function digestRecord({ identity, head, digests }: DigestedFile): Buffer {
  const present = digestAlgorithms.filter((name) => digests[name] !== undefined)
  const out = Buffer.alloc(digestsAt + present.reduce((sum, name) => sum + digestLengths[name], 0))
  writeIdentity(out, identity.dev, identity.ino, identity.size, identity.mtimeNs, identity.ctimeNs)
  out[identityLength] = present.reduce((bits, name) => bits | bitOf(name), 0)
  out[identityLength + 1] = head.length
  out.set(head, headAt)
  let at = digestsAt
  for (const name of present) at += out.write(digests[name] ?? '', at, 'hex')
  return out
}

/** The state that a record is of. */
export function recordIdentity(record: Buffer): FileIdentity {
  return {
    dev: record.readBigUInt64LE(0),
    ino: record.readBigUInt64LE(8),
    size: Number(record.readBigUInt64LE(16)),
    mtimeNs: record.readBigInt64LE(24),
    ctimeNs: record.readBigInt64LE(32),
  }
}

/** The head in it; a view. */
export function recordHead(record: Buffer): Uint8Array {
  return new Uint8Array(record.buffer, record.byteOffset + headAt, record[identityLength + 1] ?? 0)
}

/** Its digests in hex. */
export function recordDigests(record: Buffer): Partial<Record<DigestAlgorithm, string>> {
  const digests: Partial<Record<DigestAlgorithm, string>> = {}
  for (const name of digestAlgorithms) {
    const at = digestAt(record, name)
    if (at !== undefined) digests[name] = record.toString('hex', at, at + digestLengths[name])
  }
  return digests
}

/** Where a digest begins in a record; undefined: it is not there. */
export function digestAt(record: Uint8Array, wanted: DigestAlgorithm): number | undefined {
  const present = record[identityLength] ?? 0
  if ((present & bitOf(wanted)) === 0) return undefined
  let at = digestsAt
  for (const name of digestAlgorithms) {
    if (name === wanted) return at
    if ((present & bitOf(name)) !== 0) at += digestLengths[name]
  }
  return undefined
}

/** The number of an algorithm in sets of them, here and in requests. */
export function bitOf(name: DigestAlgorithm): number {
  return 1 << digestAlgorithms.indexOf(name)
}
