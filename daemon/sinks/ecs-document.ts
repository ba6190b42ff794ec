/**
 * One event as a document of the Elastic Common Schema.
 *
 * The whole line is under `osquery`, untouched; what analysts search across data sets (time, host, file, hash, process,
 * user, URL) is copied to where ECS has it. Columns of our tables and of osquery's have fixed names, so the copying is a
 * list. https://www.elastic.co/docs/reference/ecs
 */
import type { SpooledEvent } from '../../extension/domain/result-event.ts'
import { isObject, jsonOf, objectOf } from './event-json.ts'

/** Version of ECS whose fields are used. */
const ecsVersion = '8.17.0'

/** `event.severity` by Sigma's levels, in steps that sort. */
const severities: ReadonlyMap<unknown, number> = new Map([
  ['informational', 1],
  ['low', 21],
  ['medium', 47],
  ['high', 73],
  ['critical', 99],
])

/** Seconds that ISO 8601 has four digits of a year for. */
const maxUnixTime = 253_402_300_799

type Fields = Readonly<Record<string, unknown>>

/** The document, on one line. */
export function ecsDocument(event: SpooledEvent, host: string): string {
  const row = objectOf(event.line)
  const columns = row && isObject(row['columns']) ? row['columns'] : {}
  const decorations = row && isObject(row['decorations']) ? row['decorations'] : {}
  const action = textOf(row?.['action'])
  const about = JSON.stringify({
    '@timestamp': isoTime(event.unixTime),
    ecs: { version: ecsVersion },
    event: {
      id: event.id,
      sequence: event.sequence,
      kind: event.kind === 'snapshot' ? 'state' : 'event',
      module: 'threecx_hunter',
      dataset: `threecx_hunter.${event.kind}`,
      provider: 'osquery',
      action,
      severity: severities.get(columns['level']),
    },
    host: { name: host, hostname: textOf(decorations['hostname']), id: textOf(decorations['host_uuid']) },
    rule: event.query === '' ? undefined : { name: event.query },
    message: event.kind === 'status' ? textOf(row?.['message']) : undefined,
    ...ofColumns(columns),
    tags: ['threecx-hunter'],
  })
  return `${about.slice(0, -1)},"osquery":${asObject(event, row)}}`
}

/** `osquery` is an object in every document: one that were a string would be refused by the mapping. */
function asObject(event: SpooledEvent, row: Fields | undefined): string {
  return row === undefined ? JSON.stringify({ line: event.line }) : jsonOf(event)
}

function ofColumns(columns: Fields): Fields {
  const at = (name: string) => textOf(columns[name])
  const pid = numberOf(columns['pid'])
  const commandLine = at('cmdline')
  const isProcess = pid !== undefined || commandLine !== undefined
  const hash = filled({ sha256: at('sha256'), sha1: at('sha1'), md5: at('md5') })
  const path = at('path')
  const file = filled({
    path,
    name: at('filename') ?? lastPart(path),
    directory: at('directory'),
    size: numberOf(columns['size']),
    mode: at('mode'),
    owner: at('owner'),
    uid: at('uid'),
    gid: at('gid'),
    mtime: timeOf(columns['mtime']),
    ctime: timeOf(columns['ctime']),
    accessed: timeOf(columns['atime']),
    created: timeOf(columns['btime']),
    hash,
  })
  const user = filled({ name: at('user') ?? at('username'), id: at('uid') })
  return {
    ...(isProcess
      ? {
          process: filled({
            pid,
            executable: path,
            name: at('name') ?? lastPart(path),
            command_line: commandLine,
            hash,
          }),
        }
      : { file: path === undefined ? hash && { hash } : file }),
    user: at('user') === undefined && at('username') === undefined ? undefined : user,
    url: filled({ full: at('url'), domain: at('domain') }),
    related: filled({
      hash: hash === undefined ? undefined : Object.values(hash),
      user: user?.['name'] === undefined ? undefined : [user['name']],
    }),
  }
}

/** Without what is not there; nothing when nothing is. */
function filled(fields: Fields): Fields | undefined {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined)
  return there.length === 0 ? undefined : Object.fromEntries(there)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Columns are texts unless the daemon was told to log numbers. */
function numberOf(value: unknown): number | undefined {
  const text = textOf(value)
  if (text === undefined || !/^-?\d{1,16}$/.test(text)) return undefined
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : undefined
}

function timeOf(value: unknown): string | undefined {
  const seconds = numberOf(value)
  return seconds === undefined || seconds <= 0 || seconds > maxUnixTime ? undefined : isoTime(seconds)
}

function isoTime(seconds: number): string {
  const inRange = seconds >= 0 && seconds <= maxUnixTime ? seconds : 0
  return new Date(inRange * 1000).toISOString()
}

function lastPart(path: string | undefined): string | undefined {
  return path?.split(/[\\/]/).at(-1) || undefined
}
