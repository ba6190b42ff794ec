/**
 * `threecx rules`: which YARA rules are in force, and whether they compile.
 */
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import { bundledRules, operatorRules, Rulebook } from '../../extension/rules/open-rules.ts'
import type { RuleProblem } from '../../extension/rules/rule-book.ts'
import { defineCommand } from '../command.ts'
import { commonOptions } from '../options.ts'
import { printable } from '../output/printable.ts'

/** A problem in one line. */
export function ruleProblemText({ file, line, rule, message }: RuleProblem): string {
  return printable(`${file}:${line}: ${rule === '' ? '' : `rule ${rule}: `}${message}`)
}

/** The command. */
export const rules = defineCommand({
  name: 'rules',
  summary: 'check YARA rules, those that ship or your own',
  usage: 'check [PATH]...',
  description: `
Compiles rules and names each one that is not in force, with file, line and reason. Without PATH: the rules that ship.
A PATH is a .yar file or a directory of them. Your rules are used with threecx hunt --rules PATH, and by the extension
with the environment variable THREECX_RULES (paths like those of PATH). A broken rule costs itself; the others run.

Metadata that is understood: component, stage, level, status, platform, description, number; kinds (pe, macho, elf, ole,
zip, ico, png, pdf, unknown), max_size (bytes) and needles (comma-separated lower-case hex of 4 to 64 bytes, of which one
must be in a file) decide which files a rule sees, which is most of what it costs.`,
  options: commonOptions,
  examples: [
    ['threecx rules check', 'are the rules that ship sound?'],
    ['threecx rules check my-rules/', 'which of mine are not in force, and why'],
  ],
  async run(terminal, _options, [action, ...paths]) {
    if (action !== 'check') {
      throw new HunterError(
        'usage',
        `rules needs check${action === undefined ? '' : `, not ${JSON.stringify(action)}`}`,
      )
    }
    const book = new Rulebook([paths.length === 0 ? bundledRules() : operatorRules(paths)])
    try {
      const problems = await book.check()
      for (const problem of problems) terminal.stdout.write(`${ruleProblemText(problem)}\n`)
      const count = book.sets.reduce((sum, set) => sum + set.indicators.length, 0)
      const wrong = problems.length === 0 ? 'no problems' : `${problems.length} problems`
      terminal.stdout.write(`${count} rules, ${wrong}\n`)
      return problems.length === 0 ? 0 : errorCodes.rules_invalid.exit
    } finally {
      await book.close()
    }
  },
})
