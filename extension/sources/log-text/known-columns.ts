/**
 * What columns and members are called by those who write logs: Elastic's schema, Zeek, Suricata, Sysmon, Defender, osquery,
 * web servers and proxies. Names are in lower case.
 *
 * A name counts only where it always means the other side. `host`, `hostname` and `server_name` name the machine that
 * writes as often as the one that is asked, so they count in a record of a request alone. Names under `threat`, `rule`,
 * `related` or a referer are what somebody wrote about, and are in no list.
 */
import type { LoggedContact } from '../log-format.ts'
import { anyTime } from './calendar.ts'
import { contact, decimal } from './contact.ts'
import { isAddress, isHostName, unmapped } from './remote.ts'
import { destination, requestLine } from './request.ts'

/** What a column may be. */
export const columnNames = {
  time: words(
    '@timestamp timestamp time datetime date_time date ts eventtime utctime event.created _time timegenerated timecreated',
    'timecreated.#attributes.systemtime timecreated.systemtime timecreated_systemtime systemtime start_time starttime unixtime',
    'time_iso8601 time_local msec receive_time generated_time created_at logged_at',
  ),
  /** Names, addresses or whole URLs of the other side. */
  remote: words(
    'dns.question.name dns.query.name dns.rrname dns.query dns_query dnsquery queryname query_name qname query question rrname',
    'destination.domain destination.address destination.ip server.domain server.address server.ip url.domain url.full',
    'tls.client.server_name tls.server_name tls.sni ssl.server_name sni tls_sni ssl_sni http.host http.hostname',
    'destinationhostname destination_hostname desthostname dest_hostname dst_hostname dest_host dst_host desthost dsthost',
    'destinationdomain destination_domain dest_domain dst_domain remote_domain remotedomain remotehostname',
    'destinationip destination_ip dest_ip destip dst_ip dstip dst_addr dest_addr destinationaddress destination_address',
    'remoteip remote_address remoteaddress destination dest dst domain domain_name fqdn remoteurl remote_url full_url',
    'requested_url request_url cs-host r-host r-ip id.resp_h requesturl',
  ),
  /** Answers of a resolver. */
  answers: words(
    'queryresults query_results dns.resolved_ip dns.answers.data answers answer resolved_ips dns.answers.rdata',
  ),
  /** A path or a whole URL. */
  target: words('url.original url.path url uri request_uri requesturi cs-uri-stem http.url http.uri uri_path'),
  /** A request line: `GET /path HTTP/1.1`. */
  request: words('request request_line'),
  /** The host that was asked, in a record of a request. */
  webHost: words(
    'http_host host server_name vhost virtual_host request.host http.host host_header requested_host hostname',
  ),
  method: words('http.request.method request_method requestmethod method cs-method http_method verb'),
  client: words(
    'client.ip client.address source.ip source.address client_ip clientip client_address src_ip srcip src_addr sourceip source_ip',
    'source_address sourceaddress src source client c-ip id.orig_h remote_addr remoteaddr remote_ip localip local_address client_host remote_host remotehost',
  ),
  user: words(
    'user.name username user_name user account cs-username initiatingprocessaccountname accountname suser remote_user',
  ),
  userAgent: words(
    'user_agent.original user_agent useragent http_user_agent cs(user-agent) http.http_user_agent request.headers.user-agent headers.user-agent',
  ),
  cookie: words('cookie http_cookie cs(cookie) request.headers.cookie'),
  process: words(
    'process.executable image process.name process_name process_path processname process initiatingprocessfolderpath exe',
  ),
  pid: words('process.pid processid process_id pid initiatingprocessid'),
  qtype: words('dns.question.type qtype_name qtype query_type querytype dns.rrtype rrtype record_type'),
  status: words('http.response.status_code status_code status sc-status response_code http_status'),
  outcome: words('dns.response_code rcode_name rcode querystatus event.outcome outcome verdict action event.action'),
} as const satisfies Readonly<Record<string, readonly string[]>>

function words(...lines: string[]): readonly string[] {
  return lines.flatMap((line) => line.split(' '))
}

/** What a column may be. */
export type ColumnRole = keyof typeof columnNames

/** Values of a record under a name in lower case. */
export type Values = (name: string) => readonly string[] | undefined

/** What a record says whose columns have well-known names. */
export function knownContact(values: Values, mtime: number): LoggedContact | undefined {
  const all = (role: ColumnRole) => columnNames[role].flatMap((name) => values(name) ?? [])
  const first = (role: ColumnRole) => all(role).find((text) => text !== '' && text !== '-')
  const line = requestLine(first('request') ?? '')
  const target = all('target')
  const method = first('method') ?? line?.method
  const isRequest = target.length > 0 || line !== undefined || method !== undefined
  const host = all('webHost')[0]
  const paths = [...target, ...(line ? [line.target] : [])].map((one) =>
    destination({ method: method ?? '', target: one }, host),
  )
  const answers = all('answers').flatMap((text) =>
    text
      .slice(0, 4096)
      .split(/[;,\s]/)
      .map(unmapped)
      .filter(isAddress),
  )
  return contact([...all('remote').map(schemed), ...paths, ...(isRequest ? [host] : []), ...answers], {
    time: all('time')
      .map((text) => anyTime(text, mtime))
      .find((time) => time !== undefined),
    client: first('client'),
    user: first('user'),
    userAgent: first('userAgent'),
    cookie: first('cookie'),
    process: first('process'),
    pid: decimal(first('pid')),
    fields: { qtype: first('qtype'), method, status: first('status'), outcome: first('outcome') },
  })
}

/** `host/path`, as some columns have it, with a scheme before it. */
function schemed(text: string): string {
  const slash = text.indexOf('/')
  return slash > 0 && isHostName(text.slice(0, slash)) ? `http://${text}` : text
}

/** Whether a heading has a column that can name the other side. */
export function isKnownHeading(names: readonly string[]): boolean {
  const naming: readonly string[] = [...columnNames.remote, ...columnNames.target, ...columnNames.request]
  return names.some((name) => naming.includes(name))
}
