/**
 * A server of osquery's TLS API with Fleet's manners: enrolment by secret, one node key per identifier, 401 with
 * `node_invalid` for a key that is none, results and status apart.
 *
 * https://osquery.readthedocs.io/en/stable/deployment/remote/
 */
import type { Behaviour } from './scripted-receiver.ts'

type Json = Record<string, unknown>

export class FleetServer {
  readonly secret: string
  /** Lines by log, in order. */
  readonly logged: Record<'result' | 'status', Json[]> = { result: [], status: [] }
  /** Identifiers in the order in which they enrolled. */
  readonly enrolments: Json[] = []
  /** Logs that it cannot take now. */
  readonly broken = new Set<string>()
  readonly #keys = new Map<string, string>()

  constructor(secret: string) {
    this.secret = secret
  }

  /** Forgets every host, as after a restore. */
  forget(): void {
    this.#keys.clear()
  }

  /** A key that was given out beforehand. */
  know(identifier: string, key: string): void {
    this.#keys.set(identifier, key)
  }

  readonly behaviour: Behaviour = ({ path, headers, body, method }, response) => {
    const said = JSON.parse(body) as Json
    const answer = (status: number, reply: Json) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply))
    if (method !== 'POST') return answer(405, {})
    if (path === '/api/osquery/enroll') {
      if (said['enroll_secret'] !== this.secret || typeof said['host_identifier'] !== 'string') {
        return answer(401, { error: 'enroll failed: no matching secret found', node_invalid: true })
      }
      this.enrolments.push(said)
      const key = `node-key-${this.enrolments.length}`
      this.#keys.set(said['host_identifier'], key)
      return answer(200, { node_key: key })
    }
    if (path !== '/api/osquery/log') return answer(404, {})
    const key = said['node_key']
    const isKnown = typeof key === 'string' && [...this.#keys.values()].includes(key)
    if (!isKnown || headers.authorization !== `NodeKey ${key}`) {
      return answer(401, { error: 'authentication error: invalid node key', node_invalid: true })
    }
    const type = said['log_type']
    if (this.broken.has(String(type))) return answer(503, { error: 'no room' })
    if (type !== 'result' && type !== 'status') return answer(400, { error: 'unknown log_type' })
    if (!Array.isArray(said['data'])) return answer(400, { error: 'data is no list' })
    this.logged[type].push(...(said['data'] as Json[]))
    return answer(200, {})
  }
}
