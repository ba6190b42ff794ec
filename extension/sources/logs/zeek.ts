/**
 * Zeek's dns, http, ssl, quic, conn and other logs, as columns with a heading or as JSON.
 *
 * What kind a log is goes by its columns, so that logs with added ones are read as well. The server of a DNS query is a
 * resolver and no contact; a certificate's names, a referer and a file's name are none either.
 * https://docs.zeek.org/en/master/log-formats.html
 */
import type { LogContext, LogFormat, LoggedContact } from '../log-format.ts'
import { answered, outcomeOf } from '../log-text/answer.ts'
import { isoTime, unixTime } from '../log-text/calendar.ts'
import { contact, decimal } from '../log-text/contact.ts'
import { jsonObject, textAt, textsAt } from '../log-text/json-record.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { destination } from '../log-text/request.ts'

/** One record: a column's text, a set column's texts. */
interface ZeekRecord {
  text(column: string): string | undefined
  texts(column: string): readonly string[]
}

const ownColumns = /(?:^|[^\w])id[._]orig_h(?:[^\w]|$)/

export const zeek: LogFormat = {
  name: 'zeek',
  about: {
    reads:
      'dns, http, ssl, quic and conn logs of Zeek, tab-separated or JSON: names asked for, hosts, paths, SNI, addresses.',
    blind:
      'Names inside encrypted DNS and encrypted client hellos; paths inside TLS; which process of a client it was.',
    platforms: ['linux', 'darwin'],
  },
  headLines: usualHeadLines,
  headingPrefix: '#',
  recognises: (firstLines) =>
    firstLines.some((line) => {
      if (line.startsWith('#fields')) return ownColumns.test(line) || /\tuid\t/.test(line)
      const record = line.startsWith('{') ? jsonObject(line) : undefined
      return record !== undefined && textAt(record, 'uid') !== undefined && textAt(record, 'id.orig_h') !== undefined
    }),
  parse: (line, context) => {
    const record = line.startsWith('{') ? jsonRecord(line) : columnsRecord(line, context)
    return record && said(record)
  },
}

function said(record: ZeekRecord): LoggedContact | undefined {
  const { text } = record
  const [origin, server] = [text('id.orig_h'), text('id.resp_h')]
  const rest = { time: unixTime(text('ts') ?? '') ?? isoTime(text('ts') ?? ''), client: origin, user: text('username') }
  const port = decimal(text('id.resp_p'))
  if (text('query') !== undefined || text('qtype_name') !== undefined) {
    const qtype = text('qtype_name')
    const outcome = text('rejected') === 'T' ? 'REFUSED' : outcomeOf(text('rcode_name'))
    return contact([text('query'), ...answered(qtype, record.texts('answers'))], {
      ...rest,
      fields: { record: 'dns', qtype, outcome, upstream: server },
    })
  }
  if (text('uri') !== undefined || text('method') !== undefined) {
    const target = text('uri') ?? ''
    const where = destination({ method: text('method') ?? '', target }, text('host'), port === 443)
    return contact([where, server], {
      ...rest,
      userAgent: text('user_agent'),
      fields: { record: 'http', method: text('method'), status: decimal(text('status_code')), port },
    })
  }
  if (text('server_name') !== undefined) {
    return contact([text('server_name'), server], {
      ...rest,
      fields: { record: 'tls', version: text('version'), port },
    })
  }
  if (server === undefined) return undefined
  const isInbound = text('local_orig') === 'F' && text('local_resp') === 'T'
  const fields = {
    record: 'conn',
    outcome: text('conn_state'),
    port,
    service: text('service'),
    bytes: decimal(text('orig_bytes')),
  }
  return contact([isInbound ? origin : server], { ...rest, client: isInbound ? server : origin, fields })
}

function jsonRecord(line: string): ZeekRecord | undefined {
  const object = jsonObject(line)
  if (!object) return undefined
  return {
    text: (column) => {
      const value = object[column]
      return typeof value === 'boolean' ? (value ? 'T' : 'F') : textAt(object, column)
    },
    texts: (column) => textsAt(object, column),
  }
}

/** A line of columns by the last heading before it; logs that were put together have several. */
function columnsRecord(line: string, { headings }: LogContext): ZeekRecord | undefined {
  if (line.startsWith('#')) return undefined
  const heading = (name: string) => headings.findLast((one) => one.startsWith(`#${name}`))?.slice(name.length + 2)
  const separator = unescaped(heading('separator') ?? '\\x09')
  const names = heading('fields')?.split(separator)
  if (!names || separator === '') return undefined
  const columns = line.split(separator, names.length)
  const nothing = new Set([heading('unset_field') ?? '-', heading('empty_field') ?? '(empty)', ''])
  const raw = (column: string) => {
    const value = columns[names.indexOf(column)]
    return value === undefined || nothing.has(value) ? undefined : value
  }
  return {
    text: (column) => {
      const value = raw(column)
      return value === undefined ? undefined : unescaped(value)
    },
    texts: (column) =>
      raw(column)
        ?.split(heading('set_separator') ?? ',', 256)
        .map(unescaped) ?? [],
  }
}

/** `\x09` -> a tab. */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
