/**
 * The extension's plugins, made in their own thread: every table, described at once, opened with the first question.
 */
import { type Catalogue, openCatalogue } from './catalogue.ts'
import { type Logger, openLog } from './runtime/log.ts'
import { defaultStateDir, openStateDir } from './runtime/state-dir.ts'
import { definePlugins, tablePlugin } from './sdk/extension.ts'
import { bindTablesLate } from './tables/index.ts'

export default definePlugins(({ session, metrics }) => {
  const log = openLog(process.env['THREECX_VERBOSE'] ? 'debug' : 'warn')
  let opening: Promise<Catalogue> | undefined
  const open = () => {
    const stateDir = usableState(log)
    opening ??= openCatalogue(
      { scope: 'places', ...(stateDir === undefined ? {} : { stateDir }), extension: { session, metrics } },
      log,
    )
    opening.catch(() => {
      opening = undefined
    })
    return opening
  }
  return {
    plugins: bindTablesLate(async () => (await open()).services).map((table) => tablePlugin(table)),
    close: async () => (await opening)?.close(),
  }
})

/** Without a state directory the extension still answers; it only remembers nothing. */
function usableState(log: Logger): string | undefined {
  const { env, platform } = process
  try {
    return openStateDir(env['THREECX_STATE'] ?? defaultStateDir(env, platform, process.getuid?.() === 0))
  } catch (err) {
    log.warn({ err }, 'state directory cannot be used, nothing is kept')
    return undefined
  }
}
