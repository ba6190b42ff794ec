/**
 * What systemd is told: ready, stopping, reloading, alive (its watchdog), and a line of status.
 *
 * Node has no datagram sockets of the UNIX family, so `systemd-notify` carries the message; the unit says
 * `NotifyAccess=all` for that. Without NOTIFY_SOCKET nothing is told.
 * https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
import { execFile } from 'node:child_process'

const program = '/usr/bin/systemd-notify'
const timeoutMs = 5_000

/** Tells systemd. */
export interface Notifier {
  tell(...assignments: readonly string[]): void
  /** Milliseconds between two signs of life; undefined: no watchdog waits. */
  readonly watchdogMs: number | undefined
}

/** The notifier that this process's environment asks for. */
export function openNotifier(env: NodeJS.ProcessEnv, run: typeof execFile = execFile): Notifier {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = env
  if (!socket) return { tell: () => {}, watchdogMs: undefined }
  const isOurs = pid === undefined || pid === String(process.pid)
  const watchdogMs = isOurs && /^\d+$/.test(usec ?? '') ? Math.max(1000, Number(usec) / 2000) : undefined
  const tell = (...assignments: readonly string[]) => {
    const child = run(program, [...assignments], { timeout: timeoutMs, env: { NOTIFY_SOCKET: socket } }, () => {})
    child.unref()
  }
  return { tell, watchdogMs }
}
