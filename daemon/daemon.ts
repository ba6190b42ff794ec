/**
 * The daemon put together: engine, schedule, store, spool, sinks, health. It starts, takes another configuration, ends.
 *
 * Data flows one way: the scheduler asks the engine, the publisher makes lines and spools them with the new state, the
 * delivery loops hand them over.
 */
import type { SpooledEvent } from '../extension/domain/result-event.ts'
import { systemAlarm, systemClock } from '../extension/runtime/clock.ts'
import type { Logger } from '../extension/runtime/log.ts'
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import { bytes, milliseconds } from './configuration/units.ts'
import type { Engine } from './engine/engine.ts'
import { openEngine, socketOf } from './engine-choice.ts'
import { hostIdentifier } from './host-identifier.ts'
import type { DaemonStanding } from './operations/standing.ts'
import { type StatusServer, serveStatus } from './operations/status-server.ts'
import { daemonPluginName, servePlugins } from './osquery-plugins.ts'
import { Outlets } from './outlets.ts'
import { platformHere } from './platform-here.ts'
import { Publisher, type PublisherSettings } from './publisher.ts'
import { stampProof } from './results/proof.ts'
import { ResultLines } from './results/result-lines.ts'
import { ResultState } from './results/result-state.ts'
import { type LoadedSchedule, loadSchedule } from './schedule-loading.ts'
import { Scheduler } from './scheduler.ts'
import { readSecret } from './secrets.ts'
import type { SinkContext } from './sinks/sink.ts'
import { type OpenSpool, openSpool } from './spool/open-spool.ts'
import { spoolBounds, storeParts } from './state.ts'
import { openStateDirectory, stateDirectory } from './state-directory.ts'
import { openStore } from './store/open-store.ts'
import type { Store } from './store/store.ts'

/** What a daemon gets from around it. */
export interface DaemonSurroundings {
  readonly version: string
  /** Where relative paths of the configuration start. */
  readonly base: string
  /** What problems call the configuration. */
  readonly place: string
  readonly env: NodeJS.ProcessEnv
  readonly log: Logger
}

/** Settings that a reload cannot change. */
const fixed = [
  'state',
  'engine',
  'listen',
  'osquery_plugins',
  'host_identifier',
  'specified_identifier',
  'log_level',
  'spool',
  'sources',
] as const

/** Milliseconds between two rounds of tidying the spool. */
const tidyMs = 60_000

interface Parts {
  readonly configuration: DaemonConfiguration
  readonly surroundings: DaemonSurroundings
  readonly store: Store
  readonly spool: OpenSpool
  readonly engine: Engine
  readonly host: string
  readonly loaded: LoadedSchedule
}
