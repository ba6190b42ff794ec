/**
 * Calls loggers, configs and distributed plugins with osquery's own requests, and reads what they answer.
 */
import { type RemoteAnswer, rowsOf, type TextRow } from '../client.ts'
import type { DistributedQueries, DistributedResult } from '../plugins/distributed.ts'
import type { StatusLine } from '../plugins/status-lines.ts'

/** Sends a request to the plugin. */
export type Send = (request: Readonly<Record<string, string>>) => Promise<RemoteAnswer>

/** A logger, as osquery uses it. A status other than 0 rejects; osqueryd would end itself. */
export interface LoggerCaller {
  init(process?: string, lines?: readonly StatusLine[]): Promise<void>
  /** Bit 1: wants status lines; bit 2: wants events. */
  features(): Promise<number>
  status(lines: readonly StatusLine[]): Promise<void>
  /** One result line of a scheduled query. */
  string(line: string | object): Promise<void>
  snapshot(line: string | object): Promise<void>
}

/** A config plugin. */
export interface ConfigCaller {
  /** Configurations by source. */
  genConfig(): Promise<TextRow>
  /** The text of a pack. */
  genPack(name: string, value: string): Promise<string>
}

/** A distributed plugin. */
export interface DistributedCaller {
  getQueries(): Promise<DistributedQueries>
  writeResults(results: readonly DistributedResult[]): Promise<void>
}

export function loggerCaller(send: Send): LoggerCaller {
  const ask = async (request: Readonly<Record<string, string>>) => {
    rowsOf(await send(request))
  }
  return {
    init: (process = 'osqueryd', lines = []) =>
      ask(lines.length > 0 ? { init: process, log: logOf(lines) } : { init: process }),
    features: async () => (await send({ action: 'features' })).status.code,
    status: (lines) => ask({ log: logOf(lines), status: 'true' }),
    string: (line) => ask({ category: 'event', string: textOf(line) }),
    snapshot: (line) => ask({ snapshot: textOf(line) }),
  }
}

export function configCaller(send: Send): ConfigCaller {
  return {
    genConfig: async () => rowsOf(await send({ action: 'genConfig' }))[0] ?? {},
    genPack: async (name, value) => rowsOf(await send({ action: 'genPack', name, value }))[0]?.[name] ?? '',
  }
}

export function distributedCaller(send: Send): DistributedCaller {
  return {
    getQueries: async () => {
      const text = rowsOf(await send({ action: 'getQueries' }))[0]?.['results'] ?? '{}'
      return { queries: {}, ...(JSON.parse(text) as Partial<DistributedQueries>) }
    },
    writeResults: async (results) => {
      rowsOf(await send({ action: 'writeResults', results: JSON.stringify(written(results)) }))
    },
  }
}

function written(results: readonly DistributedResult[]): object {
  const by = <T>(value: (result: DistributedResult) => T) =>
    Object.fromEntries(results.map((result) => [result.name, value(result)]))
  return {
    queries: by(({ rows }) => rows),
    statuses: by(({ status }) => status),
    messages: by(({ message }) => message),
    stats: by(({ stats }) => ({
      wall_time_ms: stats?.wallTimeMs ?? 0,
      user_time: stats?.userTime ?? 0,
      system_time: stats?.systemTime ?? 0,
      memory: stats?.memory ?? 0,
    })),
  }
}

function logOf(lines: readonly StatusLine[]): string {
  return JSON.stringify(
    lines.map(({ severity, file, line, message, host, calendarTime, unixTime }) => ({
      s: severity,
      f: file,
      i: line,
      m: message,
      h: host,
      c: calendarTime,
      u: unixTime,
    })),
  )
}

function textOf(line: string | object): string {
  return typeof line === 'string' ? line : JSON.stringify(line)
}
