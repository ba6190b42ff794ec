/**
 * Calls a plugin of an extension exactly as osquery does: a ping on one connection, the call on another.
 *
 * The ping has ten seconds, the call five minutes; whatever goes wrong becomes a status in osquery's words.
 * `osquery/extensions/extensions.cpp`, callExtension.
 */
import { ExtensionClient, type RemoteAnswer } from '../client.ts'
import { TimeoutError } from '../transport/exchange.ts'
import { WireError } from '../wire/refusal.ts'
import type { PluginCall } from '../wire/responder.ts'

/** How long osquery waits. */
export interface CallPatience {
  /** For the ping before a call. */
  readonly pingTimeoutMs: number
  /** For the call itself: osquery's `thrift_timeout`. */
  readonly thriftTimeoutMs: number
}

/** Calls; never rejects, except with the signal's reason. */
export async function callExtension(
  address: string,
  call: PluginCall,
  { pingTimeoutMs, thriftTimeoutMs }: CallPatience,
  signal?: AbortSignal,
): Promise<RemoteAnswer> {
  const client = new ExtensionClient(address, signal && { signal })
  try {
    await client.ping({ timeoutMs: pingTimeoutMs })
  } catch {
    signal?.throwIfAborted()
    return failure(`Extension socket not available: ${address}`)
  }
  try {
    return await client.call(call, { timeoutMs: thriftTimeoutMs })
  } catch (error) {
    signal?.throwIfAborted()
    return failure(`Extension call failed: ${thriftMessage(error)}`)
  }
}

function failure(message: string): RemoteAnswer {
  return { status: { code: 1, message, uuid: 0n }, response: [] }
}

/** What the C++ client says of it. */
function thriftMessage(error: unknown): string {
  if (error instanceof TimeoutError) return 'THRIFT_EAGAIN (timed out)'
  if (error instanceof WireError || (error instanceof Error && 'syscall' in error)) return 'No more data to read.'
  return error instanceof Error ? error.message : String(error)
}
