/**
 * Any log of one JSON object a line whose members have well-known names: Elastic's schema, Sysmon as JSON, Defender,
 * osquery's results, nginx and Caddy with a JSON format.
 *
 * Wrappers that shippers put around a record are taken off; everything else that a record nests keeps its full name, so
 * that an indicator quoted in an alert (`threat.indicator.url.full`) is not taken for a contact.
 */
import type { LogFormat } from '../log-format.ts'
import { flattened, jsonObject } from '../log-text/json-record.ts'
import { knownContact } from '../log-text/known-columns.ts'
import { usualHeadLines } from '../log-text/program-log.ts'

const wrappers =
  /^(?:_source\.|data\.|json\.|fields\.|result\.|record\.|records\.|properties\.|columns\.|snapshot\.|winlog\.|event\.eventdata\.|eventdata\.|event_data\.|event\.system\.|event\.(?=eventdata|system|utctime)|request\.(?=host|uri|method|remote))/

export const jsonLines: LogFormat = {
  name: 'json_lines',
  about: {
    reads:
      'JSON lines with well-known names: Elastic Common Schema, Sysmon, Microsoft Defender, osquery results, JSON access logs.',
    blind: 'Members with other names, unless the configuration maps them; cut lines; text inside messages.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) => firstLines.some((line) => line.startsWith('{') && jsonObject(line) !== undefined),
  parse: (line, { mtime }) => {
    const object = jsonObject(line)
    if (!object) return undefined
    const values = new Map<string, string[]>()
    for (const [path, texts] of flattened(object)) {
      const name = unwrapped(path)
      const list = values.get(name)
      if (list) list.push(...texts)
      else values.set(name, [...texts])
    }
    return knownContact((name) => values.get(name), mtime)
  },
}

/** A path without the wrappers before it; shippers nest three at most. */
function unwrapped(path: string): string {
  return path.replace(wrappers, '').replace(wrappers, '').replace(wrappers, '')
}
