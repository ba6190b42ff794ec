/**
 * Our tables for the embedded engine: the one place where the daemon meets the hunt.
 *
 * Imported when the first query needs it: where osquery answers, none of this is loaded.
 */
import { openCatalogue } from '../extension/catalogue.ts'
import type { Configuration } from '../extension/configuration/schema.ts'
import { openIndicatorPath } from '../extension/indicators/index.ts'
import type { Logger } from '../extension/runtime/log.ts'
import type { OpenedTables } from './engine/embedded-engine.ts'

/** What an operator chose. */
export interface EmbeddedSettings {
  readonly stateDir: string
  readonly indicators: readonly string[]
  readonly rules: readonly string[]
  readonly configuration: Configuration
}

/** Opens indicators, engine and tables; a hunt starts with the first question. */
export async function openEmbeddedTables(settings: EmbeddedSettings, log: Logger): Promise<OpenedTables> {
  const catalogue = await openCatalogue(
    {
      stateDir: settings.stateDir,
      sets: settings.indicators.flatMap((path) => openIndicatorPath(path).sets),
      rules: settings.rules,
      configuration: settings.configuration,
      scope: 'places',
    },
    log,
  )
  const close = () => {
    catalogue.close()
    catalogue.engine.release()
  }
  return { tables: catalogue.tables, close }
}
