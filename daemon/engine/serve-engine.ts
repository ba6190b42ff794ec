/**
 * The engine's side of `process-engine.ts`: answers questions of the process that started this one, until it is gone.
 *
 * Signals are not for this process: a terminal and a service manager send them to everybody, and an engine that ended
 * before the queries were called back would look as if one of them had killed it.
 */
import { type Engine, EngineError } from './engine.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'

/** Serves until the other process closes the channel or dies; then closes the engine. */
export async function serveEngine(engine: Engine): Promise<void> {
  if (process.send === undefined) throw new Error('there is no process that asks; this one is started by a daemon')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const running = new Map<number, AbortController>()
  const gone = Promise.withResolvers<void>()
  process.on('disconnect', gone.resolve)
  process.on('message', (message: ToEngine) => {
    if (message.kind === 'stop') running.get(message.id)?.abort(new Error('the time of the query is over'))
    else void answer(engine, message, running)
  })
  say({ kind: 'ready' })
  await gone.promise
  for (const stop of running.values()) stop.abort(new Error('nobody waits any more'))
  await engine.close()
}

async function answer(
  engine: Engine,
  { id, sql, budget }: ToEngine & { readonly kind: 'query' },
  running: Map<number, AbortController>,
): Promise<void> {
  const stop = new AbortController()
  running.set(id, stop)
  try {
    const result = await engine.query(sql, budget, stop.signal)
    say({ kind: 'result', id, cpuMs: cpuMs(), result })
  } catch (error) {
    const { code, isInterrupted } =
      error instanceof EngineError ? error : { code: 'sql' as const, isInterrupted: false }
    const message = error instanceof Error ? error.message : String(error)
    say({ kind: 'failure', id, cpuMs: cpuMs(), code, message, isInterrupted })
  } finally {
    running.delete(id)
  }
}

/** An answer to nobody is lost, and the channel's end is heard elsewhere. */
function say(message: FromEngine): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
