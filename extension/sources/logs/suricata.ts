/**
 * Suricata's `eve.json`: dns (all three versions), http, tls, quic, flow, netflow, fileinfo and alert events.
 *
 * An event goes by the flow it belongs to, whose direction may be the other way round than the packet that caused it.
 * The text of a rule, a certificate's names and a referer are no contacts. https://docs.suricata.io/en/latest/output/eve/
 */
import type { LogFormat, LoggedContact } from '../log-format.ts'
import { answered, outcomeOf } from '../log-text/answer.ts'
import { isoTime } from '../log-text/calendar.ts'
import { contact, decimal, type Particulars } from '../log-text/contact.ts'
import { isObject, type JsonObject, jsonObject, textAt, textsAt, valueAt } from '../log-text/json-record.ts'
import { usualHeadLines } from '../log-text/program-log.ts'
import { isInternal } from '../log-text/remote.ts'
import { destination } from '../log-text/request.ts'
import { isLogOf } from '../log-text/syslog.ts'

/** Answers of one response that are looked at. */
const maxAnswers = 256

export const suricata: LogFormat = {
  name: 'suricata',
  about: {
    reads:
      'dns, http, tls, quic, flow, netflow, fileinfo and alert events of Suricata (eve.json): names, paths, SNI, addresses.',
    blind:
      'Names inside encrypted DNS and encrypted client hellos; paths inside TLS; event types that are switched off.',
    platforms: ['linux', 'windows', 'darwin'],
  },
  headLines: usualHeadLines,
  recognises: (firstLines) =>
    isLogOf(firstLines, ['suricata']) || firstLines.some((line) => line.startsWith('{') && isEvent(jsonObject(line))),
  parse: (line) => {
    const event = jsonObject(line)
    return isEvent(event) ? said(event) : undefined
  },
}

function isEvent(event: JsonObject | undefined): event is JsonObject {
  return textAt(event, 'event_type') !== undefined && textAt(event, 'timestamp') !== undefined
}

function said(event: JsonObject): LoggedContact | undefined {
  const type = textAt(event, 'event_type') ?? ''
  const { client, server, port } = parties(event)
  const rest: Particulars = {
    time: isoTime(textAt(event, 'timestamp') ?? ''),
    client,
    userAgent: textAt(event, 'http.http_user_agent'),
  }
  const names = isObject(valueAt(event, 'dns')) ? dnsNames(event) : []
  const isDns = type === 'dns' || textAt(event, 'app_proto') === 'dns'
  const where = [
    ...names,
    httpPlace(event),
    textAt(event, 'tls.sni'),
    textAt(event, 'quic.sni'),
    isDns ? undefined : server,
  ]
  return contact(where, {
    ...rest,
    fields: {
      record: type,
      qtype: textAt(event, 'dns.rrtype'),
      method: textAt(event, 'http.http_method'),
      status: decimal(textAt(event, 'http.status')),
      signature: textAt(event, 'alert.signature'),
      port: decimal(port),
      outcome: textAt(event, 'alert.action') === 'blocked' ? 'blocked' : outcomeOf(textAt(event, 'dns.rcode')),
      ...(isDns && { upstream: server }),
    },
  })
}

/** The two sides of an event; the port is the server's. */
interface Parties {
  readonly client: string | undefined
  readonly server: string | undefined
  readonly port: string | undefined
}

/** Who began, and with whom: by the flow where the event has it, by the direction of the packet, by the ports of DNS. */
function parties(event: JsonObject): Parties {
  const side = (end: 'src' | 'dest') => textAt(event, `flow.${end}_ip`)
  const isFlow = side('src') !== undefined && side('dest') !== undefined
  const isAnswer = !isFlow && (textAt(event, 'direction') === 'to_client' || textAt(event, 'src_port') === '53')
  const [from, to] = isAnswer ? (['dest', 'src'] as const) : (['src', 'dest'] as const)
  const place = isFlow ? 'flow.' : ''
  const client = textAt(event, `${place}${from}_ip`)
  const server = textAt(event, `${place}${to}_ip`)
  const port = textAt(event, `${place}${to}_port`)
  const isInbound = client !== undefined && server !== undefined && isInternal(server) && !isInternal(client)
  return isInbound ? { client: server, server: client, port } : { client, server, port }
}

/** Version 1 has a record for each name, 2 a list of answers or answers grouped by type, 3 a list of questions, too. */
function dnsNames(event: JsonObject): string[] {
  const dns = valueAt(event, 'dns')
  const listed = [...list(dns, 'queries'), ...list(dns, 'query')].flatMap((one) => textAt(one, 'rrname') ?? [])
  const answers = [dns, ...list(dns, 'answers')].flatMap((one) =>
    answered(textAt(one, 'rrtype') ?? 'none', [textAt(one, 'rdata') ?? '']),
  )
  const grouped = ['A', 'AAAA', 'CNAME'].flatMap((type) => textsAt(dns, `grouped.${type}`))
  return [
    ...(textAt(dns, 'rrname') === undefined ? [] : [textAt(dns, 'rrname') ?? '']),
    ...listed,
    ...answers,
    ...grouped,
  ]
}

function list(object: unknown, key: string): JsonObject[] {
  const value = valueAt(object, key)
  return Array.isArray(value) ? value.slice(0, maxAnswers).filter(isObject) : []
}

function httpPlace(event: JsonObject): string | undefined {
  const host = textAt(event, 'http.hostname')
  const target = textAt(event, 'http.url') ?? ''
  const method = textAt(event, 'http.http_method') ?? ''
  return isObject(valueAt(event, 'http')) ? destination({ method, target }, host) : undefined
}
