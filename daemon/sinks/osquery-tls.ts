/**
 * Events to a server of osquery's TLS API, such as Fleet: enrolled like an osquery, logged like an osquery.
 *
 * The node key that enrolling gives is kept in memory; after a restart the sink enrolls again, unless `node_key` names
 * one. A host that already runs an enrolled osqueryd must have another `host_identifier` here: servers give one key per
 * identifier, and the newer enrolment ends the older. Nothing but logs is spoken: no configuration, no queries.
 */
import { z } from 'zod'
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { eventsInWords, jsonOf, objectOf } from './event-json.ts'
import { expectSuccess, HttpClient, secretText } from './http-client.ts'
import { connectionOptions, secretOption, secureReceiverUrl } from './http-options.ts'
import { defineSink, type SinkContext, SinkError } from './sink.ts'

/** osquery's own bounds: `logger_tls_max_lines`, `logger_tls_max_linesize`. */
const maxEvents = 1024
const maxLineBytes = 1_048_576

/** osquery's numbers for systems: sums of bits. */
const platformTypes: Readonly<Record<string, string>> = { linux: '9', darwin: '21', win32: '2', freebsd: '37' }

const apiPath = z.string().regex(/^\/[A-Za-z0-9/._~-]{0,255}$/, 'expected a path that begins with /')

const options = z.strictObject({
  url: secureReceiverUrl.describe('Address of the server, e.g. https://fleet.example:8080.'),
  enroll_secret: secretOption
    .optional()
    .describe('Secret to enroll with: {file: PATH} or {env: NAME}. Needed unless node_key is given.'),
  node_key: secretOption.optional().describe('Node key of an enrolled host; the sink then never enrolls.'),
  host_identifier: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\x00-\x1f\x7f]+$/)
    .optional()
    .describe(
      'Identifier to enroll as. Default: the host identifier with "-threecx-hunter", so that an osqueryd keeps its own.',
    ),
  enroll_path: apiPath.default('/api/osquery/enroll').describe('Path of enrolment.'),
  log_path: apiPath.default('/api/osquery/log').describe('Path of logs.'),
  gzip: z.boolean().default(false).describe('Compresses the requests, as osquery does with logger_tls_compress.'),
  max_request_bytes: z
    .number()
    .int()
    .min(maxLineBytes)
    .max(67_108_864)
    .default(4_194_304)
    .describe('Bytes of lines in one request.'),
  ...connectionOptions,
})

type Options = z.output<typeof options>

export const osqueryTlsSink = defineSink({
  type: 'osquery_tls',
  description: "Events to Fleet or another server of osquery's TLS API, as results and status of a host of its own.",
  references: [
    'https://osquery.readthedocs.io/en/stable/deployment/remote/',
    'https://fleetdm.com/docs/configuration/agent-configuration',
  ],
  options: options.refine((said) => (said.enroll_secret === undefined) !== (said.node_key === undefined), {
    message: 'expected either enroll_secret or node_key',
    path: ['enroll_secret'],
  }),
  async open(said, context) {
    const client = await HttpClient.open(said, context, undefined)
    let enrolled: string | undefined

    async function nodeKey(signal: AbortSignal): Promise<string> {
      if (said.node_key !== undefined) return secretText(said.node_key, context)
      enrolled ??= await enroll(client, said, context, signal)
      return enrolled
    }

    /** Sends lines of one log; `log_type` has no name for snapshots, which are results. */
    async function log(type: 'result' | 'status', events: readonly SpooledEvent[], signal: AbortSignal): Promise<void> {
      if (events.length === 0) return
      const key = await nodeKey(signal)
      const head = JSON.stringify({ node_key: key, log_type: type })
      const body = `${head.slice(0, -1)},"data":[${events.map(jsonOf).join(',')}]}`
      const headers = { 'content-type': 'application/json', authorization: `NodeKey ${key}` }
      const what = `delivering ${eventsInWords(events.length)} of the ${type} log`
      const answer = await client.exchange({ what, path: said.log_path, headers, body, secrets: [key] }, signal)
      const reply = objectOf(answer.text)
      if (isInvalid(reply)) {
        enrolled = undefined
        const remedy = said.node_key === undefined ? 'Enrolling again' : 'Replace node_key, or use enroll_secret'
        const code = said.node_key === undefined ? 'unavailable' : 'misconfigured'
        throw new SinkError(code, `${what} to ${said.url} failed: the node key is no longer valid. ${remedy}`)
      }
      expectSuccess(answer)
      // An empty answer is one: osquery's own client asks for nothing more than a good status.
      if (reply === undefined && answer.text.trim() !== '') {
        throw new SinkError('misconfigured', `${answer.said}; expected JSON. Is this a server of osquery's TLS API?`)
      }
      const error = reply?.['error']
      if (typeof error === 'string' && error !== '') throw new SinkError('unavailable', answer.said)
    }

    return {
      name: context.name,
      limits: { maxEvents, maxBytes: said.max_request_bytes, maxLineBytes },
      async write({ events }, signal) {
        const status = events.filter(({ kind }) => kind === 'status')
        const results = events.filter(({ kind }) => kind !== 'status')
        await log('result', results, signal)
        try {
          await log('status', status, signal)
        } catch (error) {
          if (results.length === 0 || !(error instanceof SinkError)) throw error
          throw onlyOf(status, error)
        }
      },
      async close() {
        client.close()
      },
    }
  },
})

/** The failure of a batch of which the other log has arrived. */
function onlyOf(events: readonly SpooledEvent[], error: SinkError): SinkError {
  const isFinal = error.code === 'refused'
  return new SinkError(error.code, error.message, {
    cause: error,
    failures: events.map(({ sequence }) => ({ sequence, reason: error.message, isFinal })),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  })
}

function isInvalid(reply: Readonly<Record<string, unknown>> | undefined): boolean {
  // Servers write it as a boolean, and as the text that osquery's property trees make of one.
  return reply?.['node_invalid'] === true || reply?.['node_invalid'] === 'true'
}

async function enroll(client: HttpClient, said: Options, context: SinkContext, signal: AbortSignal): Promise<string> {
  if (said.enroll_secret === undefined) throw new SinkError('misconfigured', 'no enroll_secret to enroll with')
  const secret = secretText(said.enroll_secret, context)
  const identifier = said.host_identifier ?? `${context.host}-threecx-hunter`
  const what = `enrolling ${JSON.stringify(identifier)}`
  const body = JSON.stringify({
    enroll_secret: secret,
    host_identifier: identifier,
    platform_type: platformTypes[process.platform] ?? '0',
    // No hardware UUID and no serial number: by them a server would take this for the osqueryd of the same machine.
    host_details: {
      os_version: { platform: process.platform === 'win32' ? 'windows' : process.platform, arch: process.arch },
      osquery_info: { version: context.version, build_platform: process.platform, instance_id: identifier },
      system_info: { hostname: identifier, computer_name: identifier },
    },
  })
  const headers = { 'content-type': 'application/json' }
  const answer = await client.exchange({ what, path: said.enroll_path, headers, body, secrets: [secret] }, signal)
  const reply = objectOf(answer.text)
  if (isInvalid(reply)) throw new SinkError('misconfigured', `${answer.said}. Check enroll_secret`)
  expectSuccess(answer)
  const key = reply?.['node_key']
  if (typeof key === 'string' && /^[\x21-\x7e]{1,4096}$/.test(key)) return key
  throw new SinkError(
    'misconfigured',
    `${what} to ${said.url} gave no usable node_key. Is this a server of osquery's TLS API?`,
  )
}
