/**
 * Settings that a flag or an environment variable may give: one declaration each, for flags, help and documentation.
 *
 * Order: default < file < environment < flag.
 */

/** One setting. */
export interface Setting {
  /** Place in the file. */
  readonly path: readonly string[]
  readonly flag: string
  readonly env: string
  readonly doc: string
  readonly value: string
}

/** All of them. */
export const settings: readonly Setting[] = [
  {
    path: ['state'],
    flag: 'state',
    env: 'THREECX_DAEMON_STATE',
    value: 'DIR',
    doc: 'Private directory for spool and state',
  },
  {
    path: ['engine', 'use'],
    flag: 'engine',
    env: 'THREECX_DAEMON_ENGINE',
    value: 'E',
    doc: 'auto, osquery or embedded',
  },
  {
    path: ['engine', 'socket'],
    flag: 'socket',
    env: 'THREECX_DAEMON_SOCKET',
    value: 'PATH',
    doc: "osquery's extension socket",
  },
  {
    path: ['listen'],
    flag: 'listen',
    env: 'THREECX_DAEMON_LISTEN',
    value: 'HOST:PORT',
    doc: 'Where health and metrics answer, or off',
  },
  {
    path: ['log_level'],
    flag: 'log-level',
    env: 'THREECX_DAEMON_LOG_LEVEL',
    value: 'L',
    doc: 'silent, error, warn, info or debug',
  },
]

/** Values by flag name, from flags and environment, and where each came from. */
export interface Overrides {
  readonly values: ReadonlyMap<Setting, { readonly value: string; readonly origin: 'environment' | 'flag' }>
}

/** What flags and environment say; an empty variable says nothing. */
export function overridesFrom(flags: Readonly<Record<string, string | undefined>>, env: NodeJS.ProcessEnv): Overrides {
  const values: [Setting, { value: string; origin: 'environment' | 'flag' }][] = []
  for (const setting of settings) {
    const flag = flags[setting.flag]
    const variable = env[setting.env]
    if (flag !== undefined) values.push([setting, { value: flag, origin: 'flag' }])
    else if (variable) values.push([setting, { value: variable, origin: 'environment' }])
  }
  return { values: new Map(values) }
}

/** A document with the overrides put over it; the document stays as it is. */
export function overlay(document: unknown, { values }: Overrides): unknown {
  let changed = document
  for (const [{ path }, { value }] of values) changed = put(changed, path, value)
  return changed
}

function put(document: unknown, [key, ...rest]: readonly string[], value: string): unknown {
  if (key === undefined) return value
  if (document !== undefined && !isRecord(document)) return document // the schema says what is wrong with it
  const record = document ?? {}
  return { ...record, [key]: put(record[key], rest, value) }
}

/** Whether a value has members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
