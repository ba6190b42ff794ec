/**
 * Asks a running daemon how it is doing.
 */
import { HunterError } from '../../extension/domain/errors.ts'
import type { DaemonStanding } from './standing.ts'

const timeoutMs = 5_000

/** The standing of the daemon that listens there. Throws `HunterError` with `daemon_unreachable`. */
export async function askStatus(listen: string, signal: AbortSignal): Promise<DaemonStanding> {
  if (listen === 'off') throw new HunterError('daemon_unreachable', 'the daemon is configured to listen nowhere')
  try {
    const response = await fetch(`http://${listen}/status`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    if (response.status !== 200) throw new Error(`it answered ${response.status}`)
    return (await response.json()) as DaemonStanding // our own program on the other side
  } catch (cause) {
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause)
    throw new HunterError('daemon_unreachable', `no daemon answers at ${listen}: ${reason}`, { cause })
  }
}
