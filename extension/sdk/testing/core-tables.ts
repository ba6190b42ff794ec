/**
 * Tables a core has of its own: about itself, its extensions and its time.
 */
import { userInfo } from 'node:os'
import { type BoundTable, bind } from '../bind.ts'
import { bigint, type Columns, integer, type Row, text } from '../columns.ts'
import { defineTable } from '../table.ts'
import type { OptionInfo } from '../wire/responder.ts'

/** What the tables tell of. */
export interface CoreState {
  readonly version: string
  readonly socket: string
  readonly flags: Readonly<Record<string, OptionInfo>>
  extensions(): readonly ListedExtension[]
  items(): readonly ListedItem[]
}

/** An extension, or the core itself under uuid 0. */
export interface ListedExtension {
  readonly uuid: bigint
  readonly name: string
  readonly version: string
  readonly sdkVersion: string
  readonly path: string
}

/** A plugin and whose it is. */
export interface ListedItem {
  readonly registry: string
  readonly name: string
  readonly owner: bigint
}

/** The tables. */
export function coreTables(state: CoreState): BoundTable[] {
  return [
    simple(
      'osquery_info',
      { pid: integer('Process'), version: text('Version'), extensions: text('State of extensions') },
      'pid',
      () => [{ pid: process.pid, version: state.version, extensions: 'active' }],
    ),
    simple(
      'osquery_extensions',
      {
        uuid: bigint('Number given at registration'),
        name: text('Name'),
        version: text('Version'),
        sdk_version: text('Version of the SDK'),
        path: text('Socket'),
        type: text('core or extension'),
      },
      'uuid',
      () =>
        state.extensions().map(({ uuid, name, version, sdkVersion, path }) => ({
          uuid,
          name,
          version,
          sdk_version: sdkVersion,
          path,
          type: uuid === 0n ? 'core' : 'extension',
        })),
    ),
    simple(
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
        state.items().map(({ registry, name, owner }, id) => ({
          id,
          registry,
          name,
          owner_uuid: Number(owner),
          internal: 0,
          active: 1,
        })),
    ),
    simple(
      'osquery_flags',
      {
        name: text('Name'),
        type: text('Type'),
        description: text('Purpose'),
        default_value: text('Default'),
        value: text('Value'),
        shell_only: integer('Only in osqueryi'),
      },
      'name',
      () =>
        Object.entries(state.flags).map(([name, { type, default_value, value }]) => ({
          name,
          type,
          description: '',
          default_value,
          value,
          shell_only: 0,
        })),
    ),
    simple(
      'time',
      {
        unix_time: bigint('Seconds since 1970'),
        datetime: text('ISO 8601'),
        year: integer('Year'),
        month: integer('Month'),
        day: integer('Day'),
        hour: integer('Hour'),
        minutes: integer('Minutes'),
        seconds: integer('Seconds'),
        timezone: text('Time zone'),
      },
      'unix_time',
      () => [timeRow(new Date())],
    ),
    simple(
      'users',
      {
        uid: bigint('User', { index: true }),
        gid: bigint('Group'),
        username: text('Name'),
        directory: text('Home'),
        shell: text('Shell'),
      },
      'uid',
      () => {
        const { uid, gid, username, homedir, shell } = userInfo()
        return [{ uid, gid, username, directory: homedir, shell: shell ?? '' }]
      },
    ),
  ]
}

function timeRow(now: Date) {
  return {
    unix_time: Math.floor(now.getTime() / 1000),
    datetime: `${now.toISOString().slice(0, 19)}Z`,
    year: now.getUTCFullYear(),
    month: now.getUTCMonth() + 1,
    day: now.getUTCDate(),
    hour: now.getUTCHours(),
    minutes: now.getUTCMinutes(),
    seconds: now.getUTCSeconds(),
    timezone: 'UTC',
  }
}

function simple<const C extends Columns>(
  name: string,
  columns: C,
  identity: keyof C & string,
  rows: () => readonly Row<C>[],
): BoundTable {
  return bind(
    defineTable<C, undefined, Row<C>>({
      name,
      description: 'A table of the core.',
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
