/**
 * What an operator may write into the daemon's configuration file; docs/daemon.md is generated from the descriptions.
 *
 * Nothing is secret in it: a sink's secret is `{ file: PATH }` or `{ env: NAME }`.
 */
import { z } from 'zod'
import { configurationDocument } from '../../extension/configuration/schema.ts'
import { logLevels } from '../../extension/runtime/log.ts'
import { duration, size } from './units.ts'

const name = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'expected letters, digits, _, . and -')

/** Who answers the queries. */
export const engineDocument = z.strictObject({
  use: z.enum(['auto', 'osquery', 'embedded']).default('auto').meta({
    description:
      '`osquery`: over the extension socket; `embedded`: our own tables, no osquery needed; `auto`: osquery if its socket is there at the start',
  }),
  socket: z
    .string()
    .min(1)
    .max(1024)
    .exactOptional()
    .meta({ description: "osquery's extension socket; default: where its packages put it" }),
  indicators: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .meta({ description: 'Indicators beside the shipped ones, for the embedded engine' }),
  rules: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .meta({ description: 'YARA rules beside the shipped ones, for the embedded engine' }),
})

/** How result lines look. */
export const linesDocument = z.strictObject({
  format: z
    .enum(['event', 'batch'])
    .default('event')
    .meta({ description: '`event`: a line per row; `batch`: a line per run (osquery: logger_event_type)' }),
  snapshot_events: z
    .boolean()
    .default(false)
    .meta({ description: 'A line per row of snapshots too (osquery: logger_snapshot_event_type)' }),
  numerics: z.boolean().default(false).meta({ description: 'Numbers as numbers (osquery: log_numerics_as_numbers)' }),
  decorations: z
    .record(name, z.string().max(1000))
    .default({})
    .meta({ description: 'Fixed decorations of every line' }),
  decorations_top_level: z
    .boolean()
    .default(false)
    .meta({ description: 'Decorations beside the other members (osquery: decorations_top_level)' }),
  proof: z.boolean().default(true).meta({
    description:
      'Decorations `threecx_event_id`, `threecx_sequence` and `threecx_checksum`, which `threecx daemon verify` reads',
  }),
  pack_delimiter: z
    .string()
    .min(1)
    .max(4)
    .default('_')
    .meta({ description: 'Between pack, its name and the query (osquery: pack_delimiter)' }),
  epoch: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'A change makes every query send its whole result again (osquery: schedule_epoch)' }),
})

/** What queries may cost. */
export const limitsDocument = z.strictObject({
  concurrency: z.int().min(1).max(16).default(1).meta({ description: 'Queries that run at once' }),
  cpu_percent: z
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'Share of the time in which queries may run; after a long one the next waits' }),
  query_timeout: duration('1s', '1h', 'How long a query may take').default('5m'),
  max_rows: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .meta({ description: 'Rows of a result; more are cut off, and said to be' }),
  max_cell: size('1KiB', '64MiB', 'Size of a value; the rest is cut off, and said to be').default('1MiB'),
  max_result: size('64KiB', '4GiB', 'Size of a whole result').default('256MiB'),
})

/** Bounds of the spool. */
export const spoolDocument = z.strictObject({
  max_bytes: size('1MiB', '1024GiB', 'Size of the lines that wait').default('1GiB'),
  max_age: duration('1m', '3650d', 'Age at which a waiting line is dropped').default('30d'),
  when_full: z.enum(['drop_oldest', 'refuse_new']).default('drop_oldest').meta({
    description:
      '`drop_oldest` drops and counts; `refuse_new` keeps what waits: queries are asked again when there is room',
  }),
})

/** How a sink is served; the same for every kind. */
export const deliverDocument = z.strictObject({
  max_events: z.int().min(1).max(100_000).default(1000).meta({ description: 'Lines of a batch' }),
  max_bytes: size('1KiB', '256MiB', 'Size of a batch').default('4MiB'),
  linger: duration('0ms', '1h', 'How long a batch may wait for more lines').default('200ms'),
  timeout: duration('100ms', '10m', 'How long the receiver may take for a batch').default('30s'),
  retry_min: duration('10ms', '1h', 'First waiting time after a failure; it doubles').default('1s'),
  retry_max: duration('1s', '24h', 'Longest waiting time').default('5m'),
  open_after: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .meta({ description: 'Failures in a row after which single lines probe the receiver' }),
})

/** What every sink has beside its own options. */
export const sinkDocument = z.looseObject({
  type: z.string().min(1).max(64).meta({ description: 'Kind of sink' }),
  name: name.exactOptional().meta({ description: 'Unique name; default: the type' }),
  deliver: deliverDocument.prefault({}).meta({ description: 'How it is served' }),
})

/** The whole file. */
export const daemonDocument = z.strictObject({
  state: z.string().min(1).max(1024).exactOptional().meta({
    description: 'Private directory for spool and state; default: `daemon` in the state directory of threecx',
  }),
  host_identifier: z
    .enum(['hostname', 'uuid', 'specified'])
    .default('hostname')
    .meta({ description: 'hostIdentifier of lines (osquery: host_identifier)' }),
  specified_identifier: z
    .string()
    .min(1)
    .max(255)
    .exactOptional()
    .meta({ description: 'The identifier, with `host_identifier: specified`' }),
  engine: engineDocument.prefault({}).meta({ description: 'Who answers the queries' }),
  packs: z.array(z.string().min(1).max(1024)).max(200).exactOptional().meta({
    description:
      'Names of shipped packs, paths of osquery pack files (`.conf`, `.json`) or of folders of packs of our shape; default: threecx-hunt',
  }),
  schedule: z
    .record(name, z.unknown())
    .default({})
    .meta({ description: "Queries outside packs, as in osquery's `schedule`" }),
  lines: linesDocument.prefault({}).meta({ description: 'How result lines look' }),
  limits: limitsDocument.prefault({}).meta({ description: 'What queries may cost' }),
  spool: spoolDocument.prefault({}).meta({ description: 'Bounds of what waits to be delivered' }),
  sinks: z
    .array(sinkDocument)
    .min(1)
    .max(64)
    .prefault([{ type: 'stdout' }])
    .meta({ description: 'Where lines go; default: stdout' }),
  listen: z
    .string()
    .regex(/^(off|(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5})$/, 'expected HOST:PORT or off')
    .default('127.0.0.1:9471')
    .meta({ description: 'Where /healthz, /readyz and /metrics answer; `off`: nowhere' }),
  osquery_plugins: z
    .array(z.enum(['config', 'logger']))
    .max(2)
    .default([])
    .meta({
      description:
        'Plugins to register with osquery: it schedules our packs (`config`), we deliver its lines (`logger`)',
    }),
  log_level: z.enum(logLevels).default('info').meta({ description: "The daemon's own log, on stderr" }),
  stop_deadline: duration('1s', '10m', 'How long a stop may take').default('20s'),
  sources: configurationDocument.shape.sources,
})

/** A validated file; the options of sinks are checked by their own schemas. */
export type DaemonDocument = z.infer<typeof daemonDocument>
