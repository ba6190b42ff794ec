/**
 * Our columns, and osquery's, as fields of the Elastic Common Schema.
 *
 * By table, because a path is a file's in one and a program's in another; a column that two tables of a statement mean
 * differently is left out, and so are unix seconds, which ECS dates would read as milliseconds. Only fields that ECS
 * defines stand here. https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html
 */
import { tablesIn } from '../statement-tables.ts'
import type { RenderedQuery } from './renderer.ts'

type Fields = Readonly<Record<string, string>>

/** What a field is filled from: a column, or the same value for every row. */
export type EcsSource = { readonly field: string } | { readonly value: string | readonly string[] }

const file = {
  path: 'file.path',
  directory: 'file.directory',
  filename: 'file.name',
  size: 'file.size',
  sha256: 'file.hash.sha256',
  sha1: 'file.hash.sha1',
  md5: 'file.hash.md5',
  owner: 'file.owner',
  uid: 'file.uid',
  mode: 'file.mode',
} as const
const process = {
  path: 'process.executable',
  name: 'process.name',
  pid: 'process.pid',
  parent: 'process.parent.pid',
  cmdline: 'process.command_line',
  uid: 'user.id',
  user: 'user.name',
  sha256: 'process.hash.sha256',
} as const
const install = { path: 'file.path', version: 'package.version', user: 'user.name' } as const

const tables: Readonly<Record<string, Fields>> = {
  threecx_artifacts: file,
  threecx_payloads: { path: 'file.path' },
  threecx_processes: process,
  threecx_executions: process,
  threecx_installs: install,
  threecx_c2_hits: {
    url: 'url.full',
    domain: 'url.domain',
    user: 'user.name',
    process: 'process.name',
    indicator: 'threat.indicator.name',
    source_path: 'log.file.path',
  },
  file,
  hash: { path: 'file.path', sha256: 'file.hash.sha256' },
  users: { uid: 'file.uid' },
  processes: process,
  process_events: process,
  es_process_events: process,
  dns_cache: { name: 'dns.question.name', type: 'dns.question.type', indicator: 'threat.indicator.name' },
  programs: { name: 'package.name', version: 'package.version' },
  yara_file: { path: 'file.path' },
  apps: { name: 'package.name', version: 'package.version', path: 'package.path' },
}

/** The mapping of a query. */
export function ecsMapping(query: RenderedQuery): Readonly<Record<string, EcsSource>> {
  const read = tablesIn(query.sql).map((name) => tables[name] ?? {})
  const columns = query.columns.flatMap((column) => {
    const meanings = new Set(read.flatMap((fields) => fields[column] ?? []))
    const [field] = meanings
    return field !== undefined && meanings.size === 1 ? [[field, { field: column }] as const] : []
  })
  const { attack, title, references, level } = query
  return {
    ...Object.fromEntries(columns),
    'rule.name': { value: title },
    ...(references[0] !== undefined && { 'rule.reference': { value: references[0] } }),
    ...(level !== 'informational' && { 'event.kind': { value: 'alert' } }),
    ...(attack.length > 0 && {
      'threat.framework': { value: 'MITRE ATT&CK' },
      'threat.technique.id': { value: attack.map((one) => one.split('.')[0] ?? one) },
    }),
  }
}
