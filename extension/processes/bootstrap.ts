/**
 * The first instructions of the decrypted loader, as they stand in memory: what Mem/Loader-AH is about.
 *
 * What they are is known to the decoder of the carrier, which meets them at a known place; here the place is sought. Only
 * the shape is found: that a library is where it points is for the caller to check.
 */
import { bootstrapStart, maxBootstrap, readBootstrap } from '../decoders/carrier-bootstrap.ts'

/** One place that has the shape. Offsets are from the first byte of the bootstrap. */
export interface Bootstrap {
  /** In the bytes searched. */
  readonly at: number
  /** Of the embedded library. */
  readonly library: number
  /** Of the data handed to the export, and their length. */
  readonly data: number
  readonly dataLength: number
  /** ROR13 hash of the export to call. */
  readonly exportHash: number
}

/** Bytes that the shape takes at most; so many less one may be cut off at the end of a piece of memory. */
export const bootstrapLength = maxBootstrap

/** Hash of `DllGetClassObject`, which this campaign calls in every published build, Gopuram's included. */
export const campaignExportHash = 0xf558f4da

/** Every place that has the shape, in order. A start ends the one before it, so the time is linear in the bytes. */
export function* findBootstraps(bytes: Buffer): Generator<Bootstrap, void, undefined> {
  for (let at = bytes.indexOf(bootstrapStart); at >= 0; at = bytes.indexOf(bootstrapStart, at + 1)) {
    const read = readBootstrap(bytes.subarray(at, at + maxBootstrap))
    if (!read) continue
    const { libraryAt: library, userDataAt: data, userDataLength: dataLength, exportHash } = read
    yield { at, library, data, dataLength, exportHash }
  }
}
