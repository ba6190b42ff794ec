/**
 * Batches of the add-on, pulled one by one until there are no more or nobody wants them.
 */

/** Something of the add-on that gives batches. */
export interface NativeBatches {
  /** The next batch; null after the last, or when it was cancelled. */
  next(): Promise<Uint8Array | null>
  cancel(): void
}

/** Every batch, decoded. Ends the work in the add-on however it ends here; rejects with the signal's reason. */
export async function* pulled<T>(
  native: NativeBatches,
  decode: (packed: Uint8Array) => T,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const cancel = (): void => native.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    while (true) {
      const packed = await native.next()
      signal.throwIfAborted()
      if (packed === null) return
      yield decode(packed)
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
