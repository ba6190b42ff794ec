/**
 * Files that a Chromium browser or an Electron app keeps beside its databases: LevelDB, caches, network state.
 */

import { webkit } from './browser-stores.ts'
import { be, join, le, zeros } from './byte-writer.ts'

/** Packs with snappy: runs of four bytes and more that came within the last 2 KiB become copies, the rest literals. */
export function snappy(bytes: Uint8Array): Uint8Array {
  const out: Uint8Array[] = [leb(bytes.length)]
  let literal = 0
  const flush = (end: number) => {
    for (let at = literal; at < end; at += 60) {
      const piece = bytes.subarray(at, Math.min(at + 60, end))
      out.push(Uint8Array.of((piece.length - 1) << 2), piece)
    }
  }
  for (let at = 0; at + 4 <= bytes.length; ) {
    const earlier = Buffer.from(bytes).lastIndexOf(bytes.subarray(at, at + 4), at - 1)
    if (at === 0 || earlier < 0 || at - earlier > 2047) {
      at += 1
      continue
    }
    let length = 4
    while (length < 11 && at + length < bytes.length && bytes[earlier + length] === bytes[at + length]) length += 1
    flush(at)
    const back = at - earlier
    out.push(Uint8Array.of(((back >> 8) << 5) | ((length - 4) << 2) | 1, back & 0xff))
    at += length
    literal = at
  }
  flush(bytes.length)
  return join(...out)
}

/** A number of LevelDB. */
export function leb(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** A table of LevelDB with blocks of so many entries each, packed or not. */
export function levelTable(
  entries: readonly (readonly [key: string, value: Uint8Array | string])[],
  isPacked: boolean,
): Uint8Array {
  const file: Uint8Array[] = []
  let size = 0
  const addBlock = (content: Uint8Array, packed: boolean) => {
    const stored = packed ? snappy(content) : content
    const at = size
    file.push(stored, Uint8Array.of(packed ? 1 : 0), zeros(4))
    size += stored.length + 5
    return join(leb(at), leb(stored.length))
  }
  const handles: [string, Uint8Array][] = []
  for (let at = 0; at < entries.length; at += 3) {
    const some = entries.slice(at, at + 3)
    handles.push([some.at(-1)?.[0] ?? '', addBlock(blockOf(some), isPacked)])
  }
  const metaindex = addBlock(blockOf([]), false)
  const index = addBlock(blockOf(handles), false)
  const handlesOf = join(metaindex, index)
  return join(...file, handlesOf, zeros(40 - handlesOf.length), le(0xdb4775248b80fb57n, 8))
}

/** Entries whose keys leave out what they share with the one before. */
function blockOf(entries: readonly (readonly [string, Uint8Array | string])[]): Uint8Array {
  let last = ''
  const parts = entries.map(([key, value]) => {
    let shared = 0
    while (shared < last.length && shared < key.length && last[shared] === key[shared]) shared += 1
    last = key
    const content = join(value)
    return join(leb(shared), leb(key.length - shared), leb(content.length), key.slice(shared), content)
  })
  return join(...parts, le(0, 4), le(1, 4))
}

/** A log of LevelDB; records that do not fit into a block of 32 KiB continue in the next. */
export function levelLog(records: readonly (Uint8Array | string)[]): Uint8Array {
  const out: Uint8Array[] = []
  let size = 0
  for (const record of records) {
    let rest: Uint8Array = join(record)
    for (let isFirst = true; isFirst || rest.length > 0; isFirst = false) {
      const left = 32768 - (size % 32768)
      if (left < 7) {
        out.push(zeros(left))
        size += left
        continue
      }
      const piece = rest.subarray(0, left - 7)
      rest = rest.subarray(piece.length)
      const type = isFirst ? (rest.length === 0 ? 1 : 2) : rest.length === 0 ? 4 : 3
      out.push(zeros(4), le(piece.length, 2), Uint8Array.of(type), piece)
      size += 7 + piece.length
      if (rest.length === 0) break
    }
  }
  return join(...out)
}

/** An entry of the cache as a file. */
export function simpleCacheEntry(key: string): Uint8Array {
  return join(le(0xfcfb6d1ba7725c30n, 8), le(5, 4), le(key.length, 4), le(0, 8), key, 'HTTP/1.1 200 OK\0', zeros(20))
}

/** A file of blocks of the cache; keys take as many blocks as they need. */
export function blockCacheFile(entries: readonly { readonly key: string; readonly created: number }[]): Uint8Array {
  const blocks = entries.map(({ key, created }) => {
    const head = join(zeros(24), le(webkit(created), 8), le(key.length, 4), zeros(60))
    const entry = join(head, key)
    return join(entry, zeros(256 - (entry.length % 256)))
  })
  const header = join(le(0xc104cac3, 4), le(0x20000, 4), le(1, 2), le(2, 2), le(256, 4), le(entries.length, 4))
  return join(header, zeros(8192 - header.length), ...blocks)
}

/** Chromium's network state; servers with an alternative service that expires. */
export function networkState(servers: readonly string[], expires: number): string {
  return JSON.stringify({
    net: {
      http_server_properties: {
        broken_alternative_services: [],
        servers: servers.map((server) => ({
          alternative_service: [
            { advertised_alpns: ['h3'], expiration: String(webkit(expires)), port: 443, protocol_str: 'quic' },
          ],
          anonymization: ['JAAAAB4AAABodHRwczovL29mZmljZWFkZG9ucy5leGFtcGxl', false],
          network_stats: { srtt: 21043 },
          server,
        })),
        version: 5,
      },
      network_qualities: { CAESABiAgICA: '4G' },
    },
  })
}

/** Safari's list of downloads, in XML. */
export function safariDownloadsXml(
  downloads: readonly { readonly url: string; readonly path: string; readonly added: string }[],
): string {
  const entries = downloads.map(
    ({ url, path, added }, at) => `<dict><key>DownloadEntryIdentifier</key><string>ID-${at}</string>
<key>DownloadEntryURL</key><string>${url}</string><key>DownloadEntryPath</key><string>${path}</string>
<key>DownloadEntryDateAddedKey</key><date>${added}</date><key>DownloadEntryProgressTotalToLoad</key><integer>10</integer></dict>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>DownloadHistory</key><array>${entries.join('')}</array></dict></plist>`
}

/** A date of a binary property list; unix seconds. */
export function plistDate(seconds: number): Uint8Array {
  const value = new DataView(new ArrayBuffer(8))
  value.setFloat64(0, seconds - 978_307_200)
  return join(Uint8Array.of(0x33), be(value.getBigUint64(0), 8))
}
