/**
 * The `threecx` command: arguments in, data on stdout, everything else on stderr, an exit code out.
 */

import { errorCodes, HunterError } from '../extension/domain/errors.ts'
import { IndicatorsError, problemText } from '../extension/indicators/problems.ts'
import packageFile from '../package.json' with { type: 'json' }
import type { Terminal } from './command.ts'
import { commandNames, loadCommand, loadCommands } from './commands/index.ts'
import { commandHelp, programHelp } from './help.ts'
import { parseOptions } from './options.ts'
import { printable } from './output/printable.ts'

/** Runs the command line to its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = openTerminal(argv)
  try {
    return await dispatch(terminal, argv)
  } catch (error) {
    return report(terminal, error)
  }
}

async function dispatch(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const wanted = name === 'help' ? await loadCommand(rest[0] ?? '') : undefined
    terminal.stdout.write(wanted ? commandHelp(wanted) : programHelp(await loadCommands(), packageFile.version))
    return name === undefined ? errorCodes.usage.exit : 0
  }
  if (name === '--version' || name === 'version') {
    terminal.stdout.write(`${packageFile.version}\n`)
    return 0
  }
  const command = await loadCommand(name)
  if (!command) {
    throw new HunterError('usage', `there is no command ${JSON.stringify(name)}; expected ${commandNames.join(', ')}`)
  }
  const taken = command.runAsIs?.(rest)
  if (taken) return await taken
  const { options, args } = parseOptions(command.options, rest, terminal.env)
  if (options['help']) {
    terminal.stdout.write(commandHelp(command))
    return 0
  }
  return await command.run(terminal, options, args)
}

/** Problems of indicator files shown; `threecx indicators check` shows all. */
const shownProblems = 20

/** One line, its remedy, and the exit code of the failure's name. */
function report(terminal: Terminal, error: unknown): number {
  if (terminal.signal.aborted) {
    terminal.stderr.write('threecx: interrupted\n')
    return errorCodes.interrupted.exit
  }
  if (error instanceof IndicatorsError) {
    const lines = error.problems
      .slice(0, shownProblems)
      .map((problem) => `threecx: ${printable(problemText(problem))}\n`)
    const more = error.problems.length - lines.length
    terminal.stderr.write(`${lines.join('')}${more > 0 ? `threecx: and ${more} more problems\n` : ''}`)
    return error.exit
  }
  if (error instanceof HunterError) {
    terminal.stderr.write(`threecx: ${printable(error.message.replace(/\.+$/, ''))}. ${error.remedy}\n`)
    if (terminal.logLevel === 'debug' && error.cause instanceof Error) terminal.stderr.write(`${error.cause.stack}\n`)
    return error.exit
  }
  const stack = error instanceof Error ? error.stack : String(error)
  const message = error instanceof Error ? error.message : String(error)
  terminal.stderr.write(`threecx: unexpected: ${message}. ${errorCodes.internal.remedy}\n`)
  if (terminal.logLevel === 'debug') terminal.stderr.write(`${stack}\n`)
  return errorCodes.internal.exit
}

function openTerminal(argv: readonly string[]): Terminal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(errorCodes.interrupted.exit)
      controller.abort(new HunterError('interrupted', `stopped by ${signal}`))
    })
  }
  // A reader that went away (| head) has all it wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : errorCodes.output_failed.exit)
  })
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: controller.signal,
    isInteractive: process.stderr.isTTY === true,
    width: process.stdout.columns ?? 120,
    logLevel: argv.includes('--verbose') ? 'debug' : 'warn',
  }
}
