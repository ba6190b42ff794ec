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

/** Members of fields that may hold a secret, wherever an error or an option carries them. */
const secretNames = ['authorization', 'password', 'token', 'secret', 'enroll_secret', 'node_key', 'api_key']

/** Opens the log. Secrets are cut out by name: none should ever come here, and if one does it stays here. */
export function openLog(level: LogLevel): Logger {
  const redact = { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' }
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact },
    pino.destination({ fd: 2, sync: true }),
  )
}
