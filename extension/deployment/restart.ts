/**
 * Restarts osqueryd or orbit a little later, from a process that the restart does not end.
 *
 * Whoever installs us may run below orbit: a restart at once would kill the package manager half-way. So a service
 * manager or a process of its own waits a few seconds first. What does not run is not started, and what fails is said
 * and left to a person: osqueryd loads what it finds in the load file at its next start anyway.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { win32 } from 'node:path'
import type { Step } from './install.ts'
import type { Layout } from './layout.ts'

/** A program with its arguments. */
export type Command = readonly [program: string, ...args: string[]]

/** What a restart wants of the system; tests pass their own. */
export interface System {
  readonly env: NodeJS.ProcessEnv
  isThere(path: string): boolean
  /** Runs to the end; the exit code is null when it could not be started or took too long. */
  run(command: Command): { readonly exit: number | null; readonly stdout: string }
  /** Starts a process that outlives this one, in a session of its own. */
  start(command: Command, env?: NodeJS.ProcessEnv): void
}

/** Long enough for a package manager to put its last file in place; Windows Installer commits at its end. */
const delaySeconds = { unix: 5, windows: 15 }

/** Answers of service managers take milliseconds; a hanging one must not hang a package manager. */
const deadlineMs = 20_000

/** This system. */
export const thisSystem: System = {
  env: process.env,
  isThere: existsSync,
  run([program, ...args]) {
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: deadlineMs, windowsHide: true })
    return { exit: status, stdout: stdout ?? '' }
  },
  start([program, ...args], env = process.env) {
    const child = spawn(program, args, { detached: true, stdio: 'ignore', cwd: '/', env, windowsHide: true })
    child.on('error', () => {}) // told as a step before; there is nobody left to tell
    child.unref()
  },
}

/** Sees to the restart, and says what will happen. */
export function restartLater(layout: Layout, system: System = thisSystem): Step {
  return byPlatform[layout.platform](layout, system)
}

const byPlatform: Readonly<Record<Layout['platform'], (layout: Layout, system: System) => Step>> = {
  linux({ service, restart }, system) {
    if (!system.isThere('/run/systemd/system')) return left(`no systemd runs here; restart ${service} when it runs`)
    if (system.run(['systemctl', 'is-active', '--quiet', `${service}.service`]).exit !== 0) return idle(service)
    const seconds = delaySeconds.unix
    const again = ['systemctl', '--no-block', 'try-restart', `${service}.service`]
    const timed = system.run(['systemd-run', '--quiet', `--on-active=${seconds}`, ...again])
    if (timed.exit === 0) return soon(service, seconds)
    system.start(['sh', '-c', `sleep ${seconds}; exec "$@"`, 'sh', ...again])
    return soon(service, seconds, `; if not: ${restart}`)
  },
  darwin({ service }, system) {
    const known = system.run(['/bin/launchctl', 'print', `system/${service}`])
    if (known.exit !== 0 || !/^\s*state = running$/m.test(known.stdout)) return idle(service)
    const seconds = delaySeconds.unix
    const again = ['/bin/launchctl', 'kickstart', '-k', `system/${service}`]
    system.start(['/bin/sh', '-c', `sleep ${seconds}; exec "$@"`, 'sh', ...again])
    return soon(service, seconds)
  },
  windows({ service }, system) {
    const root = system.env['SystemRoot'] ?? 'C:\\Windows'
    const known = system.run([win32.join(root, 'System32', 'sc.exe'), 'query', service])
    // the number, because the words around it are translated
    if (known.exit !== 0 || !/:\s+4\s/.test(known.stdout)) return idle(service)
    const seconds = delaySeconds.windows
    const powershell = win32.join(root, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe')
    const script = `Start-Sleep -Seconds ${seconds}; Restart-Service -Force -Name $env:THREECX_SERVICE`
    const env = { ...system.env, THREECX_SERVICE: service }
    system.start([powershell, '-NoProfile', '-NonInteractive', '-Command', script], env)
    return soon(service, seconds)
  },
}

function soon(service: string, seconds: number, more = ''): Step {
  return { isChange: true, text: `${service} is restarted in ${seconds} seconds${more}` }
}

function idle(service: string): Step {
  return left(`${service} does not run; it loads the extension when it is started`)
}

function left(text: string): Step {
  return { isChange: false, text }
}
