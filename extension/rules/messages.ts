/**
 * What the rules' thread is told and what it answers.
 */

/** A rule to compile, at its place in its file. */
export interface ThreadRule {
  readonly file: string
  readonly name: string
  readonly line: number
  readonly imports: readonly string[]
  readonly text: string
}

/** A rule that does not compile. */
export interface ThreadProblem {
  readonly file: string
  readonly rule: string
  readonly line: number
  readonly message: string
}

/** What the thread is started with. */
export interface ThreadSetup {
  readonly rules: readonly ThreadRule[]
  /** Milliseconds of one scan. */
  readonly timeoutMs: number
}

/** Rules that match a file, each with where its strings are. */
export type ScannedFile = readonly {
  readonly rule: string
  readonly strings: readonly { readonly identifier: string; readonly offset: number; readonly length: number }[]
}[]

/** A file to scan; its buffer is handed over. */
export interface ToThread {
  readonly bytes: Uint8Array
}

/** Ready with the problems of compiling; then one answer per file. */
export type FromThread =
  | { readonly kind: 'ready'; readonly problems: readonly ThreadProblem[] }
  | { readonly kind: 'scanned'; readonly matches: ScannedFile; readonly memoryBytes: number }
  | { readonly kind: 'failed'; readonly message: string; readonly memoryBytes: number }
