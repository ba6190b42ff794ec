/**
 * Every kind of sink, by its type, in the order of the documentation.
 */
import { fileSink } from './file.ts'
import type { SinkDefinition } from './sink.ts'
import { stdoutSink } from './stdout.ts'
import { syslogSink } from './syslog.ts'

/** All kinds. */
export const sinkDefinitions: readonly SinkDefinition[] = [stdoutSink, fileSink, syslogSink]
