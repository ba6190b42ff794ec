/**
 * Text logs in an image: a contact in every format, among the format's look-alikes.
 */
import { gzipSync } from 'node:zlib'
import type { Platform } from '../../../extension/domain/platform.ts'
import { logSamples } from '../log-samples.ts'
import { contactTime, type MakeContacts, type PlannedContact } from './planned-contact.ts'
import { ordinary } from './planned-file.ts'

/** A log with one contact at 2023-03-29 14:00:00 UTC, and what differs from that. */
type PlannedLog = readonly [
  source: string,
  path: string,
  indicator: string,
  line: string,
  says?: Partial<PlannedContact>,
]

const chrome = 'Mozilla/5.0 (X11; Linux x86_64)'

const single: Readonly<Record<Platform, readonly PlannedLog[]>> = {
  windows: [
    [
      'hosts_file',
      'Windows/System32/drivers/etc/hosts',
      'pbxsources.com',
      '198.51.100.9 www.pbxsources.com',
      { firstSeen: null, lastSeen: null },
    ],
    [
      'windows_dns',
      'Windows/System32/dns/dns.log',
      'pbxsources.com',
      '3/29/2023 2:00:00 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (3)www(10)pbxsources(3)com(0)',
    ],
    [
      'iis',
      'inetpub/logs/LogFiles/W3SVC1/u_ex230329.log',
      'officeaddons.com',
      '2023-03-29 14:00:00 10.0.0.1 GET /addons x=1 443 CORP\\jdoe 10.0.0.5 curl/7.88.1 - - officeaddons.com 200 512 3',
      { user: 'CORP\\jdoe' },
    ],
  ],
  darwin: [
    [
      'unified_log',
      'private/var/log/unified_log.txt',
      'pbxsources.com',
      '2023-03-29 16:00:00.000000+0200  localhost mDNSResponder[312]: [com.apple.mDNSResponder:Default] hostname: pbxsources.com, client pid: 77 (curl)',
    ],
    [
      'little_snitch',
      'usr/local/var/logs/traffic.csv',
      'pbxsources.com',
      '2023-03-29T14:00:00Z,out,501,192.0.2.7,pbxsources.com,6,443,3,0,2048,512,/Applications/3CX Desktop App.app/Contents/MacOS/3CX Desktop App,',
      { count: 3, user: '501' },
    ],
  ],
  linux: [
    [
      'dnsmasq',
      'var/log/dnsmasq.log',
      'pbxsources.com',
      'Mar 29 14:00:00 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10',
    ],
    [
      'pihole',
      'var/log/pihole/pihole.log',
      'officeaddons.com',
      'Mar 29 14:00:00 dnsmasq[900]: query[A] officeaddons.com from 192.168.1.23',
    ],
    [
      'bind',
      'var/log/named/query.log',
      'pbxsources.com',
      '29-Mar-2023 14:00:00.000 queries: info: client @0x7f3b2c0a1b20 10.0.0.5#53421 (pbxsources.com): query: pbxsources.com IN A +E(0)K (10.0.0.1)',
    ],
    [
      'unbound',
      'var/log/unbound/unbound.log',
      'pbxsources.com',
      `[${contactTime}] unbound[1234:0] info: 192.168.1.5 pbxsources.com. A IN`,
    ],
    [
      'coredns',
      'var/log/containers/coredns-5d78c9869d.log',
      'msstorageazure.com',
      '2023-03-29T14:00:00.000Z [INFO] 10.244.0.5:41234 - 12345 "A IN msstorageazure.com. udp 45 false 512" NOERROR qr,rd,ra 80 0.012s',
    ],
    [
      'systemd_resolved',
      'var/log/remote/desk/resolved.log',
      'pbxsources.com',
      'Mar 29 14:00:00 desk systemd-resolved[512]: Looking up RR for pbxsources.com IN A.',
    ],
    [
      'resolvectl',
      'var/log/resolver/monitor.log',
      'akamaicontainer.com',
      '→ Q: akamaicontainer.com IN A',
      { firstSeen: null, lastSeen: null },
    ],
    [
      'squid_combined',
      'var/log/squid/combined.log',
      'akamaicontainer.com',
      '10.0.0.5 - jdoe [29/Mar/2023:14:00:00 +0000] "GET http://akamaicontainer.com/v1?x=1 HTTP/1.1" 200 4567 "-" "curl/7.88.1" TCP_MISS:HIER_DIRECT',
      { user: 'jdoe' },
    ],
    [
      'combined',
      'var/log/apache2/other_vhosts_access.log',
      'officeaddons.com',
      `officeaddons.com:443 10.0.0.5 - - [29/Mar/2023:14:00:00 +0000] "GET /addons?x=1 HTTP/1.1" 200 512 "-" "${chrome}"`,
    ],
    [
      'haproxy',
      'var/log/haproxy.log',
      'officeaddons.com',
      'Mar 29 14:00:00 lb1 haproxy[901]: 10.0.0.5:41234 [29/Mar/2023:14:00:00.000] web~ app/srv1 0/0/1/45/46 200 1234 - - ---- 1/1/0/0/0 0/0 "GET https://www.officeaddons.com/addons HTTP/2.0"',
    ],
    [
      'filterlog',
      'var/log/filter.log',
      '203.0.113.86',
      'Mar 29 14:00:00 fw filterlog[4411]: 5,,,1000000103,igb1,match,pass,in,4,0x0,,64,0,0,DF,6,tcp,60,192.168.1.10,203.0.113.86,51234,443,0,S,3411229,,64240,,mss',
    ],
    [
      'zeek',
      'opt/zeek/logs/2023-03-29/dns.log',
      'pbxsources.com',
      `${contactTime}.000000\tCHhAvVGS1DHFjwGM9\t10.0.0.5\t53211\t10.0.0.1\t53\tudp\tpbxsources.com\tA\tNOERROR\tF\t192.0.2.7`,
    ],
    [
      'suricata',
      'var/log/suricata/eve.json',
      'officeaddons.com',
      '{"timestamp":"2023-03-29T14:00:00.000000+0000","event_type":"tls","src_ip":"10.0.0.5","src_port":41000,"dest_ip":"192.0.2.7","dest_port":443,"tls":{"sni":"officeaddons.com","version":"TLS 1.3"}}',
    ],
    [
      'syslog',
      'var/log/syslog',
      'pbxsources.com',
      'Mar 29 13:59:59 host1 CRON[77]: (root) CMD (true)\nMar 29 14:00:00 host1 dnsmasq[812]: query[A] pbxsources.com from 192.168.1.10',
    ],
    [
      'journal_json',
      'var/log/remote/desk/journal.json',
      'pbxsources.com',
      `{"__REALTIME_TIMESTAMP":"${contactTime}000000","_HOSTNAME":"desk","SYSLOG_IDENTIFIER":"systemd-resolved","_PID":"512","MESSAGE":"Looking up RR for pbxsources.com IN A."}`,
    ],
    [
      'json_lines',
      'var/log/remote/edr.json',
      'pbxsources.com',
      '{"@timestamp":"2023-03-29T14:00:00.000Z","event":{"action":"dns-query"},"dns":{"question":{"name":"pbxsources.com","type":"A"}},"source":{"ip":"10.0.0.5"}}',
    ],
    [
      'csv',
      'var/log/remote/export.csv',
      'pbxsources.com',
      '2023-03-29T14:00:00Z,10.0.0.5,192.0.2.7,pbxsources.com,,jdoe,allow',
      { user: 'jdoe' },
    ],
  ],
}

/** Logs by the system of the image. */
export const contactLogs: Readonly<Record<Platform, readonly MakeContacts[]>> = {
  windows: single.windows.map(one),
  darwin: single.darwin.map(one),
  linux: [...single.linux.map(one), squid('var/log/squid/access.log'), squid('var/log/squid/access.log.2.gz')],
}

function one([source, path, indicator, line, says]: PlannedLog): MakeContacts {
  const contact = {
    source,
    path,
    indicator,
    user: '',
    count: 1,
    firstSeen: contactTime,
    lastSeen: contactTime,
    ...says,
  }
  return log(source, path, [line], [contact])
}

/** The access log of a proxy, as it is or packed: two contacts of two clients among ordinary and misleading lines. */
function squid(path: string): MakeContacts {
  const lines = [
    `${contactTime}.500    345 10.0.0.5 TCP_MISS/200 4567 GET http://akamaicontainer.com/v1/data?id=7 jdoe HIER_DIRECT/192.0.2.7 text/html`,
    `${contactTime + 5}.000  60012 10.0.0.6 TCP_TUNNEL/200 7788 CONNECT pbxsources.com:443 - HIER_DIRECT/192.0.2.8 -`,
    `${contactTime + 9}.000  60012 10.0.0.6 TCP_TUNNEL/200 7788 CONNECT pbxsources.com:443 - HIER_DIRECT/192.0.2.8 -`,
  ]
  const contact = { source: 'squid', path, user: '' }
  return log('squid', path, lines, [
    {
      ...contact,
      user: 'jdoe',
      indicator: 'akamaicontainer.com',
      count: 1,
      firstSeen: contactTime,
      lastSeen: contactTime,
    },
    { ...contact, indicator: 'pbxsources.com', count: 2, firstSeen: contactTime + 5, lastSeen: contactTime + 9 },
  ])
}

function log(
  source: string,
  path: string,
  lines: readonly string[],
  contacts: readonly PlannedContact[],
): MakeContacts {
  const sample = logSamples[source]
  return (hasContacts) => {
    // a line of the campaign first: the tables and headings of look-alikes may be others
    const parts = [sample?.head, ...(hasContacts ? lines : []), sample?.lookAlikes]
    const text = `${parts.flatMap((part) => part?.trim() ?? []).join('\n')}\n`
    const bytes = new TextEncoder().encode(text)
    const packed = path.endsWith('.gz') ? gzipSync(bytes) : bytes
    return {
      files: [{ ...ordinary(path, packed, 'log'), mtime: contactTime + 3600 }],
      contacts: hasContacts ? contacts : [],
    }
  }
}
