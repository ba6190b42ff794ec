/**
 * The extension as a process: what `threecx_hunter.ext` and `threecx extension` run.
 */
import packageFile from '../package.json' with { type: 'json' }
import { openLog } from './runtime/log.ts'
import { isExecutable } from './runtime/resources.ts'
import { parseArguments } from './sdk/arguments.ts'
import { runExtension } from './sdk/extension.ts'

/** Its name in `osquery_extensions`, and for `--extensions_require`. */
export const extensionName = 'threecx_hunter'

/** Mebibytes of heap for the tables: osquery's watchdog allows 200 for the whole process at its normal level. */
const heapMb = 96

/** Runs the extension until it is stopped; resolves to an exit code. */
export async function runHunterExtension(argv: readonly string[]): Promise<number> {
  const { verbose } = parseArguments(argv)
  const log = openLog(verbose ? 'debug' : 'warn')
  if (verbose) process.env['THREECX_VERBOSE'] = '1' // the thread's log
  return await runExtension({
    name: extensionName,
    version: packageFile.version,
    plugins: isExecutable ? 'thread' : new URL('./extension-plugins.ts', import.meta.url),
    argv,
    heapMb,
    forwardLogs: true,
    log,
  })
}
