/**
 * What an error of a socket, of TLS or of name resolution means for delivery: try later, or a person has to act.
 */
import { SinkError } from './sink.ts'

/** OpenSSL's and Node's codes for a certificate or a key that will not do, whenever it is tried again. */
const certificate =
  /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|ERROR_IN_CERT|EPROTO$)/

const remedies: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not known; check the host',
  EACCES: 'give the daemon the right to use it',
  EPERM: 'give the daemon the right to use it',
  ENOTSOCK: 'what is at the path is no socket',
  EPROTOTYPE:
    'the socket takes datagrams, which Node cannot send to a path; give the receiver a stream socket, UDP or TCP',
}

/** Turns whatever was thrown into a `SinkError` that says what was tried. */
export function socketFailure(cause: unknown, attempted: string): SinkError {
  if (cause instanceof SinkError) return cause
  const code = codeOf(cause)
  const found = describe(cause)
  const remedy = certificate.test(code)
    ? 'TLS could not be agreed; check certificate, name and authority'
    : remedies[code]
  if (remedy === undefined) return new SinkError('unavailable', `${attempted}: ${found}`, { cause })
  return new SinkError('misconfigured', `${attempted}: ${found}; ${remedy}`, { cause })
}

/** The code of an error, or of the first with a code that it was caused by. */
export function codeOf(cause: unknown): string {
  for (let at = cause, depth = 0; at instanceof Error && depth < 8; depth += 1) {
    if ('code' in at && typeof at.code === 'string' && at.code !== '') return at.code
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return ''
}

/** What an error says, in one line of bounded length: part of it may come from the far side. */
export function describe(cause: unknown): string {
  const inner = cause instanceof AggregateError && cause.message === '' ? cause.errors[0] : cause
  const text = inner instanceof Error ? inner.message || inner.name : String(inner)
  return text.replace(/[\0-\x1f\x7f]+/g, ' ').slice(0, 500)
}
