/**
 * Splunk's HTTP Event Collector as its documentation has it: tokens, channels, codes, indexed fields, acknowledgement.
 *
 * https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data
 */
import type { Behaviour, Received } from './scripted-receiver.ts'

type Json = Record<string, unknown>

export class SplunkCollector {
  readonly token: string
  readonly index: string
  /** What was taken, in order. */
  readonly taken: Json[] = []
  /** Whether the token demands a channel and hands out acknowledgements. */
  acknowledges = false
  /** How often it is asked about a batch before an indexer has it. */
  asksUntilIndexed = 2
  /** Events that it takes for no data. */
  isRefused: (event: Json) => boolean = () => false
  readonly #asked = new Map<string, number>()
  #nextAck = 0

  constructor(token: string, index: string) {
    this.token = token
    this.index = index
  }

  readonly behaviour: Behaviour = (received, response) => {
    const [status, body] = this.#answer(received)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #answer({ path, headers, body }: Received): readonly [number, Json] {
    const { authorization } = headers
    if (authorization === undefined) return [401, { text: 'Token is required', code: 2 }]
    if (!authorization.startsWith('Splunk ')) return [401, { text: 'Invalid authorization', code: 3 }]
    if (authorization !== `Splunk ${this.token}`) return [403, { text: 'Invalid token', code: 4 }]
    const url = new URL(path, 'http://collector')
    const channel = headers['x-splunk-request-channel'] ?? url.searchParams.get('channel')
    if (url.pathname === '/services/collector/ack') return this.#acknowledge(channel, body)
    if (url.pathname !== '/services/collector/event')
      return [404, { text: 'The requested URL was not found', code: 404 }]
    if (this.acknowledges && !channel) return [400, { text: 'Data channel is missing', code: 10 }]
    return this.#take(body)
  }

  #take(body: string): readonly [number, Json] {
    if (body.trim() === '') return [400, { text: 'No data', code: 5 }]
    for (const [number, text] of body.split('\n').entries()) {
      const event = parsed(text)
      const refuse = (code: number, why: string): readonly [number, Json] => {
        return [400, { text: why, code, 'invalid-event-number': number }]
      }
      if (event === undefined || this.isRefused(event)) return refuse(6, 'Invalid data format')
      if (!('event' in event)) return refuse(12, 'Event field is required')
      if (event['event'] === '' || event['event'] === null) return refuse(13, 'Event field cannot be blank')
      if (event['index'] !== undefined && event['index'] !== this.index) return refuse(7, 'Incorrect index')
      if (!hasFlatFields(event['fields'])) return refuse(15, 'Error in handling indexed fields')
      // Those before a bad one are taken: the harder of the two readings of the documentation.
      this.taken.push(event)
    }
    return [200, { text: 'Success', code: 0, ...(this.acknowledges ? { ackId: this.#nextAck++ } : {}) }]
  }

  #acknowledge(channel: unknown, body: string): readonly [number, Json] {
    if (!this.acknowledges) return [400, { text: 'ACK is disabled', code: 14 }]
    if (typeof channel !== 'string') return [400, { text: 'Data channel is missing', code: 10 }]
    const acks = (parsed(body)?.['acks'] ?? []) as number[]
    const answers = acks.map((ack) => {
      const key = `${channel} ${ack}`
      const asked = (this.#asked.get(key) ?? 0) + 1
      this.#asked.set(key, asked)
      return [String(ack), ack < this.#nextAck && asked >= this.asksUntilIndexed] as const
    })
    return [200, { acks: Object.fromEntries(answers) }]
  }
}

function hasFlatFields(fields: unknown): boolean {
  if (fields === undefined) return true
  if (typeof fields !== 'object' || fields === null) return false
  return Object.values(fields).every((one) => ['string', 'number', 'boolean'].includes(typeof one))
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}
