/**
 * Every decoder, one per format, in the order they are run.
 */
import type { Decoder } from './decoder.ts'

/** All decoders. */
export const decoders: readonly Decoder[] = []
