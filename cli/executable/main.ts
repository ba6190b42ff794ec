/**
 * Main module of the single-file executable: the whole command line, with the extension as its default.
 *
 * osquery starts an extension with flags only (`--socket PATH --timeout 3 --interval 3`), so flags mean the extension
 * and words are commands. Inside the file there are no modules and no tree, so this first says how threads start and
 * where the add-on comes from. Commands are imported when they are called: the extension, which runs for months, does
 * not carry them.
 */
import { errorCodes } from '../../extension/domain/errors.ts'
import { serveAddon } from './addon.ts'
import { serveThreads } from './threads.ts'

/** Flags that ask about the program itself. */
const programFlags = new Set(['--help', '-h', '--version'])

async function dispatch(argv: readonly string[]): Promise<number> {
  const [first] = argv
  if (first === undefined || !first.startsWith('-') || programFlags.has(first)) return await runCommand(argv)
  return await runExtension(argv)
}

async function runCommand(argv: readonly string[]): Promise<number> {
  const { main } = await import('../main.ts')
  return await main(argv)
}

/** Flags and nothing else, as osquery gives them. */
async function runExtension(argv: readonly string[]): Promise<number> {
  const { runHunterExtension } = await import('../../extension/main.ts')
  return await runHunterExtension(argv)
}

serveThreads()
serveAddon()
dispatch(process.argv.slice(2)).then(
  (exit) => {
    process.exitCode = exit
  },
  (error: unknown) => {
    // Left to Node this would end with 1, which says that something was found.
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = errorCodes.internal.exit
  },
)
