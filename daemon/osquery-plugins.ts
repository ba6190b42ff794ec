/**
 * osquery as the scheduler: a `config` plugin that hands it our packs, and a `logger` plugin that takes its lines into the
 * spool.
 *
 * osqueryd ends itself when a logger refuses a line, so none is refused: a line that cannot be spooled now is held in
 * memory, within bounds, and tried again; what does not fit is counted and told. `osquery/core/plugins/logger.cpp`.
 */
import type { ResultEvent } from '../extension/domain/result-event.ts'
import type { Alarm, Clock } from '../extension/runtime/clock.ts'
import type { Logger } from '../extension/runtime/log.ts'
import {
  type ConfigText,
  configPlugin,
  loggerPlugin,
  runExtension,
  type StatusLine,
} from '../extension/sdk/extension.ts'
import type { OsquerySchedule } from './schedule-loading.ts'

/** Name of the plugins, for `--logger_plugin` and `--config_plugin`, and of the extension. */
export const daemonPluginName = 'threecx_daemon'

/** What the plugins need. */
export interface DaemonPlugins {
  readonly socket: string
  readonly version: string
  readonly kinds: readonly ('config' | 'logger')[]
  /** What osquery is to ask. */
  schedule(): OsquerySchedule
  append(events: readonly ResultEvent[]): void
  /** A status line of osquery's as an event. */
  status(line: StatusLine): ResultEvent
  readonly log: Logger
  readonly clock: Clock
  readonly alarm: Alarm
}

/** Serves the plugins until `signal` aborts, through every restart of osquery. */
export async function servePlugins(plugins: DaemonPlugins, signal: AbortSignal): Promise<void> {
  const holding = new Holding(plugins)
  const logger = loggerPlugin({
    name: daemonPluginName,
    string: (line) => holding.keep([lineEvent('result', line, plugins.clock)]),
    snapshot: (line) => holding.keep([lineEvent('snapshot', line, plugins.clock)]),
    init: (_process, lines) => holding.keep(lines.map(plugins.status)),
    status: (lines) => holding.keep(lines.map(plugins.status)),
    failed: (err) => plugins.log.error({ err }, 'a call of osquery to the logger was not understood'),
  })
  const config = configPlugin({
    name: daemonPluginName,
    genConfig: () => ({ [daemonPluginName]: configurationOf(plugins.schedule()) }),
    genPack: (pack) => {
      const text = plugins.schedule().packs[pack]
      if (text === undefined) throw new Error(`there is no pack ${JSON.stringify(pack)}`)
      return text
    },
  })
  await runExtension({
    name: daemonPluginName,
    version: plugins.version,
    plugins: () => plugins.kinds.map((kind) => (kind === 'config' ? config : logger)),
    argv: ['--socket', plugins.socket],
    exit: 'stay',
    heedsProcess: false,
    signal,
    log: plugins.log,
  })
  holding.end()
}

/** osquery takes a pack as an object, or a text that says which pack to ask for: a file, which may have comments. */
function configurationOf({ schedule, packs }: OsquerySchedule): ConfigText {
  const named = Object.entries(packs).map(([name, pack]) => [name, typeof pack === 'string' ? name : pack])
  return { schedule, packs: Object.fromEntries(named) }
}

/** Bytes of lines that are held while the spool takes none. */
const maxHeldBytes = 64 * 1024 * 1024
const againMs = 1_000

/** Lines on their way into the spool. */
class Holding {
  readonly #plugins: DaemonPlugins
  #held: ResultEvent[] = []
  #heldBytes = 0
  #lost = 0
  #callOff: (() => void) | undefined

  constructor(plugins: DaemonPlugins) {
    this.#plugins = plugins
  }

  /** Spools durably before it returns, or holds. Never throws. */
  keep(events: readonly ResultEvent[]): void {
    if (events.length === 0) return
    if (this.#held.length === 0 && this.#append(events)) return
    for (const event of events) this.#hold(event)
    this.#callOff ??= this.#plugins.alarm.after(againMs, () => this.#again())
  }

  /** The last try. */
  end(): void {
    this.#callOff?.()
    if (this.#held.length > 0 && !this.#append(this.#held)) this.#lost += this.#held.length
    this.#tellLost()
  }

  #append(events: readonly ResultEvent[]): boolean {
    try {
      this.#plugins.append(events)
      return true
    } catch (err) {
      if (this.#held.length === 0)
        this.#plugins.log.error({ err }, 'lines of osquery cannot be spooled; they are held in memory')
      return false
    }
  }

  #hold(event: ResultEvent): void {
    const size = event.line.length
    if (this.#heldBytes + size > maxHeldBytes) {
      this.#lost++
      return
    }
    this.#held.push(event)
    this.#heldBytes += size
  }

  #again(): void {
    this.#callOff = undefined
    if (this.#append(this.#held)) {
      this.#plugins.log.info({ events: this.#held.length }, 'lines that were held are spooled')
      this.#held = []
      this.#heldBytes = 0
      this.#tellLost()
      return
    }
    this.#callOff = this.#plugins.alarm.after(againMs, () => this.#again())
  }

  #tellLost(): void {
    if (this.#lost > 0)
      this.#plugins.log.error({ events: this.#lost }, 'lines of osquery were lost: neither spool nor memory had room')
    this.#lost = 0
  }
}

/** Where osquery's own lines have name and time: in their first few members, before anything a row can hold. */
const headLength = 4096

/** A line as osquery gave it, with its query and time. */
export function lineEvent(kind: 'result' | 'snapshot', line: string, clock: Clock): ResultEvent {
  const trimmed = line.endsWith('\n') ? line.slice(0, -1) : line
  const head =
    kind === 'result' ? trimmed.slice(0, headLength) : `${trimmed.slice(0, headLength)}${trimmed.slice(-headLength)}`
  const name = /"name":"((?:[^"\\]|\\.)*)"/.exec(head)?.[1] ?? ''
  const time = Number(/"unixTime":"?(\d{1,12})/.exec(head)?.[1] ?? Number.NaN)
  const unixTime = Number.isNaN(time) ? Math.floor(clock.nowMs() / 1000) : time
  return { kind, query: name, unixTime, line: trimmed }
}
