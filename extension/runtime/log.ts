/**
 * Our own log: pino, JSON lines on stderr, synchronous.
 *
 * Synchronous because a line that says why we died must be on the wire before we die: asynchronous destinations and
 * transports lose everything they hold on SIGTERM and SIGKILL. Messages are constants; everything variable is a
 * field, named as the columns are. stdout belongs to data.
 */
import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** Log levels an operator can choose. */
export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const

/** One of the levels. */
export type LogLevel = (typeof logLevels)[number]

/** Opens the log. */
export function openLog(level: LogLevel): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
}
