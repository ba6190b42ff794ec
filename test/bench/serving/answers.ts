/**
 * Asks a server through the contest's client, a process of its own: see client.ts.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RunningServer } from './servers.ts'

/** What the client prints. */
export interface ClientAnswer {
  /** Milliseconds of each request, to the last byte of its reply. */
  readonly ms: readonly number[]
  readonly rows: number
  readonly bytes: number
  /** Of all rows of the last reply, whatever the order of their keys. */
  readonly digest: string
}

const run = promisify(execFile)
const client = join(import.meta.dirname, 'client.ts')

/** Sends `times` requests, one after the other: a ping, or a `generate` of a table. */
export async function ask(
  server: Pick<RunningServer, 'address'>,
  method: 'ping' | 'generate',
  { table = '', context = '{"constraints":[]}', times = 1 }: { table?: string; context?: string; times?: number } = {},
): Promise<ClientAnswer> {
  const args = [client, server.address, method, table, context, String(times)]
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 26 })
  return JSON.parse(stdout) as ClientAnswer // printed by client.ts
}
