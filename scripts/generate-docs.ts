/**
 * Writes the generated pages and the picture of docs/, and the list of checked data in iocs/. A test keeps them fresh.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkedPage } from './docs/checked.ts'
import { commandsPage } from './docs/commands.ts'
import { configurationPage } from './docs/configuration.ts'
import { daemonPage } from './docs/daemon.ts'
import { errorsPage } from './docs/errors.ts'
import { performancePage, performancePicture } from './docs/performance.ts'
import { queriesPage } from './docs/queries.ts'
import { sinksPage } from './docs/sinks.ts'
import { sourcesPage } from './docs/sources.ts'
import { tablesPage } from './docs/tables.ts'

/** Generated pages by path below the repository. */
export const pages: Readonly<Record<string, () => string>> = {
  'docs/tables.md': tablesPage,
  'docs/queries.md': queriesPage,
  'docs/sources.md': sourcesPage,
  'docs/configuration.md': configurationPage,
  'docs/daemon.md': daemonPage,
  'docs/sinks.md': sinksPage,
  'docs/errors.md': errorsPage,
  'docs/commands.md': commandsPage,
  'docs/performance.md': performancePage,
  'docs/performance.svg': performancePicture,
  'iocs/checked.json': checkedPage,
}

if (import.meta.main) {
  for (const [path, page] of Object.entries(pages)) writeFileSync(join(import.meta.dirname, '..', path), page())
}
