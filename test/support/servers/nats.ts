/**
 * Debian's nats-server with JetStream below a private directory.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, hasProgram, type RunningServer, startServer } from './server-process.ts'

export const hasNats = hasProgram('nats-server')

/** Starts one; `extra` is added to its configuration. */
export async function startNats(directory: string, extra = '', onPort?: number): Promise<RunningServer> {
  const port = onPort ?? (await freePort())
  const file = join(directory, `nats-${port}.conf`)
  writeFileSync(file, `listen: 127.0.0.1:${port}\njetstream { store_dir: "${directory}" }\n${extra}\n`)
  return await startServer(['nats-server', '-c', file], { port })
}
