/**
 * Help texts, built from the declarations of commands and options.
 */
import { errorCodes } from '../extension/domain/errors.ts'
import type { Command } from './command.ts'
import { describeOptions } from './options.ts'

/** Help of the whole program. */
export function programHelp(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  const list = commands.map((command) => `  threecx ${command.name.padEnd(width)}  ${command.summary}`)
  return `threecx ${version}: finds the traces of the 2023 3CX Desktop App supply-chain attack.

${list.join('\n')}

threecx COMMAND --help teaches a command. On a machine you are worried about, start with:

  threecx hunt

Exit codes: 0 nothing found, 1 something found, ${exitCodes()}.
`
}

function exitCodes(): string {
  return Object.values(errorCodes)
    .map(({ exit, title }) => `${exit} ${title.charAt(0).toLowerCase()}${title.slice(1)}`)
    .join(', ')
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const examples = command.examples.map(([line, meaning]) => `  ${line}\n      ${meaning}`)
  return `Usage: threecx ${command.name} ${command.usage}

${command.description.trim()}

Options:
${describeOptions(command.options)}

Examples:
${examples.join('\n')}
`
}
