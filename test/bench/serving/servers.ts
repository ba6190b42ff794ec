/**
 * Servers of the contest as processes, started the way osquery starts an extension, against a core of the testing kit.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Core, startCore } from 'osquery-extension-sdk/testing'

/** A server that can be started. */
export interface ServerCommand {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
  /** It does not know osquery's registration and listens at `<socket>.1`. */
  readonly isPlain?: boolean
}

/** A server that runs. */
export interface RunningServer {
  readonly name: string
  readonly address: string
  /** Milliseconds from exec to registered; undefined for those that do not register. */
  readonly registeredMs: number | undefined
  /** Mebibytes of memory at most so far. */
  peak(): number
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** Longer than any contest: nobody pings or looks while times are taken. */
const quietSeconds = 3600
const startMs = 30_000

/** Starts a server and waits until it takes connections. */
export async function startServer({ name, command, env, isPlain }: ServerCommand): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'serving-'))
  const core = await startCore({ socket: join(folder, 'em'), intervalMs: quietSeconds * 1000 })
  const registered = isPlain ? undefined : registration(core)
  const [program, ...first] = command
  const started = performance.now()
  const child = spawn(
    program,
    [...first, '--socket', core.socket, '--timeout', '10', '--interval', String(quietSeconds)],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended at its start: ${code}`)))
  failed.catch(() => {}) // every server ends some time
  const found = registered && (await Promise.race([registered, failed]))
  const address = `${core.socket}.${found?.uuid ?? 1}`
  await Promise.race([listening(address), failed])
  return {
    name,
    address,
    registeredMs: found && found.atMs - started,
    peak: () => peakOf(child),
    signal: (signal) => child.kill(signal),
    stop: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000) // the Python SDK's ignores it while it serves
      await ended
      clearTimeout(timer)
      await core.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function registration(core: Core): Promise<{ uuid: bigint; atMs: number }> {
  const event = await core.events.next((one) => one.type === 'registered', { timeoutMs: startMs })
  return { uuid: event.type === 'registered' ? event.uuid : 0n, atMs: performance.now() }
}

async function listening(address: string): Promise<void> {
  for (const deadline = performance.now() + startMs; performance.now() < deadline; await sleep(5)) {
    if (existsSync(address) && (await connects(address))) return
  }
  throw new Error(`nobody listens at ${address} after ${startMs} ms`)
}

async function connects(address: string): Promise<boolean> {
  const socket = connect(address)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function peakOf({ pid }: ChildProcess): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}
