/**
 * The extension's own health, read together from where it is counted: the process, the session, the tables, the cache.
 */
import packageFile from '../package.json' with { type: 'json' }
import type { BundleStatus } from './domain/bundle.ts'
import { quantile, type TableMetrics } from './sdk/guard/metrics.ts'
import type { SessionView } from './sdk/host/host.ts'
import type { ExtensionHealth } from './tables/extension-health.ts'

/** Where the numbers come from. */
export interface HealthSources {
  session(): SessionView
  metrics(): readonly TableMetrics[]
  readonly engine: { readonly name: string }
  readonly engineReason?: string
  cacheHits(): number
  bundle(): BundleStatus
}

/** Reads health from its sources. */
export function extensionHealth(sources: HealthSources): ExtensionHealth {
  return {
    async read() {
      const { uuid, registrations } = sources.session()
      const tables = sources.metrics()
      const total = (key: 'calls' | 'rows' | 'errors' | 'late' | 'refused' | 'truncated') =>
        tables.reduce((sum, table) => sum + table[key], 0)
      const times = tables.flatMap((table) => table.recent_ms)
      return {
        version: packageFile.version,
        engine: sources.engine.name,
        engine_reason: sources.engineReason ?? '',
        pid: process.pid,
        uptime: Math.floor(process.uptime()),
        uuid: uuid === 0n ? '' : String(uuid),
        registrations,
        calls: total('calls'),
        rows: total('rows'),
        errors: total('errors'),
        late: total('late'),
        refused: total('refused'),
        truncated: total('truncated'),
        p50_ms: quantile(times, 0.5),
        p99_ms: quantile(times, 0.99),
        rss: process.memoryUsage.rss(),
        cache_hits: sources.cacheHits(),
        ...bundleColumns(sources.bundle()),
        tables: JSON.stringify(tables.map(({ recent_ms: _times, ...counts }) => counts)),
      }
    },
  }
}

function bundleColumns({ state, bundle, troubles }: BundleStatus) {
  return {
    bundle: bundle?.name ?? '',
    bundle_version: bundle?.version ?? null,
    bundle_state: state,
    bundle_created: bundle?.created ?? null,
    bundle_expires: bundle?.expires ?? null,
    bundle_problem: troubles[0]?.message ?? '',
  }
}
