/**
 * The part of the kernel's FUSE protocol that a file system of a few synthetic files needs, as bytes.
 *
 * Layouts are those of protocol 7.31 (include/uapi/linux/fuse.h), little-endian, which every kernel since 5.4 speaks. No
 * library is used, so that a lie about a file is written just as it is meant.
 */

/** Requests that are answered; all others get ENOSYS. */
export const opcodes = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  readlink: 5,
  open: 14,
  read: 15,
  statfs: 17,
  release: 18,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
} as const

/** Longest request that is read: no write is ever asked for. */
export const requestBytes = 0x21000

/** One request. */
export interface FuseRequest {
  readonly opcode: number
  readonly unique: bigint
  readonly node: bigint
  readonly body: Buffer
}

/** Takes a request apart; `bytes` is what one read of the device gave. */
export function parseRequest(bytes: Buffer): FuseRequest {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    node: bytes.readBigUInt64LE(16),
    body: bytes.subarray(40, bytes.readUInt32LE(0)),
  }
}

/** An answer: a body, or an error number. */
export function answer(unique: bigint, body: Uint8Array, errno = 0): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(16 + body.length, 0)
  head.writeInt32LE(-errno, 4)
  head.writeBigUInt64LE(unique, 8)
  return Buffer.concat([head, body])
}

/** What a file says of itself. */
export interface Attributes {
  readonly inode: bigint
  /** File type and permissions, as in `struct stat`. */
  readonly mode: number
  readonly size: bigint
  /** Seconds since 1970. */
  readonly mtime: bigint
  readonly ctime: bigint
}

function attributes({ inode, mode, size, mtime, ctime }: Attributes): Buffer {
  const out = Buffer.alloc(88)
  for (const [at, value] of [inode, size, (size + 511n) / 512n, mtime, mtime, ctime].entries())
    out.writeBigUInt64LE(value, at * 8)
  out.writeUInt32LE(mode, 60)
  out.writeUInt32LE(1, 64) // links
  out.writeUInt32LE(4096, 80)
  return out
}

/** The answer to a look-up. Nothing may be remembered of it: the next look asks again. */
export function entryBody(found: Attributes): Buffer {
  const head = Buffer.alloc(40)
  head.writeBigUInt64LE(found.inode, 0)
  return Buffer.concat([head, attributes(found)])
}

/** The answer to a question for attributes; nothing may be remembered of it. */
export function attributesBody(found: Attributes): Buffer {
  return Buffer.concat([Buffer.alloc(16), attributes(found)])
}

/** The answer to an opening. Direct: every read comes to us, whatever the size says. */
export function openBody(): Buffer {
  const out = Buffer.alloc(16)
  out.writeUInt32LE(1, 8)
  return out
}

/** The answer to the greeting. */
export function initBody(): Buffer {
  const out = Buffer.alloc(64)
  out.writeUInt32LE(7, 0)
  out.writeUInt32LE(31, 4)
  out.writeUInt32LE(0x20000, 8) // read ahead
  out.writeUInt16LE(12, 16) // requests in the background
  out.writeUInt16LE(9, 18)
  out.writeUInt32LE(0x20000, 20) // longest write
  out.writeUInt32LE(1, 24) // nanoseconds of a tick
  return out
}

/** One name in a listing; `next` is what the kernel asks for to go on behind it. */
export function directoryEntry(inode: bigint, next: bigint, type: number, name: Uint8Array): Buffer {
  const out = Buffer.alloc((24 + name.length + 7) & ~7)
  out.writeBigUInt64LE(inode, 0)
  out.writeBigUInt64LE(next, 8)
  out.writeUInt32LE(name.length, 16)
  out.writeUInt32LE(type, 20)
  out.set(name, 24)
  return out
}

/** Where a read begins, and how many bytes are asked for. */
export function readRange(body: Buffer): { readonly offset: bigint; readonly size: number } {
  return { offset: body.readBigUInt64LE(8), size: body.readUInt32LE(16) }
}
