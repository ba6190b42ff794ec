/**
 * The write-ahead log beside a database: pages that were committed and not yet moved into it.
 *
 * A browser that runs keeps its newest rows here, and opening the pair with SQLite would write to both. So committed
 * frames are laid over a copy in memory. A frame counts when its salts are those of the log's header, its running checksum
 * is right and a commit follows: what is behind is left over from before the last reset, or half written.
 * https://sqlite.org/fileformat2.html#the_write_ahead_log
 */
import { isPageSize, viewOf } from './header.ts'

const headerLength = 32
const frameHeader = 24

/** What came of it. */
export interface AppliedLog {
  /** The database; the same bytes when nothing was committed. */
  readonly bytes: Uint8Array
  /** Frames laid over it. */
  readonly frames: number
  /** Why nothing could be read of a log that is not empty. */
  readonly problem?: string
}

interface Frame {
  readonly page: number
  /** Of the page's bytes in the log. */
  readonly at: number
}

/** Lays the committed frames over a database; `maxBytes` bounds what it may grow to. */
export function applyLog(database: Uint8Array, log: Uint8Array, maxBytes: number): AppliedLog {
  if (log.length < headerLength) return { bytes: database, frames: 0 }
  const view = viewOf(log)
  const pageSize = view.getUint32(8)
  const magic = view.getUint32(0)
  if ((magic & ~1) !== 0x377f0682 || view.getUint32(4) !== 3007000 || !isPageSize(pageSize)) {
    return { bytes: database, frames: 0, problem: 'its write-ahead log has no header of one' }
  }
  const { frames, pages } = committed(log, pageSize, magic === 0x377f0682)
  if (frames.length === 0) return { bytes: database, frames: 0 }
  if (pages * pageSize > maxBytes) {
    return { bytes: database, frames: 0, problem: `its write-ahead log states ${pages} pages of ${pageSize} bytes` }
  }
  const bytes = new Uint8Array(pages * pageSize)
  bytes.set(database.subarray(0, bytes.length))
  for (const { page, at } of frames) {
    if (page <= pages) bytes.set(log.subarray(at, at + pageSize), (page - 1) * pageSize)
  }
  return { bytes, frames: frames.length }
}

/** Frames up to the last commit, and the pages the database has after it. */
function committed(log: Uint8Array, pageSize: number, isLittle: boolean): { frames: Frame[]; pages: number } {
  const view = viewOf(log)
  const frames: Frame[] = []
  let count = 0
  let pages = 0
  let sum = checksum(view, 0, 24, isLittle, [0, 0])
  if (sum[0] !== view.getUint32(24) || sum[1] !== view.getUint32(28)) return { frames, pages }
  for (let at = headerLength; at + frameHeader + pageSize <= log.length; at += frameHeader + pageSize) {
    if (view.getUint32(at + 8) !== view.getUint32(16) || view.getUint32(at + 12) !== view.getUint32(20)) break
    sum = checksum(view, at, 8, isLittle, sum)
    sum = checksum(view, at + frameHeader, pageSize, isLittle, sum)
    if (sum[0] !== view.getUint32(at + 16) || sum[1] !== view.getUint32(at + 20)) break
    const page = view.getUint32(at)
    if (page === 0) break
    frames.push({ page, at: at + frameHeader })
    const size = view.getUint32(at + 4)
    if (size > 0) {
      count = frames.length
      pages = size
    }
  }
  return { frames: frames.slice(0, count), pages }
}

function checksum(
  view: DataView,
  at: number,
  length: number,
  isLittle: boolean,
  sum: [number, number],
): [number, number] {
  let [first, second] = sum
  for (let i = at; i < at + length; i += 8) {
    first = (first + view.getUint32(i, isLittle) + second) >>> 0
    second = (second + view.getUint32(i + 4, isLittle) + first) >>> 0
  }
  return [first, second]
}
