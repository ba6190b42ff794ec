/**
 * A file as a decoder sees it: a size, and bytes at an offset.
 *
 * Decoders of large formats read a few kilobytes of files of a hundred megabytes, so they are given this and not a
 * buffer. Engines, disk images and tests each implement it; nothing here opens, closes or caches.
 */

/** A file that can be read at any offset. */
export interface RandomAccess {
  /** Size in bytes when the file was opened. */
  readonly size: number
  /**
   * Up to `length` bytes at `offset`. Fewer (or none) at the end of the file, which is no error. Rejects only when
   * the system cannot read; decoders let that rejection through, because it says nothing about the content.
   */
  read(offset: number, length: number): Promise<Uint8Array>
}
