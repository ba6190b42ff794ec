/**
 * What an error of the Kafka client means for delivery; it nests what the broker or the socket said several levels deep.
 */
import type { Refusal } from './client-sink.ts'
import { describe, socketFailure } from './socket-failure.ts'

/** The broker has looked at the records and will not have them. */
const final: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'CORRUPT_MESSAGE',
])

/** A person has to act. */
const forPeople: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'allow the user to write to the topic',
  CLUSTER_AUTHORIZATION_FAILED: 'allow the user idempotent writes',
  SASL_AUTHENTICATION_FAILED: 'check user and password',
  UNSUPPORTED_SASL_MECHANISM: 'choose a mechanism that the broker offers',
  ILLEGAL_SASL_STATE: 'this port wants no login; check the port',
  INVALID_TOPIC_EXCEPTION: 'check the name of the topic',
  UNKNOWN_TOPIC_OR_PARTITION: 'make the topic',
  INVALID_REQUIRED_ACKS: 'check the topic',
  PLT_KFK_AUTHENTICATION: 'check user, password and mechanism',
}

/** Reads the errors inside an error, outermost first. */
export function kafkaRefusal(cause: unknown): Refusal {
  const errors = inside(cause)
  const text = describe(errors.at(-1) ?? cause)
  const names = errors.flatMap((one) => [
    'apiId' in one ? String(one.apiId) : '',
    'code' in one ? String(one.code) : '',
  ])
  const refused = names.find((name) => final.has(name))
  if (refused !== undefined) return { code: 'refused', reason: `${refused}: ${text}`, isFinal: true }
  const named = names.find((name) => Object.hasOwn(forPeople, name))
  if (named !== undefined) return misconfigured(`${text}; ${forPeople[named]}`)
  if (errors.some(({ message }) => /^Unknown topic /.test(message))) return misconfigured(`${text}; make the topic`)
  if (errors.some(({ message }) => message === 'Broker requires TLS.')) return misconfigured(`${text}; set tls`)
  // Node's and OpenSSL's own codes are on the innermost errors.
  for (const one of errors.toReversed()) {
    const { code, message } = socketFailure(one, 'kafka')
    if (code === 'misconfigured') return { code, reason: message, isFinal: false }
  }
  return { code: 'unavailable', reason: text, isFinal: false }
}

function misconfigured(reason: string): Refusal {
  return { code: 'misconfigured', reason, isFinal: false }
}

function inside(cause: unknown, depth = 0): Error[] {
  if (!(cause instanceof Error) || depth > 8) return []
  const inner = cause instanceof AggregateError ? cause.errors.slice(0, 20) : [cause.cause]
  return [cause, ...inner.flatMap((one) => inside(one, depth + 1))]
}
