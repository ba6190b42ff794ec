/**
 * What an examination asks of YARA rules, whoever runs them.
 */
import type { FileKind } from '../domain/file-kind.ts'

/** One rule that matched. */
export interface RuleMatch {
  /** Value of an indicator of type `yara_rule`. */
  readonly rule: string
  /** Where its strings were found, at most a few. */
  readonly strings: readonly { readonly identifier: string; readonly offset: number; readonly length: number }[]
  /** Path inside the container the file is; absent: the file itself. */
  readonly member?: string
}

/** Rules in force. */
export interface RuleSearch {
  /** Changes with every rule. */
  readonly version: string
  /** Needles of all rules, lower-case hex. */
  readonly needles: readonly string[]
  /** Whether some rule looks at files of this kind and size at all. */
  wants(kind: FileKind, size: number): boolean
  /** Whether one of those rules could match; `has` tells whether one of some needles is in the file. */
  mayMatch(kind: FileKind, size: number, has: (needles: readonly string[]) => boolean): boolean
  /** Runs them over the whole content. Rejects with why the file could not be judged. */
  scan(bytes: Uint8Array): Promise<readonly RuleMatch[]>
}

/** No rules. */
export const noRules: RuleSearch = {
  version: '',
  needles: [],
  wants: () => false,
  mayMatch: () => false,
  scan: async () => [],
}
