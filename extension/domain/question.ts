/**
 * What is asked of the file system, before anything is read.
 *
 * Tables turn SQL constraints into a question, the command line turns its options into one; the hunt answers it.
 * An answer may hold more than was asked for, never less.
 */
import type { PathText } from './path-text.ts'

/** Files to look at. */
export type FileQuestion =
  /** The places where the product and its later stages live. */
  | { readonly kind: 'places' }
  /** Everything below the roots, by what the indicators know. */
  | { readonly kind: 'full' }
  | NamedFiles

/** Exactly these files, whatever their name: the union of the parts. */
export interface NamedFiles {
  readonly kind: 'named'
  readonly paths: readonly PathText[]
  /** Files directly in these. */
  readonly directories: readonly PathText[]
  /** Files whose path begins and ends so, ASCII case ignored. */
  readonly stretches: readonly PathStretch[]
  /** Drops paths that cannot be part of the answer before they are read; may keep too many. */
  readonly keep: (path: PathText) => boolean
}

/** The literal ends of a wildcard pattern: `C:\Users\%\ffmpeg.dll` has prefix `C:\Users\` and suffix `\ffmpeg.dll`. */
export interface PathStretch {
  readonly prefix: string
  readonly suffix: string
}
