/**
 * The extension's plugins, made in their own thread: every table, described at once. What answers is opened a moment
 * later, or by the first question, and sweeps by itself from then on.
 */
import { delimiter } from 'node:path'
import type { BundleSource } from './bundle-source.ts'
import { type CatalogueSettings, openResidentCatalogue, type ResidentCatalogue } from './catalogue.ts'
import { noConfiguration, openConfiguration } from './configuration/read-configuration.ts'
import type { Configuration } from './configuration/schema.ts'
import type { OsqueryTables } from './domain/osquery-tables.ts'
import { releaseWhenIdle } from './idle-release.ts'
import { trustPaths } from './indicators/bundle/trust.ts'
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
  const following = setInterval(() => {
    opening
      ?.then((catalogue) => catalogue.followBundle())
      .catch((err: unknown) => log.error({ err }, 'another indicator bundle could not be put in force'))
  }, bundleLookMs())
  following.unref()
  const calls = () => metrics().reduce((sum, table) => sum + table.calls, 0)
  const stopReleasing = releaseWhenIdle(
    calls,
    () => void opening?.then(({ engine }) => engine.release()).catch(() => {}),
  )
  return {
    plugins: bindTablesLate(async () => (await open()).services).map((table) => tablePlugin(table, limits)),
    close: async () => {
      clearTimeout(timer)
      clearInterval(following)
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
  const configuration = await usableConfiguration(log)
  const bundles = bundleSource()
  const settings = {
    bundles,
    ...(stateDir === undefined ? {} : { stateDir }),
    rules,
    configuration,
    extension,
    osquery,
  }
  const catalogue = await openResidentCatalogue(settings, log)
  if (rules.length > 0)
    for (const problem of await catalogue.rules.check()) log.warn(problem, 'a YARA rule is not in force')
  catalogue.hunter.start()
  collectGarbage()
  catalogue.engine.release()
  return catalogue
}

/** Installed bundles are read where they are, also when nothing can be kept there. */
function bundleSource(): BundleSource {
  const { env, platform } = process
  const stateDir = env['THREECX_STATE'] ?? defaultStateDir(env, platform, process.getuid?.() === 0)
  return { kind: 'installed', stateDir, trust: trustPaths([], env, platform) }
}

/** Milliseconds between two looks for another indicator bundle; a look costs some calls of stat. */
function bundleLookMs(): number {
  const seconds = Number(process.env['THREECX_BUNDLE_INTERVAL'] || 60)
  return Number.isFinite(seconds) && seconds >= 1 ? Math.min(seconds, 86_400) * 1000 : 60_000
}

/** What a broken file would have added is missing, and the log says why: the tables answer without it. */
async function usableConfiguration(log: Logger): Promise<Configuration> {
  const { env, platform } = process
  try {
    return await openConfiguration(env['THREECX_CONFIG'] || undefined, env, platform)
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
