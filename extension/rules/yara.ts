/**
 * YARA-X, as compiled to WebAssembly: compiling rules and running them over bytes.
 *
 * Only the rules' own thread loads this: it takes tens of megabytes, and a scan blocks. A source that does not compile
 * costs its rule, and the rules that refer to it.
 */
import { Compiler, initSync, type Rules, Scanner } from '@virustotal/yara-x'
import type { ScannedFile, ThreadProblem, ThreadRule } from './messages.ts'

/** Matches of one string that are kept, and strings of one rule. */
const maxMatches = 8
const maxStrings = 16

/** Compiled rules. */
export class CompiledRules {
  readonly problems: readonly ThreadProblem[]
  readonly #memory: { readonly buffer: ArrayBuffer }
  readonly #rules: Rules
  readonly #scanner: Scanner

  /** Compiles what can be compiled. `wasm`: the bytes of the module. */
  constructor(wasm: Uint8Array, rules: readonly ThreadRule[], timeoutMs: number) {
    this.#memory = initSync({ module: wasm }).memory
    const { compiled, problems } = compile(rules)
    this.problems = problems
    this.#rules = compiled
    this.#scanner = new Scanner(compiled)
    this.#scanner.setTimeoutMs(timeoutMs)
    this.#scanner.setMaxMatchesPerPattern(maxMatches)
  }

  /** Bytes of memory that WebAssembly has taken; it never gives any back. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength
  }

  /** Rules that match. Throws when the time is over. */
  scan(bytes: Uint8Array): ScannedFile {
    const result = this.#scanner.scan(bytes) as RawResult
    return result.matches
      .filter((match) => !match.isPrivate)
      .map(({ identifier, patterns }) => ({
        rule: identifier,
        strings: patterns
          .flatMap((pattern) =>
            pattern.matches.map(({ offset, length }) => ({ identifier: pattern.identifier, offset, length })),
          )
          .slice(0, maxStrings),
      }))
  }

  /** Gives back what is held outside of JavaScript's heap. */
  free(): void {
    this.#scanner.free()
    this.#rules.free()
  }
}

/** The part of YARA-X's answer that is used; the package does not type it. */
interface RawResult {
  readonly matches: readonly {
    readonly identifier: string
    readonly isPrivate: boolean
    readonly patterns: readonly {
      readonly identifier: string
      readonly matches: readonly { readonly offset: number; readonly length: number }[]
    }[]
  }[]
}

/** Leaves out rules until all others compile: one that refers to a broken one is broken too. */
function compile(rules: readonly ThreadRule[]): { compiled: Rules; problems: ThreadProblem[] } {
  const problems: ThreadProblem[] = []
  let rest = rules
  for (;;) {
    const compiler = new Compiler()
    const broken = rest.filter((rule, at) => {
      if (rule.file !== rest[at - 1]?.file) compiler.newNamespace(rule.file)
      const message = problemOf(compiler, rule)
      if (message !== undefined) problems.push({ file: rule.file, rule: rule.name, ...message })
      return message !== undefined
    })
    if (broken.length === 0) return { compiled: compiler.build(), problems }
    compiler.free()
    rest = rest.filter((rule) => !broken.includes(rule))
  }
}

/** Compiles one rule where it stands in its file, so that YARA's own line numbers are right. */
function problemOf(
  compiler: Compiler,
  { line, imports, text }: ThreadRule,
): { line: number; message: string } | undefined {
  try {
    compiler.addSource(`${'\n'.repeat(line - 1)}${imports.map((one) => `${one} `).join('')}${text}`)
    return undefined
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    const [, what = said] = /^error(?:\[\w+\])?: ([^\n]*)/.exec(said) ?? []
    const [, label] = /\^+ ([^\n]+)/.exec(said) ?? []
    const [, at] = /-->\s*line:(\d+)/.exec(said) ?? []
    return { line: at === undefined ? line : Number(at), message: label === undefined ? what : `${what}: ${label}` }
  }
}
