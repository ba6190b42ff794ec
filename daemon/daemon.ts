/**
 * The daemon put together: engine, schedule, store, spool, sinks, health. It starts, takes another configuration, ends.
 *
 * Data flows one way: the scheduler asks the engine, the publisher makes lines and spools them with the new state, the
 * delivery loops hand them over.
 */
import { HunterError } from '../extension/domain/errors.ts'
import type { SpooledEvent } from '../extension/domain/result-event.ts'
import { systemAlarm, systemClock } from '../extension/runtime/clock.ts'
import type { Logger } from '../extension/runtime/log.ts'
import type { DaemonConfiguration } from './configuration/read-configuration.ts'
import type { Engine } from './engine/engine.ts'
import { ProcessEngine } from './engine/process-engine.ts'
import { openEngine, socketOf } from './engine-choice.ts'
import { hostIdentifier } from './host-identifier.ts'
import { releaseIdleMemory } from './idle-memory.ts'
import type { DaemonStanding, QueryStanding } from './operations/standing.ts'
import { type StatusServer, serveStatus } from './operations/status-server.ts'
import { servePlugins } from './osquery-plugins.ts'
import { Outlets } from './outlets.ts'
import { platformHere } from './platform-here.ts'
import { Publisher, type PublisherSettings } from './publisher.ts'
import { stampProof } from './results/proof.ts'
import { ResultLines } from './results/result-lines.ts'
import { ResultState } from './results/result-state.ts'
import { type LoadedSchedule, loadSchedule } from './schedule-loading.ts'
import { type QueryStanding as ScheduledStanding, Scheduler } from './scheduler.ts'
import { readSecret } from './secrets.ts'
import { type SinkContext, SinkError } from './sinks/sink.ts'
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
  /** Program and arguments that serve the embedded engine. */
  readonly engineCommand: readonly string[]
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

/** Queries and sinks cut short after this share of the time for a stop; the rest is for what waits in the spool. */
const scheduleShare = 0.4

/** A running daemon. */
export class Daemon {
  readonly #surroundings: DaemonSurroundings
  readonly #store: Store
  readonly #spool: OpenSpool
  readonly #engine: Engine
  readonly #host: string
  /** Where the hunt keeps its caches. */
  readonly #stateDir: string
  readonly #publisher: Publisher
  readonly #state: ResultState
  readonly #outlets: Outlets
  readonly #scheduler: Scheduler
  readonly #started = nowSeconds()
  readonly #plugins = new AbortController()
  #serving: Promise<void> = Promise.resolve()
  #status: StatusServer | undefined
  #tidying: NodeJS.Timeout | undefined
  #stopReleasing = () => {}
  #configuration: DaemonConfiguration
  #loaded: LoadedSchedule
  #configurationError: string | undefined
  #reloading: Promise<void> = Promise.resolve()

  private constructor(configuration: DaemonConfiguration, surroundings: DaemonSurroundings, opened: Opened) {
    const { log, version } = surroundings
    const { store, spool, engine, host, stateDir } = opened
    this.#configuration = configuration
    this.#surroundings = surroundings
    this.#store = store
    this.#spool = spool
    this.#engine = engine
    this.#host = host
    this.#stateDir = stateDir
    this.#loaded = loadSchedule(configuration, surroundings.base, surroundings.place)
    this.#state = new ResultState(store)
    const state = this.#state
    this.#publisher = new Publisher({ store, spool, state, log, version }, publisherSettings(configuration, host))
    this.#outlets = new Outlets(
      {
        spool,
        dress: (event) => this.#dress(event),
        log,
        clock: systemClock,
        alarm: systemAlarm,
        random: Math.random,
      },
      (name) => sinkContext(name, host, surroundings),
    )
    this.#scheduler = new Scheduler({
      engine,
      store,
      host: { name: host, platform: platformHere() },
      deliver: async (query, result, seconds) => this.#publisher.publish(query, result, seconds),
      log,
      concurrency: configuration.limits.concurrency,
      cpuShare: configuration.limits.cpu_percent / 100,
    })
  }

  /** Opens everything and begins. Throws `HunterError`; nothing is left open then. */
  static async start(configuration: DaemonConfiguration, surroundings: DaemonSurroundings): Promise<Daemon> {
    const opened = await open(configuration, surroundings)
    let daemon: Daemon | undefined
    try {
      daemon = new Daemon(configuration, surroundings, opened)
      await daemon.#begin()
      return daemon
    } catch (cause) {
      if (daemon) await daemon.close(0)
      else await shut(opened)
      throw cause instanceof SinkError ? new HunterError('configuration_invalid', cause.message, { cause }) : cause
    }
  }

  async #begin(): Promise<void> {
    const { listen, osquery_plugins: kinds, sinks } = this.#configuration
    const { log, version } = this.#surroundings
    await this.#outlets.apply(sinks)
    this.#tellDamage()
    if (listen !== 'off') this.#status = await serveStatus(listen, () => this.standing(), systemClock)
    if (kinds.length > 0) this.#serving = this.#servePlugins(kinds)
    this.#tidying = setInterval(() => this.#tidy(), tidyMs).unref()
    this.#stopReleasing = releaseIdleMemory(() => this.#done(), this.#stateDir)
    this.#take(this.#loaded)
    this.#scheduler.start(this.#own(this.#loaded))
    const fields = {
      version,
      engine: this.#engine.name,
      queries: this.#own(this.#loaded).length,
      listen: this.#status?.address,
    }
    log.info(fields, 'started')
  }

  /** What a damaged state cost is told where results are told, too. */
  #tellDamage(): void {
    const { damage } = this.#store
    if (!damage) return
    const message = `the state was damaged (${damage.found}); what could be read was carried over, the file is kept as ${damage.keptAs}`
    this.#spool.append([this.#publisher.notice('error', message, nowSeconds())])
  }

  /** Puts what `read` gives in force, or keeps what is. Never rejects: the standing tells what was wrong. */
  async reload(read: () => DaemonConfiguration): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload(read))
    await this.#reloading
  }

  async #reload(read: () => DaemonConfiguration): Promise<void> {
    const { log, base, place } = this.#surroundings
    try {
      const next = read()
      const loaded = loadSchedule(next, base, place)
      await this.#outlets.apply(next.sinks)
      const stuck = fixed.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(this.#configuration[key]))
      if (stuck.length > 0) log.warn({ settings: stuck }, 'settings that only a restart can change')
      this.#configuration = { ...next, ...pick(this.#configuration, fixed) }
      this.#publisher.use(publisherSettings(this.#configuration, this.#host))
      this.#take(loaded)
      this.#scheduler.reload(this.#own(loaded))
      this.#configurationError = undefined
      log.info({ queries: loaded.queries.length, sinks: next.sinks.length }, 'configuration read again')
    } catch (err) {
      this.#configurationError = err instanceof Error ? err.message : String(err)
      log.error({ err }, 'the configuration cannot be used; the one before stays in force')
    }
  }

  /** The queries that the daemon runs: none where osquery takes the schedule, or each would run and be delivered twice. */
  #own({ queries }: LoadedSchedule): LoadedSchedule['queries'] {
    return this.#configuration.osquery_plugins.includes('config') ? [] : queries
  }

  #take(loaded: LoadedSchedule): void {
    this.#loaded = loaded
    this.#state.retain(new Set(loaded.queries.map(({ name }) => name)))
    for (const problem of loaded.problems) this.#surroundings.log.warn({ problem }, 'a query or pack is off')
  }

  /** How it is doing. */
  standing(): DaemonStanding {
    const deliveries = new Map(this.#outlets.standings().map((delivery) => [delivery.sink, delivery]))
    const queries = this.#scheduler.standings()
    return {
      version: this.#surroundings.version,
      pid: process.pid,
      started: this.#started,
      engine: this.#engine.name,
      isEngineReached: isReached(queries),
      rssBytes: process.memoryUsage.rss(),
      stream: this.#spool.stream,
      newest: this.#spool.newest,
      queries: queries.map(queryStanding),
      sinks: this.#spool.standings().flatMap((sink) => {
        const delivery = deliveries.get(sink.sink)
        return delivery ? [{ ...sink, ...delivery }] : []
      }),
      configurationError: this.#configurationError,
      problems: this.#loaded.problems,
    }
  }

  /** Stops asking, delivers what can be delivered within the deadline, closes. */
  async close(deadlineMs: number): Promise<void> {
    this.#plugins.abort()
    clearInterval(this.#tidying)
    this.#stopReleasing()
    await this.#scheduler.stop(deadlineMs * scheduleShare)
    await this.#serving
    await this.#outlets.close(deadlineMs * (1 - scheduleShare))
    await this.#status?.close()
    await shut({ engine: this.#engine, spool: this.#spool, store: this.#store })
  }

  /** Changes with everything that needs memory. The end of the engine's process counts: pages it shares stay until then. */
  #done(): number {
    const resting = this.#engine instanceof ProcessEngine && this.#engine.pid === undefined ? 0.5 : 0
    const runs = this.#scheduler.standings().reduce((sum, { record }) => sum + (record?.runs ?? 0), 0)
    return this.#outlets.standings().reduce((sum, { attempts }) => sum + attempts, runs + resting)
  }

  #dress(event: SpooledEvent): SpooledEvent {
    const { proof, decorations_top_level: isTopLevel } = this.#configuration.lines
    return proof ? { ...event, line: stampProof(event.line, event, isTopLevel) } : event
  }

  #tidy(): void {
    try {
      this.#spool.tidy(nowSeconds())
    } catch (err) {
      this.#surroundings.log.error({ err }, 'the spool cannot be tidied')
    }
  }

  async #servePlugins(kinds: DaemonConfiguration['osquery_plugins']): Promise<void> {
    const { log, version } = this.#surroundings
    const socket = socketOf(this.#configuration).path
    await servePlugins(
      {
        socket,
        version,
        kinds,
        schedule: () => this.#loaded.osquery,
        append: (events) => this.#spool.append(events),
        status: (line) => this.#publisher.forwarded(line),
        log,
        clock: systemClock,
        alarm: systemAlarm,
      },
      this.#plugins.signal,
    )
  }
}

interface Opened {
  readonly store: Store
  readonly spool: OpenSpool
  readonly engine: Engine
  readonly host: string
  readonly stateDir: string
}

async function open(
  configuration: DaemonConfiguration,
  { engineCommand, env, log }: DaemonSurroundings,
): Promise<Opened> {
  const directory = openStateDirectory(stateDirectory(configuration.state, env))
  const store = openStore(directory.own, storeParts, log)
  try {
    const spool = openSpool(store, spoolBounds(configuration))
    const engine = openEngine(configuration, { stateDir: directory.parent, engineCommand, env })
    const host = await hostIdentifier(configuration, engine, (reason) => {
      log.warn({ reason }, "the host's UUID is not known; its name is used")
    })
    return { store, spool, engine, host, stateDir: directory.parent }
  } catch (cause) {
    store.close()
    throw cause
  }
}

async function shut({ engine, spool, store }: Omit<Opened, 'host' | 'stateDir'>): Promise<void> {
  await engine.close()
  spool.close()
  store.close()
}

function sinkContext(name: string, host: string, { version, env, log }: DaemonSurroundings): SinkContext {
  return {
    name,
    host,
    version,
    secret: (reference) => readSecret(reference, env),
    warn: (fields, message) => log.warn({ sink: name, ...fields }, message),
  }
}

function publisherSettings({ lines }: DaemonConfiguration, host: string): PublisherSettings {
  return {
    lines: new ResultLines({
      changes: lines.format,
      snapshots: lines.snapshot_events ? 'event' : 'whole',
      numerics: lines.numerics,
      decorationsTopLevel: lines.decorations_top_level,
    }),
    host,
    decorations: lines.decorations,
    epoch: lines.epoch,
  }
}

/** The engine counts as reached until the latest runs of all queries failed for want of it. */
function isReached(queries: readonly ScheduledStanding[]): boolean {
  const tried = queries.filter(({ record }) => record !== undefined)
  return tried.length === 0 || tried.some(({ record }) => record?.lastError === undefined)
}

function queryStanding({ name, due, denylisted, record }: ScheduledStanding): QueryStanding {
  return {
    query: name,
    runs: record?.runs ?? 0,
    failures: record?.failures ?? 0,
    lastMs: record && Math.round(record.lastMs),
    lastRows: record?.lastRows,
    lastError: record?.lastError,
    lastRun: record?.lastStart,
    nextRun: due,
    denylisted: denylisted && { reason: denylisted.reason, until: denylisted.until },
  }
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K> // the members of the keys
}

function nowSeconds(): number {
  return Math.floor(systemClock.nowMs() / 1000)
}
