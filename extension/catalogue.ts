/**
 * Builds indicators, engine, volumes, cache, hunter and tables once, from settings.
 *
 * The extension, the daemon's embedded engine and the command line all start here, so that a question gets the same
 * answer whoever asks.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { configuredSources } from './configuration/configured-sources.ts'
import { noConfiguration } from './configuration/read-configuration.ts'
import type { Configuration } from './configuration/schema.ts'
import { decoders } from './decoders/index.ts'
import type { ConstructedTable } from './domain/constructed-table.ts'
import type { IndicatorSet } from './domain/indicator.ts'
import { matcher } from './domain/match.ts'
import type { OsqueryTables } from './domain/osquery-tables.ts'
import type { Platform } from './domain/platform.ts'
import { Examiner } from './examining/examiner.ts'
import { executionReaders } from './executions/index.ts'
import { extensionHealth, type HealthSources } from './health.ts'
import type { HuntPlan } from './hunt.ts'
import { Hunter } from './hunter.ts'
import { openBundledData } from './indicators/checked-data.ts'
import type { ScanEngine, WalkPlan } from './native/engine.ts'
import { openEngine } from './native/index.ts'
import { bindOsqueryTables, InlineRules, type TableProblem, TableProblems } from './osquery-tables/index.ts'
import { PassStore } from './resident/pass-store.ts'
import { defaultResidence, type Residence } from './resident/residence.ts'
import { Resident } from './resident/resident.ts'
import { bundledRules, operatorRules, Rulebook } from './rules/open-rules.ts'
import { systemAlarm, systemClock } from './runtime/clock.ts'
import type { Logger } from './runtime/log.ts'
import { openStateDir } from './runtime/state-dir.ts'
import type { BoundTable } from './sdk/index.ts'
import { sources } from './sources/index.ts'
import { endStoreThread } from './sources/sqlite/store-thread.ts'
import { noCache, openHashCache } from './sweep/hash-cache.ts'
import { defaultLimits, type SweepLimits } from './sweep/request.ts'
import { noScanStore, openScanStore } from './sweep/scan-store.ts'
import { imageVolume, liveVolumes, type Volume } from './sweep/volume.ts'
import { bindTables, type TableServices } from './tables/index.ts'
import type { HuntServices } from './tables/services.ts'

/** What an operator can choose. */
export interface CatalogueSettings {
  /** Root of a mounted image; absent: this machine. */
  readonly root?: string
  readonly platform?: Platform
  /** Sets beside the bundled ones. */
  readonly sets?: readonly IndicatorSet[]
  /** Files of YARA rules beside the bundled ones, or directories of them. */
  readonly rules?: readonly string[]
  readonly scope: 'places' | 'full'
  /** Which mounted file systems a sweep enters; absent: local ones on a live host, none inside an image. */
  readonly mounts?: WalkPlan['mounts']
  /** What the configuration file says. */
  readonly configuration?: Configuration
  /** Directory for cache and records; absent: nothing is kept. */
  readonly stateDir?: string
  readonly limits?: Partial<SweepLimits>
  /** Asks the osquery around this process; absent where there is none. */
  readonly osquery?: OsqueryTables
  /** Session and tables of the extension around the catalogue; absent where there is no extension. */
  readonly extension?: Pick<HealthSources, 'session' | 'metrics'>
}

/** What both kinds of catalogue tell of themselves. */
interface Opened {
  readonly engine: ScanEngine
  /** Why the native engine is not in use; absent when it is. */
  readonly engineReason?: string
  readonly volumes: readonly Volume[]
  readonly rules: Rulebook
  /** What tables answer from. */
  readonly services: TableServices
  readonly tables: readonly BoundTable[]
  /** osquery's own tables, and those that packs construct, answered without an osquery. `told` hears of each problem. */
  osqueryTables(constructed: readonly ConstructedTable[], told?: (problem: TableProblem) => void): OsqueryTablesHere
}

/** Tables of osquery, and what they could not look into so far. */
export interface OsqueryTablesHere {
  readonly tables: readonly BoundTable[]
  readonly problems: TableProblems
}

/** Everything that answers, for a process that asks and ends. */
export interface Catalogue extends Opened {
  readonly hunter: Hunter
  close(): void
}

/** Everything that answers, for a process that stays and sweeps by itself. */
export interface ResidentCatalogue extends Opened {
  /** Sweeps from `hunter.start()` on. */
  readonly hunter: Resident
  /** Ends the sweep and everything else, within a second. */
  close(): Promise<void>
}

/** Opens a catalogue. */
export async function openCatalogue(settings: CatalogueSettings, log: Logger): Promise<Catalogue> {
  const { plan, sets, state, inlineRules, ...opened } = await openPlan(settings, log)
  const store = state === undefined ? noScanStore : openScanStore(join(state, 'scans.db'), log)
  const hunter = new Hunter({ plan, scope: settings.scope, sets, store })
  const close = () => {
    void opened.rules.close()
    void inlineRules.close()
    endStoreThread()
    plan.cache.close()
    store.close()
  }
  return { ...opened, hunter, ...answering(settings, opened, plan, hunter), close }
}

/**
 * Opens a catalogue for a resident process. Nothing is read from the disk but indicators and state; the schedule
 * begins with `hunter.start()`, when the process is ready to be slowed.
 */
export async function openResidentCatalogue(
  settings: Omit<CatalogueSettings, 'scope'> & { readonly residence?: Partial<Residence> },
  log: Logger,
): Promise<ResidentCatalogue> {
  const { plan, sets, state, inlineRules, ...opened } = await openPlan(settings, log)
  const store = new PassStore(state && join(state, 'sweep.db'), log)
  const residence = { ...defaultResidence(), ...settings.residence }
  const hunter = new Resident({ plan, sets, store, residence, log, alarm: systemAlarm, random: Math.random })
  const close = async () => {
    await hunter.close()
    await opened.rules.close()
    await inlineRules.close()
    endStoreThread()
    plan.cache.close()
    store.close()
  }
  return { ...opened, hunter, ...answering(settings, opened, plan, hunter), close }
}

interface OpenedPlan extends Omit<Opened, 'tables' | 'services'> {
  readonly plan: HuntPlan
  readonly inlineRules: InlineRules
  readonly sets: readonly IndicatorSet[]
  readonly state: string | undefined
}

async function openPlan(settings: Omit<CatalogueSettings, 'scope'>, log: Logger): Promise<OpenedPlan> {
  const bundled = await openBundledData()
  const rules = new Rulebook([bundledRules(), operatorRules(settings.rules ?? [])])
  const configured = configuredSources(settings.configuration ?? noConfiguration, knownFormats)
  const sets = [...bundled.sets, ...(settings.sets ?? []), ...rules.sets]
  const indicators = sets.flatMap((set) => set.indicators)
  const volumes = settings.root === undefined ? liveVolumes() : [await imageVolume(settings.root, settings.platform)]
  const state = settings.stateDir === undefined ? undefined : openStateDir(settings.stateDir)
  const { engine, reason, isAlarming } = openEngine({ stateDir: state })
  log[isAlarming ? 'warn' : 'debug']({ engine: engine.name, reason }, 'engine chosen')
  const indicatorsVersion = versionOf(sets)
  const nowNs = () => BigInt(systemClock.nowMs()) * 1_000_000n
  const plan: HuntPlan = {
    engine,
    volumes,
    indicators,
    places: bundled.places,
    limits: { ...defaultLimits, ...settings.limits },
    mounts: settings.mounts ?? (settings.root === undefined ? 'local' : 'same'),
    matcher: matcher(indicators),
    indicatorsVersion,
    examiner: new Examiner(engine, decoders, rules, indicatorsVersion),
    cache: state === undefined ? noCache : openHashCache(join(state, 'hashes.db'), log, nowNs),
    clock: systemClock,
    installPlaces: bundled.installPlaces,
    sourcePlaces: [...configured.places, ...bundled.sourcePlaces],
    sources: [...sources, ...configured.sources],
    executionReaders,
    ...(settings.osquery && { osquery: settings.osquery }),
  }
  const inlineRules = new InlineRules()
  const osqueryTables: Opened['osqueryTables'] = (constructed, told) => {
    const problems = new TableProblems(told)
    const services = { ...plan, rules: inlineRules, problems }
    return { tables: bindOsqueryTables(services, volumes[0]?.platform, constructed), problems }
  }
  const opened = { rules, engine, ...(reason === undefined ? {} : { engineReason: reason }), volumes, osqueryTables }
  return { plan, sets, state, inlineRules, ...opened }
}

function answering(
  settings: Omit<CatalogueSettings, 'scope'>,
  opened: Pick<Opened, 'engine' | 'engineReason'>,
  plan: HuntPlan,
  hunt: HuntServices,
): Pick<Opened, 'services' | 'tables'> {
  const { extension = noExtension } = settings
  const health = extensionHealth({ ...extension, ...opened, cacheHits: () => plan.cache.hits })
  const services = { hunt, health }
  return { services, tables: bindTables(services) }
}

const noExtension: Pick<HealthSources, 'session' | 'metrics'> = {
  session: () => ({ uuid: 0n, registrations: 0 }),
  metrics: () => [],
}

/** What the `format` of a configured source may say. */
const knownFormats = [...new Set([...sources, ...executionReaders].map(({ name }) => name))].sort()

/** One version over all sets in force: what a fleet compares. */
function versionOf(sets: readonly IndicatorSet[]): string {
  const hash = createHash('sha256')
  for (const set of [...sets].sort((a, b) => (a.id < b.id ? -1 : 1))) hash.update(`${set.id} ${set.version}\n`)
  return hash.digest('hex')
}
