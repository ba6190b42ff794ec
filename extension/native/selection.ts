/**
 * A selection: which files a sweep looks at, and what it computes of them.
 *
 * Compiled from indicators and places; engines see only its parts. A rule without classes selects by name alone: the
 * file is reported and never opened.
 */
import type { DigestClass, SelectRule } from './engine.ts'

/** Rules, digest classes, and which classes each rule asks for. */
export interface Selection {
  readonly rules: readonly SelectRule[]
  readonly classes: readonly DigestClass[]
  /** For every rule, indexes into `classes`; empty: the file is not opened. */
  readonly classesOfRule: readonly (readonly number[])[]
  /**
   * For every rule, whether it is there for digests alone: a file that no other rule selects means something only by its
   * content. Absent: no rule is.
   */
  readonly contentOnly?: readonly boolean[]
}
