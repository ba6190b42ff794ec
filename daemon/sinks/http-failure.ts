/**
 * What a failed exchange over HTTP means to the delivery loop: come back later, take the data back, or call a person.
 *
 * One table for all receivers. What a receiver says in its body beyond the status is read in its own sink.
 */
import { SinkError, type SinkErrorCode } from './sink.ts'

/** A receiver cannot ask for more: the operator would wait longer for an answer than anybody remembers the question. */
const maxRetryAfterMs = 3_600_000

/** Codes of OpenSSL and Node for a certificate that was looked at and not believed. */
const distrusted = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CRL_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** The receiver's own words that it wants another certificate of ours, or speaks no TLS at all. */
const quarrel = /^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|WRONG_VERSION_NUMBER|PROTOCOL_VERSION|NO_PROTOCOLS)/

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** A certificate that was not believed, as what it is; nothing for every other error. */
export function certificateFailure(error: unknown, origin: string, presented?: string): SinkError | undefined {
  const code = codeOf(error)
  if (!distrusted.has(code)) return undefined
  const why = oneLine(error instanceof Error ? error.message : code)
  const which = presented === undefined ? '' : ` ${oneLine(presented)}`
  const remedy = 'Renew it, or name its authority in tls.ca_file; there is no switch to ignore it.'
  return new SinkError(
    'misconfigured',
    `${origin} shows a certificate${which} that is refused: ${why} (${code}). ${remedy}`,
    {
      cause: error,
    },
  )
}

/** Whatever kept a request from an answer. `what` says what was attempted. */
export function exchangeFailure(error: unknown, what: string, origin: string): SinkError {
  if (error instanceof SinkError) return error
  const refused = certificateFailure(error, origin)
  if (refused) return refused
  const code = codeOf(error)
  const why = oneLine(error instanceof Error ? error.message : String(error)) || code || 'no reason given'
  return new SinkError(quarrel.test(code) ? 'misconfigured' : 'unavailable', `${what} failed: ${why}`, { cause: error })
}

/** What a status other than 2xx asks for. */
export function codeOfStatus(status: number): SinkErrorCode {
  if (status === 408 || status === 425 || status === 429 || status >= 500) return 'unavailable'
  if (status === 400 || status === 413 || status === 422) return 'refused'
  // Credentials, paths, media types, redirects: somebody has to look at the configuration, the data is not to blame.
  return 'misconfigured'
}

/** Milliseconds of a `Retry-After`, in seconds or as a date of which the receiver's own clock is the measure. */
export function retryAfterMs(value: string | undefined, receiverDate: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs)
  const until = httpDate(text)
  if (Number.isNaN(until)) return undefined
  const now = httpDate(receiverDate ?? '')
  return Math.min(Math.max(until - (Number.isNaN(now) ? Date.now() : now), 0), maxRetryAfterMs)
}

/** Dates of HTTP name their day first; `Date.parse` alone would take "12" for one. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8}, ?\d/.test(text) ? Date.parse(text) : Number.NaN
}

/** The beginning of a text from outside, fit for a message. */
export function oneLine(text: string, length = 300): string {
  const clean = text
    .slice(0, length * 2)
    .replace(/[\x00-\x20\x7f-\x9f\u2028\u2029]+/g, ' ')
    .trim()
  return clean.length > length ? `${clean.slice(0, length)}...` : clean
}
