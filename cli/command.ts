/**
 * What a command is: one file, one declaration, from which parsing, checks and help all come.
 */
import type { Writable } from 'node:stream'
import type { LogLevel } from '../extension/runtime/log.ts'
import type { OptionSpecs, OptionValues } from './options.ts'

/** The world as a command sees it: tests pass their own. */
export interface Terminal {
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: NodeJS.ProcessEnv
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** Whether a person reads stderr: progress is shown only then. */
  readonly isInteractive: boolean
  /** Columns of the terminal, for tables. */
  readonly width: number
  readonly logLevel: LogLevel
}

/** One command. `run` resolves to the exit code; failures are thrown as HunterError. */
export interface Command<Specs extends OptionSpecs = OptionSpecs> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Usage after the command's name, e.g. `"SQL" [options]`. */
  readonly usage: string
  /** A few paragraphs that teach. */
  readonly description: string
  readonly options: Specs
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  run(terminal: Terminal, options: OptionValues<Specs>, args: readonly string[]): Promise<number>
  /** Takes arguments as they are, where somebody else decides which there are; undefined leaves them to `run`. */
  runAsIs?(argv: readonly string[]): Promise<number> | undefined
}

/** Keeps the types of the options. */
export function defineCommand<const Specs extends OptionSpecs>(command: Command<Specs>): Command<Specs> {
  return command
}
