/**
 * `--print-config`: every value in force, and where it came from.
 */
import type { ReadConfiguration } from './read-configuration.ts'
import { isRecord, type Overrides } from './settings.ts'

/** One line per value: its place, the value as JSON, and `default`, `file`, `environment` or `flag`. */
export function printConfiguration({ configuration, document }: ReadConfiguration, { values }: Overrides): string {
  const origins = new Map([...values].map(([{ path }, { origin }]) => [path.join('.'), origin]))
  const { sinks, ...rest } = configuration
  const shown = {
    ...rest,
    sinks: sinks.map(({ name, definition, options, deliver }) => ({
      name,
      type: definition.type,
      ...(options as object),
      deliver,
    })),
  }
  return leaves(shown, [])
    .map(([path, value]) => {
      const origin = origins.get(path.join('.')) ?? (stands(document, path) ? 'file' : 'default')
      return `${path.join('.')}: ${JSON.stringify(value)}  # ${origin}\n`
    })
    .join('')
}

function leaves(value: unknown, path: readonly string[]): (readonly [readonly string[], unknown])[] {
  const entries = Array.isArray(value) ? [...value.entries()] : isRecord(value) ? Object.entries(value) : []
  if (entries.length === 0) return value === undefined ? [] : [[path, value]]
  return entries.flatMap(([key, member]) => leaves(member, [...path, String(key)]))
}

function stands(document: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return document !== undefined
  const members = document as Readonly<Record<string, unknown>> | null | undefined
  if (typeof members !== 'object' || members === null || !Object.hasOwn(members, key)) return false
  return stands(members[key], rest)
}
