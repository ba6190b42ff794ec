/**
 * Log lines of an extension, in osquery's own logger: where the operator looks, and where Fleet collects them.
 *
 * Otherwise they end on the standard error of a child process. Lines wait for osquery and are few; when it is not there
 * or too many come, the oldest are dropped and counted.
 */
import type { ManagerClient } from './client.ts'
import type { SessionLog } from './session.ts'

/** osquery's severities. */
const severities = { info: 0, warn: 1, error: 2 } as const

interface Line {
  readonly severity: number
  readonly message: string
  readonly unixTime: number
}

/** Lines that wait, and milliseconds between two deliveries. */
const maxWaiting = 200
const periodMs = 1_000

/** Sends lines to the loggers osquery has in use. */
export class LogForwarder {
  readonly #manager: ManagerClient
  readonly #name: string
  #waiting: Line[] = []
  #dropped = 0
  #isSending = false
  readonly #timer: NodeJS.Timeout

  constructor(manager: ManagerClient, name: string) {
    this.#manager = manager
    this.#name = name
    this.#timer = setInterval(() => void this.#send(), periodMs)
    this.#timer.unref()
  }

  /** A log that writes to `log` and forwards from information up. */
  around(log: SessionLog): SessionLog {
    const both = (level: keyof typeof severities) => (fields: object, message: string) => {
      log[level](fields, message)
      this.#add(severities[level], fields, message)
    }
    return {
      debug: (fields, message) => log.debug(fields, message),
      info: both('info'),
      warn: both('warn'),
      error: both('error'),
    }
  }

  /** Sends what is left, if osquery answers soon. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#send()
  }

  #add(severity: number, fields: object, message: string): void {
    const details = Object.entries(fields).map(([key, value]) => ` ${key}=${String(value)}`)
    this.#waiting.push({ severity, message: `${message}${details.join('')}`, unixTime: Math.floor(Date.now() / 1000) })
    if (this.#waiting.length <= maxWaiting) return
    this.#waiting.shift()
    this.#dropped++
  }

  async #send(): Promise<void> {
    if (this.#isSending || this.#waiting.length === 0) return
    this.#isSending = true
    const lines = this.#waiting
    const dropped = this.#dropped
    this.#waiting = []
    this.#dropped = 0
    try {
      const options = await this.#manager.options({ timeoutMs: 2_000 })
      const loggers = (options['logger_plugin']?.value ?? '').split(',').filter((name) => name !== '')
      const log = JSON.stringify([...lines, ...this.#droppedLine(dropped)].map((line) => this.#wire(line)))
      for (const item of loggers) {
        await this.#manager.call({ registry: 'logger', item, request: { status: 'true', log } }, { timeoutMs: 5_000 })
      }
    } catch {
      this.#waiting = [...lines, ...this.#waiting].slice(-maxWaiting)
      this.#dropped += dropped
    } finally {
      this.#isSending = false
    }
  }

  #droppedLine(dropped: number): Line[] {
    if (dropped === 0) return []
    return [{ severity: 1, message: `${dropped} lines were dropped`, unixTime: Math.floor(Date.now() / 1000) }]
  }

  #wire({ severity, message, unixTime }: Line): object {
    return {
      s: severity,
      f: this.#name,
      i: 0,
      m: message,
      h: '',
      c: new Date(unixTime * 1000).toUTCString(),
      u: unixTime,
    }
  }
}
