/**
 * An extension as a process: arguments in, plugins served, an exit code out.
 */

import { type ExtensionArguments, parseArguments } from './arguments.ts'
import { ManagerClient } from './client.ts'
import type { PluginFactory, PluginHost, Severity } from './host/host.ts'
import { openInlineHost } from './host/inline.ts'
import { openThreadHost } from './host/threaded.ts'
import { LogForwarder } from './log-forwarder.ts'
import { messageOf } from './plugin.ts'
import { Session, type SessionLog } from './session.ts'
import { AddressError, checkManagerAddress } from './transport/address.ts'

/** The interface version we speak, and the oldest osquery it needs; osquery refuses anything before 1.7.7. */
const sdkVersion = { sdk_version: '5.0.0', min_sdk_version: '1.8.0' } as const

/** osquery's own floor for the interval, milliseconds. */
const minIntervalMs = 200

/** An extension. */
export interface ExtensionOptions {
  /** Its name in `osquery_extensions` and for `--extensions_require`. */
  readonly name: string
  readonly version: string
  /**
   * Where plugins come from. A module's URL: its default export makes them, in a thread of their own, so that nothing
   * they do keeps osquery waiting. A function: they run in this thread, which must then never be held up. `thread`: a
   * bundle's own thread (see startThreadsWith).
   */
  readonly plugins: URL | PluginFactory | 'thread'
  /** Arguments as osquery gives them; the process's own unless told. */
  readonly argv?: readonly string[]
  /**
   * `with_osquery` ends when the process that started this one does; `stay` waits for the next osquery. Unless told:
   * with osquery when it was started by it, else stay.
   */
  readonly exit?: 'with_osquery' | 'stay'
  /** Mebibytes of heap for the plugins' thread. */
  readonly heapMb?: number
  /** Warnings and errors go to osquery's own logger, too. */
  readonly forwardLogs?: boolean
  readonly log?: SessionLog
  /** Stops the extension. */
  readonly signal?: AbortSignal
  /** Whether SIGTERM, SIGINT and SIGHUP of the process stop it too; they do unless told. */
  readonly heedsProcess?: boolean
  /** Milliseconds for calls under way at the end. */
  readonly drainMs?: number
}

/**
 * Runs an extension until it is stopped. Resolves to an exit code: 0 after an orderly end, 2 when the arguments cannot
 * be used, 1 when plugins cannot be made.
 */
export async function runExtension(options: ExtensionOptions): Promise<number> {
  const argv = parseArguments(options.argv ?? process.argv.slice(2))
  const log = options.log ?? consoleLog(argv.verbose)
  for (const problem of argv.problems) log.warn({}, problem)
  if (argv.unknown.length > 0) log.debug({ arguments: argv.unknown }, 'arguments that are not known here')
  const { socket } = argv
  try {
    if (socket === undefined) throw new AddressError("give --socket with the path of osquery's extension socket")
    checkManagerAddress(socket)
  } catch (error) {
    log.error({}, messageOf(error))
    return 2
  }
  return await serve(options, argv, socket, log)
}

async function serve(
  options: ExtensionOptions,
  argv: ExtensionArguments,
  socket: string,
  ownLog: SessionLog,
): Promise<number> {
  const forwarder = options.forwardLogs ? new LogForwarder(new ManagerClient(socket), options.name) : undefined
  const log = forwarder ? forwarder.around(ownLog) : ownLog
  const stop = stopSignal(options.signal, options.heedsProcess ?? true)
  let host: PluginHost
  try {
    host = await openHost(options, socket, log)
  } catch (error) {
    log.error({}, messageOf(error))
    stop.dispose()
    return 1
  }
  const isBound = (options.exit ?? (process.env['OSQUERY_EXTENSION'] ? 'with_osquery' : 'stay')) === 'with_osquery'
  const session = new Session({
    manager: socket,
    info: { name: options.name, version: options.version, ...sdkVersion },
    host,
    intervalMs: Math.max(minIntervalMs, argv.interval * 1000),
    timeoutMs: argv.timeout * 1000,
    ...(isBound ? { isOrphan: orphanTest() } : {}),
    ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
    log,
  })
  try {
    const end = await session.run(stop.signal)
    log.info({ end }, 'extension ends')
    return 0
  } finally {
    await forwarder?.close()
    await host.close()
    stop.dispose()
  }
}

async function openHost({ plugins, heapMb }: ExtensionOptions, manager: string, log: SessionLog): Promise<PluginHost> {
  const options = { manager, log: (severity: Severity, message: string) => log[severity]({}, message) }
  if (typeof plugins === 'function') return await openInlineHost(plugins, options)
  const heap = heapMb === undefined ? {} : { heapMb }
  return await openThreadHost({ ...options, ...heap, ...(plugins === 'thread' ? {} : { module: plugins.href }) })
}

/** Aborts on the process's signals and on the caller's; a second signal of the process ends it at once. */
function stopSignal(outer: AbortSignal | undefined, heedsProcess: boolean): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  const signals = heedsProcess ? (['SIGTERM', 'SIGINT', 'SIGHUP'] as const) : []
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(1)
    controller.abort()
  }
  const onAbort = () => controller.abort()
  for (const name of signals) process.on(name, onSignal)
  outer?.addEventListener('abort', onAbort, { once: true })
  if (outer?.aborted) controller.abort()
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of signals) process.off(name, onSignal)
      outer?.removeEventListener('abort', onAbort)
    },
  }
}

/** Whether the process that started this one has ended. A process whose parent dies gets another one, except on Windows. */
function orphanTest(): () => boolean {
  const parent = process.ppid
  return () => {
    if (process.ppid !== parent) return true
    if (process.platform !== 'win32') return false
    try {
      process.kill(parent, 0)
      return false
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ESRCH'
    }
  }
}

/** Lines on stderr, where osquery's own go; information only when it was asked for. */
function consoleLog(isVerbose: boolean): SessionLog {
  const write = (level: string) => (fields: object, message: string) => {
    const details = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
    process.stderr.write(`${level} ${message}${details}\n`)
  }
  const silent = () => {}
  return {
    debug: isVerbose ? write('debug') : silent,
    info: isVerbose ? write('info') : silent,
    warn: write('warning'),
    error: write('error'),
  }
}
