/**
 * The journal as JSON, `journalctl -o json`: each entry's message goes to the format of its program.
 *
 * A message that is no UTF-8 stands as a list of bytes, and is read all the same when the line is looked at. https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
import type { LogFormat } from '../log-format.ts'
import { unixTime } from '../log-text/calendar.ts'
import { type JsonObject, jsonObject, textAt, valueAt } from '../log-text/json-record.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { programMessage } from './syslog.ts'

export const journalJson: LogFormat = {
  name: 'journal_json',
  about: {
    reads: 'Messages of resolvers, DNS servers, proxies and sensors in the journal as JSON (journalctl -o json).',
    blind:
      'Binary journals; every other program; a message that is no UTF-8, which stands as numbers where no search finds a name.',
    platforms: ['linux'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) =>
    firstLines.some((line) => line.startsWith('{') && textAt(jsonObject(line), '__REALTIME_TIMESTAMP') !== undefined),
  parse: (line, context) => {
    const entry = jsonObject(line)
    if (!entry) return undefined
    const program = textAt(entry, 'SYSLOG_IDENTIFIER') ?? textAt(entry, '_COMM') ?? ''
    const time = unixTime(textAt(entry, '__REALTIME_TIMESTAMP') ?? '')
    return programMessage(program, messageOf(entry), { time }, context)
  },
}

function messageOf(entry: JsonObject): string {
  const value = valueAt(entry, 'MESSAGE')
  if (Array.isArray(value)) return new TextDecoder().decode(Uint8Array.from(value, (byte) => Number(byte)))
  return typeof value === 'string' ? value : ''
}
