/**
 * What Chromium's disk caches were asked for: the key of an entry is the address, behind those of the sites it was for.
 *
 * Two formats: a file per entry on Linux and macOS (`<hash>_0`), files of blocks on Windows (`data_1`). Bodies are not
 * looked at.
 * https://www.chromium.org/developers/design-documents/network-stack/disk-cache/
 */
import { viewOf } from '../sqlite/header.ts'

/** One entry. */
export interface CacheEntry {
  readonly offset: number
  /** The address alone. */
  readonly address: string
  /** Microseconds since 1601, where the entry has it. */
  readonly created?: bigint
}

const simpleMagic = 0xfcfb6d1ba7725c30n
const simpleHeader = 24
const blockMagic = 0xc104cac3
const blockHeader = 8192
const blockSize = 256
const keyAt = 96
/** Four blocks at most; a longer key lies in a file of its own. */
const maxKey = 4 * blockSize - keyAt
const maxSimpleKey = 64 << 10

const latin1 = new TextDecoder('latin1')

/** Whether a file is an entry by itself. */
export function isSimpleEntry(head: Uint8Array): boolean {
  return head.length >= simpleHeader && viewOf(head).getBigUint64(0, true) === simpleMagic
}

/** Whether a file holds blocks of entries. */
export function isBlockFile(head: Uint8Array): boolean {
  return head.length >= 16 && viewOf(head).getUint32(0, true) === blockMagic
}

/** Bytes of a simple entry that hold its key. */
export const simpleEntryBytes = simpleHeader + maxSimpleKey

/** The entry that a file is; undefined when it is damaged. */
export function simpleEntry(bytes: Uint8Array): CacheEntry | undefined {
  if (!isSimpleEntry(bytes)) return undefined
  const length = viewOf(bytes).getUint32(12, true)
  if (length === 0 || length > maxSimpleKey || simpleHeader + length > bytes.length) return undefined
  return { offset: simpleHeader, address: addressOf(bytes.subarray(simpleHeader, simpleHeader + length)) }
}

/** Entries in a file of blocks, those that were given up included. */
export function* blockEntries(bytes: Uint8Array): Generator<CacheEntry> {
  if (!isBlockFile(bytes) || bytes.length < blockHeader || viewOf(bytes).getUint32(12, true) !== blockSize) return
  const view = viewOf(bytes)
  for (let at = blockHeader; at + blockSize <= bytes.length; at += blockSize) {
    const length = view.getInt32(at + 32, true)
    if (length < 8 || length > maxKey || at + keyAt + length > bytes.length) continue
    const address = addressOf(bytes.subarray(at + keyAt, at + keyAt + length))
    if (/^[a-z]+:\/\//i.test(address)) yield { offset: at, address, created: view.getBigUint64(at + 24, true) }
  }
}

/** `1/0/_dk_https://site https://site https://address`: the last word, without what stands before its scheme. */
function addressOf(key: Uint8Array): string {
  const word = latin1.decode(key).split(' ').at(-1) ?? ''
  const scheme = /(?:https?|wss?|ftp):\/\//i.exec(word)
  return scheme ? word.slice(scheme.index) : word
}
