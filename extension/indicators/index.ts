/**
 * Indicators: from files to validated, frozen sets.
 *
 * What the rest of the program uses of this folder. Sets of our own format are loaded strictly (load.ts); anything
 * else is imported, with a report of what could not be carried over (sources.ts, import/).
 */
export { type Checked, checkIndicators, fixFiles } from './check.ts'
export {
  type Imported,
  type ImportFormat,
  type ImportOptions,
  type ImportReport,
  importFormats,
  importIndicators,
  type ReportLine,
} from './import/index.ts'
export { defang, refang } from './import/refang.ts'
export { loadInstallPlaces } from './install-places.ts'
export { loadBundledSets, loadIndicators, loadSets } from './load.ts'
export { loadPlaces, type Place } from './places.ts'
export { type IndicatorProblem, IndicatorsError, problemText } from './problems.ts'
export { fixed, fixedFile } from './repair.ts'
export { jsonSchemas } from './schema.ts'
export { setText } from './set-text.ts'
export { loadSharedHosts, type SharedHosts } from './shared-hosts.ts'
export { loadSourcePlaces } from './source-places.ts'
export { type OpenedFile, type OpenedPath, openIndicatorPath } from './sources.ts'
