/**
 * Real servers for tests: started in a private directory, on loopback, stopped by the handle that started them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'

/** A server that answers. */
export interface RunningServer {
  readonly port: number
  /** What it said so far, for messages of failing tests. */
  output(): string
  /** Ends it the hard way, or as it wants to be ended. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Whether a program is on the path. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port')
  return address.port
}

/** Starts a program and waits until its port is connected to, or until `isReady` says so. */
export async function startServer(
  command: readonly [string, ...string[]],
  settings: {
    readonly port: number
    readonly env?: Readonly<Record<string, string>>
    readonly cwd?: string
    readonly deadlineMs?: number
    readonly isReady?: () => Promise<boolean>
  },
): Promise<RunningServer> {
  const [program, ...args] = command
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...settings.env },
    ...(settings.cwd ? { cwd: settings.cwd } : {}),
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-20_000)
    })
  }
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', (cause) => {
      said += String(cause)
      resolve()
    })
  })
  // A failing test file must not leave servers behind.
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const deadline = Date.now() + (settings.deadlineMs ?? 30_000)
  const isReady = settings.isReady ?? (() => isListening(settings.port))
  while (!(await isReady())) {
    if (isGone(child) || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${command.join(' ')} did not come up: ${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    port: settings.port,
    output: () => said,
    stop: async (signal = 'SIGKILL') => {
      process.off('exit', end)
      child.kill(signal)
      await gone
    },
  }
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Whether somebody accepts connections at a port of this host, or at the path of a UNIX socket. */
export async function isListening(place: number | string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
