/**
 * Debian's redis-server, in memory, with a plain and a TLS port on loopback.
 */
import { freePort, hasProgram, type RunningServer, startServer } from './server-process.ts'
import type { TestAuthority, TestCertificate } from './test-authority.ts'

export const hasRedis = hasProgram('redis-server')

export interface Redis extends RunningServer {
  readonly tlsPort: number
}

/** Starts one on a free port, or on the one it had before. */
export async function startRedis(
  directory: string,
  settings: {
    readonly port?: number
    readonly tls?: { readonly authority: TestAuthority; readonly server: TestCertificate }
    readonly arguments?: readonly string[]
  } = {},
): Promise<Redis> {
  const port = settings.port ?? (await freePort())
  const tlsPort = await freePort()
  const { tls } = settings
  const server = await startServer(
    [
      'redis-server',
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes'],
      ...(tls ? ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'] : []),
      ...(tls ? ['--tls-cert-file', tls.server.certificateFile, '--tls-key-file', tls.server.keyFile] : []),
      ...(tls ? ['--tls-ca-cert-file', tls.authority.caFile] : []),
      ...(settings.arguments ?? []),
    ],
    { port },
  )
  return { ...server, tlsPort }
}
