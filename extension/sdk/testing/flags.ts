/**
 * Flags of an osquery, as `options` gives them: a selection that extensions look at, with osquery's defaults.
 */
import type { OptionInfo } from '../wire/responder.ts'

/** Flags by name with value, default and type. */
const defaults: Readonly<Record<string, readonly [value: string, type: string]>> = {
  config_path: ['/etc/osquery/osquery.conf', 'string'],
  config_plugin: ['filesystem', 'string'],
  config_refresh: ['0', 'uint64'],
  database_path: ['/var/osquery/osquery.db', 'string'],
  disable_caching: ['false', 'bool'],
  disable_database: ['false', 'bool'],
  disable_distributed: ['true', 'bool'],
  disable_events: ['false', 'bool'],
  disable_extensions: ['false', 'bool'],
  disable_logging: ['false', 'bool'],
  disable_watchdog: ['false', 'bool'],
  distributed_interval: ['60', 'uint64'],
  distributed_plugin: ['tls', 'string'],
  enable_extensions_watchdog: ['false', 'bool'],
  extensions_autoload: ['/etc/osquery/extensions.load', 'string'],
  extensions_default_index: ['true', 'bool'],
  extensions_interval: ['3', 'string'],
  extensions_require: ['', 'string'],
  extensions_socket: ['/var/osquery/osquery.em', 'string'],
  extensions_timeout: ['3', 'string'],
  host_identifier: ['hostname', 'string'],
  logger_event_type: ['true', 'bool'],
  logger_min_status: ['0', 'int32'],
  logger_path: ['/var/log/osquery/', 'string'],
  logger_plugin: ['filesystem', 'string'],
  logger_snapshot_event_type: ['false', 'bool'],
  pack_delimiter: ['_', 'string'],
  pidfile: ['/var/osquery/osqueryd.pidfile', 'string'],
  schedule_splay_percent: ['10', 'uint64'],
  thrift_timeout: ['300', 'uint32'],
  utc: ['true', 'bool'],
  verbose: ['false', 'bool'],
  watchdog_level: ['0', 'int32'],
  worker_threads: ['4', 'int32'],
}

/** The flags with some of them set; a flag that is not listed is a string without a default. */
export function flags(set: Readonly<Record<string, string>>): Readonly<Record<string, OptionInfo>> {
  const names = [...new Set([...Object.keys(defaults), ...Object.keys(set)])].sort()
  return Object.fromEntries(
    names.map((name) => {
      const [value, type] = defaults[name] ?? ['', 'string']
      return [name, { value: set[name] ?? value, default_value: value, type }]
    }),
  )
}
