/**
 * Options that sinks over a socket share, and what TLS gets from them.
 *
 * Secrets are named, never written. A certificate is always verified; there is no option to leave that out.
 */
import type { ConnectionOptions } from 'node:tls'
import { z } from 'zod'
import type { SecretReference, SinkContext } from './sink.ts'

/** Where a secret is. */
export const secretOption = z.union([
  z.strictObject({ file: z.string().min(1).describe('File that holds it; a line end at its end does not count') }),
  z.strictObject({ env: z.string().min(1).describe('Environment variable that holds it') }),
]) satisfies z.ZodType<SecretReference>

/** TLS to the receiver. */
export const tlsOption = z.strictObject({
  ca: secretOption.optional().describe("Authorities to trust, PEM; default: those of the system's Node"),
  certificate: secretOption.optional().describe('Own certificate with its chain, PEM, for receivers that ask for one'),
  key: secretOption.optional().describe('Private key of `certificate`, PEM'),
  server_name: z.string().min(1).optional().describe('Name the certificate must carry; default: the host'),
})

/** What a validated `tls` holds. */
export type TlsOption = z.infer<typeof tlsOption>

/** Longest time for one write, all of it. */
export const timeoutOption = z
  .int()
  .min(100)
  .max(600_000)
  .default(30_000)
  .describe('Milliseconds that one write may take, connecting included')

export const hostOption = z.string().min(1).max(255)
export const portOption = z.int().min(1).max(65_535)

/** Reads what TLS needs now; certificates may have been renewed since the last connection. */
export function tlsSettings(tls: TlsOption, host: string, context: SinkContext): ConnectionOptions {
  const name = tls.server_name ?? host
  return {
    ...(tls.ca ? { ca: context.secret(tls.ca) } : {}),
    ...(tls.certificate ? { cert: context.secret(tls.certificate) } : {}),
    ...(tls.key ? { key: context.secret(tls.key) } : {}),
    // Names only: addresses are not sent as server name (RFC 6066), but the certificate is compared with them.
    ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  }
}
