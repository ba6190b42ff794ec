/**
 * What may be configured for every receiver that is reached over HTTP: address, trust, credentials, patience.
 *
 * One shape for all of them, so that whoever has configured one has configured all. There is no option that turns the
 * check of certificates off, and none that holds a secret itself.
 */
import { z } from 'zod'

/** Where a secret is. */
export const secretOption = z
  .union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })])
  .describe('Where the secret is: {file: PATH} or {env: NAME}. Read anew for every request.')

/** Printable ASCII without an end of line: nothing in it can start another header. */
const headerText = /^[\x20-\x7e]*$/
const headerToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/

/** Headers that the client itself decides about, and those that would hold a secret in the configuration. */
const ownHeaders = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Name of a header that may be set freely. */
export const headerName = z
  .string()
  .regex(headerToken, 'expected the name of a header')
  .refine((name) => !ownHeaders.has(name.toLowerCase()), 'is set by the sink itself, or belongs into auth')

/** Text of a header. */
export const headerValue = z.string().max(4096).regex(headerText, 'expected printable ASCII on one line')

/** Address of a receiver. */
export const receiverUrl = z
  .string()
  .max(2048)
  .refine(isReceiverUrl, 'expected an http or https URL without user name, password and fragment')

/** Address of a receiver that is only ever reached with TLS. */
export const secureReceiverUrl = receiverUrl.refine((text) => /^https:/i.test(text), 'expected an https URL')

function isReceiverUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '' && hash === ''
}

/** Whom to believe, and who we say we are. */
const tlsOption = z
  .strictObject({
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of the certificate authorities to trust, instead of the ones that come with Node.'),
    certificate_file: z.string().min(1).optional().describe('PEM file of the client certificate, with its chain.'),
    key: secretOption.optional().describe('PEM private key of the client certificate.'),
    server_name: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('Name that the certificate must have, where it is not the host of the URL.'),
  })
  .refine(({ certificate_file, key }) => (certificate_file === undefined) === (key === undefined), {
    message: 'certificate_file and key go together',
  })

/** Who we are to the receiver. */
export const authOption = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('basic'), username: headerValue, password: secretOption }),
  z.strictObject({ type: z.literal('bearer'), token: secretOption }),
  z.strictObject({ type: z.literal('header'), name: headerName, value: secretOption }),
])

/** Options of a connection, whoever the receiver is. Spread into the options of each sink. */
export const connectionOptions = {
  tls: tlsOption
    .optional()
    .describe(
      'Trust and client certificate. Files are read for every new connection. Certificates are always checked.',
    ),
  proxy: receiverUrl.optional().describe('HTTP proxy to go through. Proxies named in the environment are not used.'),
  timeout_seconds: z
    .number()
    .positive()
    .max(600)
    .default(30)
    .describe('How long a request may take, from connecting to the last byte of the answer.'),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .describe('Further headers of every request. Secrets belong into auth.'),
}

/** Options as they are after validation. */
export interface ConnectionOptions {
  readonly tls?: z.output<typeof tlsOption> | undefined
  readonly proxy?: string | undefined
  readonly timeout_seconds: number
  readonly headers: Readonly<Record<string, string>>
}

export type AuthOption = z.output<typeof authOption>
