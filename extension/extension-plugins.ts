/**
 * The extension's plugins, made in their own thread: every table, described at once. What answers is opened a moment
 * later, or by the first question, and sweeps by itself from then on.
 */
import { delimiter } from 'node:path'
import { type CatalogueSettings, openResidentCatalogue, type ResidentCatalogue } from './catalogue.ts'
import { noConfiguration, openConfiguration } from './configuration/read-configuration.ts'
import type { Configuration } from './configuration/schema.ts'
import type { OsqueryTables } from './domain/osquery-tables.ts'
import { releaseWhenIdle } from './idle-release.ts'
import { type Logger, openLog } from './runtime/log.ts'
import { collectGarbage } from './runtime/memory.ts'
import { defaultStateDir, openStateDir } from './runtime/state-dir.ts'
import { definePlugins, type TableLimits, tablePlugin } from './sdk/extension.ts'
import { bindTablesLate } from './tables/index.ts'

/**
 * An answer is held in memory until osquery has read it. osquery's watchdog allows 100 MB of growth at its restrictive
 * level, and four answers may be under way.
 */
const limits: Partial<TableLimits> = { maxBytes: 16 * 1024 * 1024 }

/** Milliseconds from the start to the opening: osquery has its registration by then, and the host its boot. */
const openAfterMs = 2_000

export default definePlugins(({ session, metrics, query }) => {
  const log = openLog(process.env['THREECX_VERBOSE'] ? 'debug' : 'warn')
  let opening: Promise<ResidentCatalogue> | undefined
  const open = () => {
    opening ??= opened(log, { session, metrics }, { ask: (sql, signal) => query(sql, { signal }) })
    opening.catch(() => {
      opening = undefined
    })
    return opening
  }
  const timer = setTimeout(() => {
    open().catch((err: unknown) => log.error({ err }, 'the hunt could not be opened'))
  }, openAfterMs)
  const calls = () => metrics().reduce((sum, table) => sum + table.calls, 0)
  const stopReleasing = releaseWhenIdle(
    calls,
    () => void opening?.then(({ engine }) => engine.release()).catch(() => {}),
  )
  return {
    plugins: bindTablesLate(async () => (await open()).services).map((table) => tablePlugin(table, limits)),
    close: async () => {
      clearTimeout(timer)
      stopReleasing()
      await (await opening)?.close()
    },
  }
})

async function opened(
  log: Logger,
  extension: NonNullable<CatalogueSettings['extension']>,
  osquery: OsqueryTables,
): Promise<ResidentCatalogue> {
  const stateDir = usableState(log)
  const rules = (process.env['THREECX_RULES'] ?? '').split(delimiter).filter(Boolean)
  const configuration = usableConfiguration(log)
  const settings = { ...(stateDir === undefined ? {} : { stateDir }), rules, configuration, extension, osquery }
  const catalogue = await openResidentCatalogue(settings, log)
  if (rules.length > 0)
    for (const problem of await catalogue.rules.check()) log.warn(problem, 'a YARA rule is not in force')
  catalogue.hunter.start()
  collectGarbage()
  catalogue.engine.release()
  return catalogue
}

/** What a broken file would have added is missing, and the log says why: the tables answer without it. */
function usableConfiguration(log: Logger): Configuration {
  const { env, platform } = process
  try {
    return openConfiguration(env['THREECX_CONFIG'] || undefined, env, platform)
  } catch (err) {
    log.warn({ err }, 'the configuration file cannot be used, nothing of it is in force')
    return noConfiguration
  }
}

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
