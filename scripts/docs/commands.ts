/**
 * docs/commands.md, from the commands' own help.
 */
import { loadCommands } from '../../cli/commands/index.ts'
import { commandHelp } from '../../cli/help.ts'

const commands = await loadCommands()

/** The whole page. */
export function commandsPage(): string {
  const sections = commands.map(
    (command) => `## threecx ${command.name}\n\n\`\`\`\n${commandHelp(command).trim()}\n\`\`\`\n`,
  )
  return `# Commands

Generated from \`cli/commands\` by \`npm run docs\`. Data goes to stdout, progress and messages to stderr.

${sections.join('\n')}`
}
