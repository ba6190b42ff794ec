/**
 * Builds indicators, engine, volumes, cache, hunter and tables once, from settings.
 *
 * The extension, the daemon's embedded engine and the command line all start here, so that a question gets the same
 * answer whoever asks.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { IndicatorSet } from './domain/indicator.ts'
import { matcher } from './domain/match.ts'
import type { Platform } from './domain/platform.ts'
import { extensionHealth, type HealthSources } from './health.ts'
import { Hunter } from './hunter.ts'
import { loadBundledSets, loadPlaces } from './indicators/index.ts'
import type { ScanEngine, WalkPlan } from './native/engine.ts'
import { openEngine } from './native/index.ts'
import { systemClock } from './runtime/clock.ts'
import type { Logger } from './runtime/log.ts'
import { openStateDir } from './runtime/state-dir.ts'
import type { BoundTable } from './sdk/index.ts'
import { noCache, openHashCache } from './sweep/hash-cache.ts'
import { defaultLimits, type SweepLimits } from './sweep/request.ts'
import { noScanStore, openScanStore } from './sweep/scan-store.ts'
import { imageVolume, liveVolumes, type Volume } from './sweep/volume.ts'
import { bindTables, type TableServices } from './tables/index.ts'

/** What an operator can choose. */
export interface CatalogueSettings {
  /** Root of a mounted image; absent: this machine. */
  readonly root?: string
  readonly platform?: Platform
  /** Sets beside the bundled ones. */
  readonly sets?: readonly IndicatorSet[]
  readonly scope: 'places' | 'full'
  /** Which mounted file systems a sweep enters; absent: local ones on a live host, none inside an image. */
  readonly mounts?: WalkPlan['mounts']
  /** Directory for cache and records; absent: nothing is kept. */
  readonly stateDir?: string
  readonly limits?: Partial<SweepLimits>
  /** Session and tables of the extension around the catalogue; absent where there is no extension. */
  readonly extension?: Pick<HealthSources, 'session' | 'metrics'>
}

/** Everything that answers. */
export interface Catalogue {
  readonly engine: ScanEngine
  /** Why the native engine is not in use; absent when it is. */
  readonly engineReason?: string
  readonly volumes: readonly Volume[]
  readonly hunter: Hunter
  /** What tables answer from. */
  readonly services: TableServices
  readonly tables: readonly BoundTable[]
  close(): void
}

/** Opens a catalogue. */
export async function openCatalogue(settings: CatalogueSettings, log: Logger): Promise<Catalogue> {
  const sets = [...loadBundledSets(), ...(settings.sets ?? [])]
  const indicators = sets.flatMap((set) => set.indicators)
  const volumes = settings.root === undefined ? liveVolumes() : [await imageVolume(settings.root, settings.platform)]
  const { engine, reason } = openEngine({})
  log.debug({ engine: engine.name, reason }, 'engine chosen')
  const state = settings.stateDir === undefined ? undefined : openStateDir(settings.stateDir)
  const nowNs = () => BigInt(systemClock.nowMs()) * 1_000_000n
  const cache = state === undefined ? noCache : openHashCache(join(state, 'hashes.db'), log, nowNs)
  const store = state === undefined ? noScanStore : openScanStore(join(state, 'scans.db'), log)
  const hunter = new Hunter({
    plan: {
      engine,
      volumes,
      indicators,
      places: loadPlaces(),
      limits: { ...defaultLimits, ...settings.limits },
      mounts: settings.mounts ?? (settings.root === undefined ? 'local' : 'same'),
      matcher: matcher(indicators),
      indicatorsVersion: versionOf(sets),
      cache,
      clock: systemClock,
    },
    scope: settings.scope,
    sets,
    store,
  })
  const engineState = { engine, ...(reason === undefined ? {} : { engineReason: reason }) }
  const health = extensionHealth({
    ...(settings.extension ?? noExtension),
    ...engineState,
    cacheHits: () => cache.hits,
  })
  const services: TableServices = { hunt: hunter, health }
  return {
    ...engineState,
    volumes,
    hunter,
    services,
    tables: bindTables(services),
    close: () => {
      cache.close()
      store.close()
    },
  }
}

const noExtension: Pick<HealthSources, 'session' | 'metrics'> = {
  session: () => ({ uuid: 0n, registrations: 0 }),
  metrics: () => [],
}

/** One version over all sets in force: what a fleet compares. */
function versionOf(sets: readonly IndicatorSet[]): string {
  const hash = createHash('sha256')
  for (const set of [...sets].sort((a, b) => (a.id < b.id ? -1 : 1))) hash.update(`${set.id} ${set.version}\n`)
  return hash.digest('hex')
}
