/**
 * The few tables of osquery that packs need before they ask anything: which osquery this is, what it has, which host.
 *
 * Discovery queries look into `osquery_registry` and `osquery_extensions`, decorators into `system_info` and
 * `os_version`. They have osquery's columns, as far as Node can tell them. What osquery tells of files and accounts comes
 * with our own tables (extension/osquery-tables); a query for anything else of osquery fails.
 */
import { readFileSync } from 'node:fs'
import * as os from 'node:os'
import {
  type BoundTable,
  bigint,
  bind,
  type Columns,
  defineTable,
  integer,
  type Row,
  text,
} from '../../extension/sdk/index.ts'

/** What the tables tell that the host does not. */
export interface HostTablesOptions {
  /** Version of the osquery whose rules are followed. */
  readonly version: string
  /** The extension that the tables would come from, were osquery here. */
  readonly extension: { readonly name: string; readonly version: string }
  /** Names of all other tables. */
  readonly tables: readonly string[]
}

const names = ['osquery_info', 'osquery_extensions', 'osquery_registry', 'system_info', 'os_version'] as const

/** The tables; without those whose names the others have. */
export function hostTables(options: HostTablesOptions): BoundTable[] {
  const { version, extension, tables } = options
  const taken = new Set(tables)
  const registered = [...names.filter((name) => !taken.has(name)), ...tables]
  const own = [
    single(
      'osquery_info',
      {
        pid: integer('Process that answers'),
        version: text('Version of osquery whose rules are followed'),
        extensions: text('State of extensions'),
        build_platform: text('System the answering program was made for'),
        start_time: bigint('Start of the process, unix seconds'),
      },
      'pid',
      () => [
        {
          pid: process.pid,
          version,
          extensions: 'active',
          build_platform: osqueryPlatform(),
          start_time: Math.floor(Date.now() / 1000 - process.uptime()),
        },
      ],
    ),
    single(
      'osquery_extensions',
      {
        uuid: bigint('Number; 0 is the core'),
        name: text('Name'),
        version: text('Version'),
        sdk_version: text('Version of the SDK'),
        path: text('Socket; there is none'),
        type: text('core or extension'),
      },
      'uuid',
      () => [
        { uuid: 0, name: 'core', version, sdk_version: '0.0.0', path: '', type: 'core' },
        {
          uuid: 1,
          name: extension.name,
          version: extension.version,
          sdk_version: version,
          path: '',
          type: 'extension',
        },
      ],
    ),
    single(
      'osquery_registry',
      {
        id: integer('Row'),
        registry: text('Registry'),
        name: text('Plugin'),
        owner_uuid: integer('Extension; 0 is the core'),
        internal: integer('Not in queries'),
        active: integer('In use'),
      },
      'id',
      () =>
        registered.map((name, id) => {
          const owner_uuid = taken.has(name) ? 1 : 0
          return { id, registry: 'table', name, owner_uuid, internal: 0, active: 1 }
        }),
    ),
    single(
      'system_info',
      {
        hostname: text('Name of the host'),
        uuid: text('Number of the machine, where its firmware can be read'),
        cpu_type: text('Processor architecture'),
        cpu_brand: text('Processor'),
        cpu_logical_cores: integer('Logical processors'),
        physical_memory: bigint('Bytes of memory'),
        computer_name: text('Name of the host'),
        local_hostname: text('Name of the host without its domain'),
      },
      'hostname',
      () => [systemInfo()],
    ),
    single(
      'os_version',
      {
        name: text('Product'),
        version: text('Version, as the system writes it'),
        major: integer('First part of the version'),
        minor: integer('Second part'),
        patch: integer('Third part'),
        build: text('Build, as the kernel names it'),
        platform: text('System or distribution'),
        platform_like: text('What it derives from'),
        codename: text('Name of the release'),
        arch: text('Architecture'),
      },
      'name',
      () => [osVersion()],
    ),
  ]
  return own.filter(({ name }) => !taken.has(name))
}

function systemInfo() {
  const hostname = os.hostname()
  return {
    hostname,
    uuid: machineUuid(),
    cpu_type: os.machine(),
    cpu_brand: os.cpus()[0]?.model.trim() ?? '',
    cpu_logical_cores: os.cpus().length,
    physical_memory: os.totalmem(),
    computer_name: hostname,
    local_hostname: hostname.split('.')[0] ?? hostname,
  }
}

/** Linux tells root alone; elsewhere only other programs would tell, and none is run for it. */
function machineUuid(): string {
  if (process.platform !== 'linux') return ''
  return readOr('/sys/class/dmi/id/product_uuid', '').trim()
}

function osVersion() {
  const arch = os.machine()
  if (process.platform !== 'linux') {
    const name = process.platform === 'win32' ? os.version() : 'macOS'
    const platform = osqueryPlatform()
    return {
      name,
      version: os.release(),
      ...parts(os.release()),
      build: os.release(),
      platform,
      platform_like: platform,
      codename: '',
      arch,
    }
  }
  const release = releaseFields(readOr('/etc/os-release', readOr('/usr/lib/os-release', '')))
  const version = release['VERSION'] ?? release['VERSION_ID'] ?? ''
  return {
    name: release['NAME'] ?? 'Linux',
    version,
    ...parts(release['VERSION_ID'] ?? ''),
    build: release['BUILD_ID'] ?? '',
    platform: release['ID'] ?? 'linux',
    platform_like: release['ID_LIKE'] ?? '',
    codename: release['VERSION_CODENAME'] ?? '',
    arch,
  }
}

function parts(version: string) {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0)
  return { major, minor, patch }
}

/** `NAME="value"` lines, https://www.freedesktop.org/software/systemd/man/os-release.html */
function releaseFields(content: string): Readonly<Record<string, string>> {
  const found = content.matchAll(/^([A-Z_]+)=(?:"([^"\n]*)"|'([^'\n]*)'|(\S*))$/gm)
  return Object.fromEntries([...found].map(([, name, double, quoted, bare]) => [name, double ?? quoted ?? bare ?? '']))
}

function osqueryPlatform(): string {
  return process.platform === 'win32' ? 'windows' : process.platform
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

function single<const C extends Columns>(
  name: string,
  columns: C,
  identity: keyof C & string,
  rows: () => readonly Row<C>[],
): BoundTable {
  return bind(
    defineTable<C, undefined, Row<C>>({
      name,
      description: 'A table of osquery, as far as it can be told without osquery.',
      platforms: ['linux', 'darwin', 'windows'],
      columns,
      identity: [identity],
      examples: [`SELECT * FROM ${name}`],
      async *generate() {
        for (const row of rows()) yield row as never // a row of these columns, by the parameter's type
      },
    }),
    undefined,
  )
}
