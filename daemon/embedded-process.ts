/**
 * The process of the embedded engine: our tables in SQL, and osquery's own as far as they can be answered without one,
 * for the daemon that started it. The one place where the daemon meets the hunt.
 */

import { openCatalogue } from '../extension/catalogue.ts'
import { HunterError } from '../extension/domain/errors.ts'
import { trustPaths } from '../extension/indicators/bundle/trust.ts'
import { openIndicatorPath } from '../extension/indicators/index.ts'
import { type Logger, openLog } from '../extension/runtime/log.ts'
import packageFile from '../package.json' with { type: 'json' }
import { type EmbeddedSettings, settingsVariable } from './embedded-settings.ts'
import { EmbeddedEngine, type OpenedTables } from './engine/embedded-engine.ts'
import { serveEngine } from './engine/serve-engine.ts'

/** Name under which the tables say they are registered: packs look for it. */
const extensionName = 'threecx_hunter'

/** Serves until the daemon is gone, then ends the process: a table that hangs would keep it. */
export async function runEmbeddedProcess(env: NodeJS.ProcessEnv): Promise<never> {
  const said = env[settingsVariable]
  if (!said || !process.send) throw new HunterError('usage', 'the engine is started by threecx daemon, not by hand')
  const settings = JSON.parse(said) as EmbeddedSettings // the daemon's own words
  const log = openLog(settings.logLevel)
  const engine = new EmbeddedEngine({
    extension: { name: extensionName, version: packageFile.version },
    open: () => openTables(settings, log),
  })
  await serveEngine(engine)
  process.exit(0)
}

/** Opens indicators, scanning engine and tables; a hunt starts with the first question. */
async function openTables(settings: EmbeddedSettings, log: Logger): Promise<OpenedTables> {
  const catalogue = await openCatalogue(
    {
      stateDir: settings.stateDir,
      bundles: {
        kind: 'installed',
        stateDir: settings.stateDir,
        trust: trustPaths([], process.env, process.platform),
      },
      sets: settings.indicators.flatMap((path) => openIndicatorPath(path).sets),
      rules: settings.rules,
      configuration: { sources: settings.sources },
      scope: 'places',
    },
    log,
  )
  const { tables } = catalogue.osqueryTables([], (problem) => log.warn(problem, 'a table of osquery lacks something'))
  return {
    tables: [...catalogue.tables, ...tables],
    get isOutdated() {
      return catalogue.isOutdated
    },
    close: () => catalogue.close(),
  }
}
