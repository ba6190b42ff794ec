/**
 * `threecx_c2_hits`: which indicator of the network was contacted, by whom, how often, and where the record is.
 */
import type { Contact } from '../domain/contact.ts'
import { bigint, defineTable, text } from '../sdk/index.ts'
import { seconds } from './seconds.ts'
import type { HuntServices } from './services.ts'
import { sinceOf } from './since.ts'

/** One row per indicator, source, file, user, client and process. */
export const threecxC2Hits = defineTable({
  name: 'threecx_c2_hits',
  description:
    'Contacts with the infrastructure of the attack: browsers, logs of resolvers, proxies, web servers and sensors. ' +
    'Records of one indicator in one file for one user are one row with a count. A source_path reads that file alone, ' +
    'wherever it is and however it is packed.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    source: text('Kind of record: chromium_history, squid, zeek_dns ...', { index: true, optimized: true }),
    source_path: text('File or store it is in, on this machine', { index: true, optimized: true }),
    indicator: text('Value of the indicator'),
    indicator_type: text('domain, url, ip, user_agent or cookie'),
    value: text('The first record as found, cut at 2 KiB'),
    url: text('Address in the first record; empty when it has none'),
    domain: text('Name in the first record; empty when it has none'),
    user: text('User of the profile, or as the record names one; empty when unknown'),
    uid: bigint('User id; NULL when unknown'),
    client: text('Who asked, as a server or sensor saw it'),
    process: text('Program that made the contact; empty when the source does not know'),
    pid: bigint('Process id; NULL when unknown'),
    first_seen: bigint('First record, unix seconds UTC; NULL when records have no time', { index: true }),
    last_seen: bigint('Last record, unix seconds UTC', { index: true }),
    count: bigint('Records, or as many as a record says it stands for'),
    offset: bigint('Byte offset of the first record in the unpacked file; NULL in a database'),
    record: text('Row or record id of the first record in a database: visits:4711'),
    component: text('Part of the attack that the address belongs to'),
    stage: text('Stage of the attack'),
    verdict: text('malicious, or suspicious where others use the address too, or where a setting names it only'),
    level: text('Sigma level'),
    indicators: text('JSON array of ids of the indicators with this value'),
    fields: text('JSON object of what else the first record says'),
    format: text('Name of a source: reads source_path as that, whatever it looks like', { hidden: true }),
  },
  identity: ['source', 'source_path', 'indicator', 'user', 'client', 'process'],
  examples: [
    'SELECT source, user, indicator, first_seen, last_seen, count FROM threecx_c2_hits',
    "SELECT indicator, client, count FROM threecx_c2_hits WHERE source_path = '/var/log/squid/access.log.2.gz'",
    "SELECT source, user, indicator FROM threecx_c2_hits WHERE last_seen >= strftime('%s', 'now', '-1 day')",
    "SELECT value, [offset] FROM threecx_c2_hits WHERE source_path = '/srv/export.log' AND format = 'dnsmasq'",
  ],
  async *generate(context, services: HuntServices) {
    const paths = context.equals('source_path')
    const [format] = context.equals('format') ?? []
    const contacts = paths
      ? await services.contactsIn(paths, format, context.signal)
      : await services.contacts(context.signal, sinceOf(context, ['first_seen', 'last_seen']))
    for (const contact of contacts) {
      if (!context.mayMatch('source', contact.source)) continue
      if (!context.mayMatch('last_seen', seconds(contact.lastSeen))) continue
      yield { ...contactRow(contact), format: format ?? contact.source }
    }
  },
})

/** The row of one contact. */
export function contactRow(contact: Contact) {
  return {
    source: contact.source,
    source_path: contact.sourcePath,
    indicator: contact.indicator,
    indicator_type: contact.type,
    value: contact.value,
    url: contact.url ?? '',
    domain: contact.domain ?? '',
    user: contact.user,
    uid: contact.uid ?? null,
    client: contact.client,
    process: contact.process,
    pid: contact.pid ?? null,
    first_seen: seconds(contact.firstSeen),
    last_seen: seconds(contact.lastSeen),
    count: contact.count,
    offset: contact.offset ?? null,
    record: contact.record,
    component: contact.component,
    stage: contact.stage,
    verdict: contact.verdict,
    level: contact.level,
    indicators: JSON.stringify(contact.indicators),
    fields: JSON.stringify(contact.fields ?? {}),
  }
}
