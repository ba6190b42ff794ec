/**
 * `threecx doctor`: why osquery does not load the extension, before osquery is asked to.
 */
import { resolve } from 'node:path'
import { examine } from '../../extension/deployment/examine.ts'
import { errorCodes, HunterError } from '../../extension/domain/errors.ts'
import { defineCommand } from '../command.ts'
import { deploymentOptions, factsHere, hostChoices, layoutHere } from '../deployment.ts'
import { commonOptions } from '../options.ts'
import { checkColumns, checkReport, checkRow } from '../output/checks.ts'
import { writeTo } from '../output/destination.ts'
import { type Format, formats, render } from '../output/format.ts'

/** The command. */
export const doctor = defineCommand({
  name: 'doctor',
  summary: "osquery's own load rules, applied to this host, each with its fix",
  usage: '[FILE] [--load-file FILE] [--flags-file FILE] [--socket PATH] [--osquery osquery|orbit]',
  description: `
Applies the rules by which osquery loads an extension to FILE and to this host: name, owner and mode of the file, its
directory, its format and file system; the load file and everything in it; the flags that matter; the manager's socket;
our state directory; the indicator bundle in force and the keys that may sign one. For every rule that is broken it shows what was found, what is expected, the line osquery itself
prints for it, and the fix. It reads, and connects once to the socket; it changes nothing.

FILE is by default the threecx_hunter that the load file names, or else the one that threecx extension install puts in
its place. Run it as the user osqueryd runs as, usually root.

Exit code 0 when no rule is broken (warnings and rules that could not be checked included), 20 when one is.`,
  options: {
    ...deploymentOptions,
    osquery: {
      kind: 'text',
      value: 'WHOSE',
      choices: hostChoices,
      default: 'osquery',
      doc: "Whose osqueryd loads it: the plain package's, or that of Fleet's orbit",
    },
    format: { kind: 'text', value: 'F', choices: formats, default: 'table', doc: 'How the checks are written' },
    ...commonOptions,
  },
  examples: [
    ['sudo threecx doctor', 'this host, where osquery keeps things'],
    ['sudo threecx doctor --osquery orbit', "this host, with Fleet's agent"],
    ['threecx doctor ./threecx_hunter.ext --format json', 'one file, for a program to read'],
  ],
  async run(terminal, options, args) {
    const [file, ...rest] = args
    if (rest.length > 0) throw new HunterError('usage', `unexpected argument ${JSON.stringify(rest[0])}`)
    const layout = layoutHere(options.osquery, terminal.env)
    const path = file === undefined ? undefined : resolve(file)
    const checks = examine(await factsHere(layout, options, terminal.env, path))
    const pieces =
      options.format === 'table'
        ? checkReport(checks)
        : render(options.format as Format, checkColumns, checks.map(checkRow), terminal.width)
    await writeTo(terminal.stdout, pieces)
    return checks.some((check) => check.outcome === 'failed') ? errorCodes.deployment_broken.exit : 0
  },
})
