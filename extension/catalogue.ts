/**
 * Builds indicators, engine, volumes, cache, hunter and tables once, from settings.
 *
 * The extension, the daemon's embedded engine and the command line all start here, so that a question gets the same
 * answer whoever asks.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type BundleSource, followBundle } from './bundle-source.ts'
import { configuredSources } from './configuration/configured-sources.ts'
import { noConfiguration } from './configuration/read-configuration.ts'
import type { Configuration } from './configuration/schema.ts'
import { decoders } from './decoders/index.ts'
import type { BundleStatus } from './domain/bundle.ts'
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
import type { BundleChoice } from './indicators/bundle/choose.ts'
import { withBundle } from './indicators/bundle/content.ts'
import { type BundledData, openBundledData } from './indicators/checked-data.ts'
import type { ScanEngine, WalkPlan } from './native/engine.ts'
import { openEngine } from './native/index.ts'
import { bindOsqueryTables, InlineRules, type TableProblem, TableProblems } from './osquery-tables/index.ts'
import { quietMoment } from './quiet-moment.ts'
import { type Generation, Generations } from './resident/generations.ts'
import { PassStore } from './resident/pass-store.ts'
import { defaultResidence, type Residence } from './resident/residence.ts'
import { Resident } from './resident/resident.ts'
import { operatorRules, Rulebook, shippedRules } from './rules/open-rules.ts'
import type { RuleBook } from './rules/rule-book.ts'
import { systemAlarm, systemClock } from './runtime/clock.ts'
import type { Logger } from './runtime/log.ts'
import { openStateDir } from './runtime/state-dir.ts'
import type { BoundTable } from './sdk/index.ts'
import { sources } from './sources/index.ts'
import { endStoreThread } from './sources/sqlite/store-thread.ts'
import { type HashCache, noCache, openHashCache } from './sweep/hash-cache.ts'
import { defaultLimits, type SweepLimits } from './sweep/request.ts'
import { noScanStore, openScanStore } from './sweep/scan-store.ts'
import { nothingSettled, openSettledStore, type SettledStore } from './sweep/settled-store.ts'
import { imageVolume, liveVolumes, type Volume } from './sweep/volume.ts'
import { bindTables, bindTablesLate, type TableServices } from './tables/index.ts'
import type { HuntServices } from './tables/services.ts'

/** What an operator can choose. */
export interface CatalogueSettings {
  /** Root of a mounted image; absent: this machine. */
  readonly root?: string
  readonly platform?: Platform
  /** Where an indicator bundle is taken from; absent: what ships with the program is in force. */
  readonly bundles?: BundleSource
  /** Sets beside those. */
  readonly sets?: readonly IndicatorSet[]
  /** Files of YARA rules beside the shipped ones, or directories of them. */
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
  /** The indicator bundle in force, or why there is none. */
  readonly bundle: BundleStatus
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
  /** Whether another indicator bundle is to be in force than the one this was opened with; cheap. */
  readonly isOutdated: boolean
  close(): void
}

/** Everything that answers, for a process that stays and sweeps by itself. What it tells changes with the bundle. */
export interface ResidentCatalogue extends Opened {
  /** Sweeps from `hunter.start()` on. */
  readonly hunter: Resident
  /** Looks whether another indicator bundle is to be in force, and puts it in force between two queries. */
  followBundle(): Promise<void>
  /** Ends the sweep and everything else, within a second. */
  close(): Promise<void>
}

/** Opens a catalogue. */
export async function openCatalogue(settings: CatalogueSettings, log: Logger): Promise<Catalogue> {
  const bundles = await followBundle(settings.bundles, systemClock)
  tellBundle(bundles.choice.status, log)
  const base = await openBase(settings, log)
  const { plan, sets, rules } = inForce(base, bundles.choice)
  const store = base.state === undefined ? noScanStore : openScanStore(join(base.state, 'scans.db'), log)
  const hunter = new Hunter({ plan, scope: settings.scope, sets, store })
  const bundle = bundles.choice.status
  const services = servicesOf(base, hunter, () => bundle)
  const close = () => {
    void rules.close()
    void base.inlineRules.close()
    endStoreThread()
    base.cache.close()
    store.close()
  }
  return {
    ...base.told,
    rules,
    bundle,
    services,
    tables: bindTables(services),
    hunter,
    get isOutdated() {
      return bundles.isOutdated
    },
    close,
  }
}

/**
 * Opens a catalogue for a resident process. Nothing is read from the disk but indicators and state; the schedule
 * begins with `hunter.start()`, when the process is ready to be slowed.
 */
export async function openResidentCatalogue(
  settings: Omit<CatalogueSettings, 'scope'> & { readonly residence?: Partial<Residence> },
  log: Logger,
): Promise<ResidentCatalogue> {
  const bundles = await followBundle(settings.bundles, systemClock)
  let { choice } = bundles
  tellBundle(choice.status, log)
  const base = await openBase(settings, log)
  const store = new PassStore(base.state && join(base.state, 'sweep.db'), log)
  const residence = { ...defaultResidence(), ...settings.residence }
  const generation = (of: BundleChoice): Generation => {
    const { plan, sets, rules } = inForce(base, of)
    const hunter = new Resident({ plan, sets, store, residence, log, alarm: systemAlarm, random: Math.random })
    return { hunter, rules, services: servicesOf(base, hunter, () => choice.status) }
  }
  const generations = new Generations(generation(choice), systemAlarm)
  let isClosed = false
  let following: Promise<void> | undefined
  const follow = async () => {
    const next = await bundles.look()
    if (next === choice || isClosed) return
    const isSame = next.bundle?.sha256 === choice.bundle?.sha256
    const made = isSame ? undefined : generation(next)
    if (made) await quietMoment(settings.extension?.metrics ?? noExtension.metrics, systemAlarm)
    if (isClosed) return
    choice = next
    if (made) generations.replace(made)
    tellBundle(next.status, log)
  }
  const close = async () => {
    isClosed = true
    await generations.close()
    await base.inlineRules.close()
    endStoreThread()
    base.cache.close()
    store.close()
  }
  return {
    ...base.told,
    get rules() {
      return generations.current.rules
    },
    get bundle() {
      return choice.status
    },
    get services() {
      return generations.current.services
    },
    get hunter() {
      return generations.current.hunter
    },
    tables: bindTablesLate(async () => generations.current.services),
    followBundle: () => {
      following ??= follow().finally(() => {
        following = undefined
      })
      return following
    },
    close,
  }
}

/** What is the same whatever indicators are in force. */
interface Base {
  readonly settings: Omit<CatalogueSettings, 'scope'>
  readonly told: Pick<Opened, 'engine' | 'engineReason' | 'volumes' | 'osqueryTables'>
  /** Those that queries on osquery's tables carry. */
  readonly inlineRules: InlineRules
  readonly shipped: BundledData
  readonly operatorBook: RuleBook
  readonly state: string | undefined
  readonly cache: HashCache
  readonly settled: SettledStore
}

async function openBase(settings: Omit<CatalogueSettings, 'scope'>, log: Logger): Promise<Base> {
  const shipped = await openBundledData()
  const operatorBook = operatorRules(settings.rules ?? [])
  const volumes = settings.root === undefined ? liveVolumes() : [await imageVolume(settings.root, settings.platform)]
  const state = settings.stateDir === undefined ? undefined : openStateDir(settings.stateDir)
  const { engine, reason, isAlarming } = await openEngine({ stateDir: state })
  log[isAlarming ? 'warn' : 'debug']({ engine: engine.name, reason }, 'engine chosen')
  const nowNs = () => BigInt(systemClock.nowMs()) * 1_000_000n
  const cache = state === undefined ? noCache : openHashCache(join(state, 'hashes.db'), log, nowNs)
  const inlineRules = new InlineRules()
  const osqueryTables: Opened['osqueryTables'] = (constructed, told) => {
    const problems = new TableProblems(told)
    const services = { engine, volumes, ...reachOf(settings), rules: inlineRules, problems }
    return { tables: bindOsqueryTables(services, volumes[0]?.platform, constructed), problems }
  }
  const told = { engine, volumes, osqueryTables, ...(reason === undefined ? {} : { engineReason: reason }) }
  const settled = state === undefined ? nothingSettled : openSettledStore(state, log)
  return { settings, told, inlineRules, shipped, operatorBook, state, cache, settled }
}

/** The indicators of a choice, and the plan of a hunt with them. */
function inForce(
  { settings, told: { engine, volumes }, shipped, operatorBook, cache, settled }: Base,
  { bundle }: BundleChoice,
): { readonly plan: HuntPlan; readonly sets: readonly IndicatorSet[]; readonly rules: Rulebook } {
  const data = bundle === undefined ? shipped : withBundle(shipped, bundle.content)
  const rules = new Rulebook([shippedRules(bundle?.content), operatorBook])
  const configured = configuredSources(settings.configuration ?? noConfiguration, knownFormats)
  const sets = [...data.sets, ...(settings.sets ?? []).map(ofOperator), ...rules.sets]
  const indicators = sets.flatMap((set) => set.indicators)
  const indicatorsVersion = versionOf(sets)
  const plan: HuntPlan = {
    engine,
    volumes,
    indicators,
    places: data.places,
    ...reachOf(settings),
    matcher: matcher(indicators),
    indicatorsVersion,
    examiner: new Examiner(engine, decoders, rules, indicatorsVersion),
    cache,
    settled,
    clock: systemClock,
    installPlaces: data.installPlaces,
    sourcePlaces: [...configured.places, ...data.sourcePlaces],
    sources: [...sources, ...configured.sources],
    executionReaders,
    ...(settings.osquery && { osquery: settings.osquery }),
  }
  return { plan, sets, rules }
}

/** How far and how deep files are looked into. */
function reachOf({ limits, mounts, root }: Omit<CatalogueSettings, 'scope'>): Pick<HuntPlan, 'limits' | 'mounts'> {
  return { limits: { ...defaultLimits, ...limits }, mounts: mounts ?? (root === undefined ? 'local' : 'same') }
}

function ofOperator(set: IndicatorSet): IndicatorSet {
  return Object.freeze({ ...set, origin: Object.freeze({ kind: 'operator' as const }) })
}

function servicesOf({ settings, told, cache }: Base, hunt: HuntServices, bundle: () => BundleStatus): TableServices {
  const { extension = noExtension } = settings
  return { hunt, health: extensionHealth({ ...extension, ...told, cacheHits: () => cache.hits, bundle }) }
}

/** What somebody should know of the bundle: once for each choice. */
function tellBundle({ state, bundle, troubles }: BundleStatus, log: Logger): void {
  for (const { code, message, version } of troubles) {
    log.warn({ code, reason: message, bundle_version: version }, 'an indicator bundle is not in force')
  }
  const said = bundle && { bundle: bundle.name, bundle_version: bundle.version, signed_by: bundle.signedBy }
  log.info({ bundle_state: state, ...said }, 'indicators in force')
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
