/**
 * Every kind of sink, by its type, in the order of the documentation.
 */
import { elasticsearchSink } from './elasticsearch.ts'
import { fileSink } from './file.ts'
import { httpSink } from './http.ts'
import { kafkaSink } from './kafka.ts'
import { lokiSink } from './loki.ts'
import { natsSink } from './nats.ts'
import { osqueryTlsSink } from './osquery-tls.ts'
import { otlpSink } from './otlp.ts'
import { redisSink } from './redis.ts'
import type { SinkDefinition } from './sink.ts'
import { splunkHecSink } from './splunk-hec.ts'
import { stdoutSink } from './stdout.ts'
import { syslogSink } from './syslog.ts'

/** All kinds. */
export const sinkDefinitions: readonly SinkDefinition[] = [
  stdoutSink,
  fileSink,
  syslogSink,
  httpSink,
  osqueryTlsSink,
  splunkHecSink,
  elasticsearchSink,
  lokiSink,
  otlpSink,
  kafkaSink,
  natsSink,
  redisSink,
]
