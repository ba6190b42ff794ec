/**
 * The standing as Prometheus text. https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import type { DaemonStanding } from './standing.ts'

/** Content type of the text. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number | undefined]

/** The whole page. */
export function metricsText(standing: DaemonStanding, nowSeconds: number): string {
  const { queries, sinks } = standing
  const perSink = (value: (sink: (typeof sinks)[number]) => number | undefined): Sample[] =>
    sinks.map((sink) => [{ sink: sink.sink }, value(sink)])
  const perQuery = (value: (query: (typeof queries)[number]) => number | undefined): Sample[] =>
    queries.map((query) => [{ query: query.query }, value(query)])
  const one = (value: number): Sample[] => [[{}, value]]
  return [
    metric('build_info', 'gauge', 'Version and engine', [[{ version: standing.version, engine: standing.engine }, 1]]),
    metric('uptime_seconds', 'gauge', 'Since the start', one(nowSeconds - standing.started)),
    metric('resident_memory_bytes', 'gauge', 'Resident set', one(standing.rssBytes)),
    metric('engine_up', 'gauge', 'Whether the engine answered last', one(Number(standing.isEngineReached))),
    metric(
      'configuration_current',
      'gauge',
      'Whether the configuration on disk is in force',
      one(Number(standing.configurationError === undefined)),
    ),
    metric('problems', 'gauge', 'Problems of packs and queries that are off', one(standing.problems.length)),
    metric('events_total', 'counter', 'Events spooled since the spool was made', one(standing.newest)),
    metric(
      'sink_waiting_events',
      'gauge',
      'Events that wait for a sink',
      perSink(({ waiting }) => waiting),
    ),
    metric(
      'sink_waiting_bytes',
      'gauge',
      'Bytes that wait for a sink',
      perSink(({ waitingBytes }) => waitingBytes),
    ),
    metric(
      'sink_lag_seconds',
      'gauge',
      'Age of the oldest event that waits',
      perSink(({ oldest }) => (oldest === undefined ? 0 : Math.max(0, nowSeconds - oldest))),
    ),
    metric(
      'sink_delivered_total',
      'counter',
      'Events that a sink took',
      perSink(({ delivered }) => delivered),
    ),
    metric(
      'sink_dropped_total',
      'counter',
      'Events lost to the bounds',
      perSink(({ dropped }) => dropped),
    ),
    metric(
      'sink_damaged_total',
      'counter',
      'Events lost to damage',
      perSink(({ damaged }) => damaged),
    ),
    metric(
      'sink_dead_letters_total',
      'counter',
      'Events refused for good',
      perSink(({ deadLetters }) => deadLetters),
    ),
    metric(
      'sink_attempts_total',
      'counter',
      'Writes tried',
      perSink(({ attempts }) => attempts),
    ),
    metric(
      'sink_failures_total',
      'counter',
      'Writes failed',
      perSink(({ failures }) => failures),
    ),
    metric(
      'sink_circuit_open',
      'gauge',
      'Whether a sink is left alone',
      perSink(({ circuit }) => Number(circuit === 'open')),
    ),
    metric(
      'sink_last_success_timestamp_seconds',
      'gauge',
      'When a sink took events last',
      perSink(({ lastSuccessMs }) => lastSuccessMs && lastSuccessMs / 1000),
    ),
    metric(
      'query_runs_total',
      'counter',
      'Runs',
      perQuery(({ runs }) => runs),
    ),
    metric(
      'query_failures_total',
      'counter',
      'Runs that failed',
      perQuery(({ failures }) => failures),
    ),
    metric(
      'query_last_duration_seconds',
      'gauge',
      'Of the last run',
      perQuery(({ lastMs }) => lastMs && lastMs / 1000),
    ),
    metric(
      'query_last_rows',
      'gauge',
      'Of the last run',
      perQuery(({ lastRows }) => lastRows),
    ),
    metric(
      'query_next_run_timestamp_seconds',
      'gauge',
      'When it is due',
      perQuery(({ nextRun }) => nextRun),
    ),
    metric(
      'query_denylisted',
      'gauge',
      'Whether it is off',
      perQuery(({ denylisted }) => Number(denylisted !== undefined)),
    ),
  ].join('')
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const full = `threecx_daemon_${name}`
  const lines = samples
    .filter((sample): sample is readonly [Labels, number] => sample[1] !== undefined)
    .map(([labels, value]) => `${full}${labelText(labels)} ${value}\n`)
  return lines.length === 0 ? '' : `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
