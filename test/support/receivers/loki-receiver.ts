/**
 * Loki's push as its ingester does it: good entries are kept even when others of the push are not, entries that are
 * there already are dropped, and a refusal names at most ten entries of one stream, by their time.
 *
 * https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
 */
import type { Behaviour } from './scripted-receiver.ts'

interface Push {
  readonly streams: readonly {
    readonly stream: Readonly<Record<string, string>>
    readonly values: readonly (readonly [time: string, line: string, metadata?: Readonly<Record<string, string>>])[]
  }[]
}

const maxNamed = 10

export class LokiReceiver {
  /** Ids of the entries it has, in the order of arrival. */
  readonly kept: string[] = []
  readonly #known = new Set<string>()
  readonly #isRefused: (line: string) => boolean

  constructor(isRefused: (line: string) => boolean) {
    this.#isRefused = isRefused
  }

  readonly behaviour: Behaviour = ({ body }, response) => {
    const { streams } = JSON.parse(body) as Push
    let refusal: string | undefined
    for (const { stream, values } of streams) {
      const refused = values.filter(([, line]) => this.#isRefused(line))
      for (const [time, line, metadata] of values) {
        const entry = JSON.stringify([stream, time, line])
        if (this.#isRefused(line) || this.#known.has(entry)) continue
        this.#known.add(entry)
        this.kept.push(metadata?.['event_id'] ?? '')
      }
      if (refused.length === 0) continue
      // Each stream with refused entries overwrites what an earlier one said.
      const named = refused.slice(0, maxNamed).map(([time]) => {
        return `entry with timestamp ${goTime(time)} ignored, reason: 'entry too far behind, oldest acceptable timestamp is: then',\n`
      })
      refusal = `${named.join('')}user 'fake', total ignored: ${refused.length} out of ${values.length} for stream: {}`
    }
    response.writeHead(refusal === undefined ? 204 : 400).end(refusal)
  }
}

/** Nanoseconds as Go prints a time: without zeros at the end of the fraction. */
function goTime(nanoseconds: string): string {
  const seconds = Number(nanoseconds.slice(0, -9))
  const fraction = nanoseconds.slice(-9).replace(/0+$/, '')
  const [day, time] = new Date(seconds * 1000).toISOString().split(/[TZ.]/)
  return `${day} ${time}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}
