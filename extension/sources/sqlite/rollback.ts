/**
 * The rollback journal beside a database: pages as they were before a transaction that has not ended.
 *
 * While a browser writes, or after it was killed, the database holds half of a transaction and the journal the other
 * half of the truth. The pages are put back in the copy in memory; the files stay as they are. A journal that ended
 * well is empty, gone, or begins with zeros.
 * https://sqlite.org/fileformat2.html#the_rollback_journal
 */
import { isPageSize, viewOf } from './header.ts'

const magic = Uint8Array.of(0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7)
const headerLength = 28

/** Whether the first bytes are those of a journal that is still needed. */
export function isHotJournal(head: Uint8Array): boolean {
  return magic.every((byte, at) => head[at] === byte)
}

/** The database before the open transaction, and the pages put back. Records whose checksum is wrong end it. */
export function rollBack(
  database: Uint8Array,
  journal: Uint8Array,
  maxBytes: number,
): { readonly bytes: Uint8Array; readonly pages: number } {
  let bytes = database
  let pages = 0
  const view = viewOf(journal)
  for (let at = 0; at + headerLength <= journal.length && isHotJournal(journal.subarray(at)); ) {
    const pageSize = view.getUint32(at + 24)
    const sector = view.getUint32(at + 20)
    const before = view.getUint32(at + 16)
    const isSound = isPageSize(pageSize) && sector >= 32 && sector <= 65536 && before * pageSize <= maxBytes
    if (!isSound) break
    if (at === 0) {
      bytes = new Uint8Array(before * pageSize)
      bytes.set(database.subarray(0, bytes.length))
    }
    const record = pageSize + 8
    const fits = Math.floor(Math.max(0, journal.length - at - sector) / record)
    const stated = view.getUint32(at + 8)
    const count = stated === 0xffffffff ? fits : Math.min(fits, stated)
    let offset = at + sector
    for (let i = 0; i < count; i++, offset += record) {
      const page = view.getUint32(offset)
      const content = journal.subarray(offset + 4, offset + 4 + pageSize)
      if (page === 0 || checksum(content, view.getUint32(at + 12)) !== view.getUint32(offset + 4 + pageSize)) {
        return { bytes, pages }
      }
      if (page <= before) {
        bytes.set(content, (page - 1) * pageSize)
        pages += 1
      }
    }
    at = Math.ceil(offset / sector) * sector
  }
  return { bytes, pages }
}

/** Every 200th byte from the end, added to the journal's nonce. */
function checksum(page: Uint8Array, nonce: number): number {
  let sum = nonce
  for (let at = page.length - 200; at > 0; at -= 200) sum = (sum + (page[at] ?? 0)) >>> 0
  return sum
}
