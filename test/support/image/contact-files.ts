/**
 * Stores and logs of an image: contacts in the compromised form, and in every form look-alikes that are none.
 *
 * What a hunt must list is written down beside the file, so that the image is its own answer key here, too.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Platform } from '../../../extension/domain/platform.ts'
import {
  chromiumHistoryDatabase,
  firefoxPlacesDatabase,
  lookAlikes,
  ordinaryPages,
  type Page,
  safariHistoryDatabase,
} from '../browser-stores.ts'
import { type LogSample, logSamples } from '../log-samples.ts'
import { type ImageForm, ordinary, type PlannedFile } from './planned-file.ts'

/** One contact that a hunt must list; times are unix seconds. */
export interface PlannedContact {
  readonly source: string
  readonly path: string
  readonly indicator: string
  readonly user: string
  readonly count: number
  readonly firstSeen: number
  readonly lastSeen: number
}

/** Files with the contacts in them. */
export interface ContactFiles {
  readonly files: readonly PlannedFile[]
  /** None in a form without contacts. */
  readonly contacts: readonly PlannedContact[]
}

/** When the stealer reported home. */
const then = Date.UTC(2023, 2, 29, 14, 0) / 1000

/** The stores and logs of an image. */
export function contactFiles(platform: Platform, form: ImageForm): ContactFiles {
  const parts = planned[platform].map((make) => make(form === 'compromised'))
  return { files: parts.flatMap((one) => one.files), contacts: parts.flatMap((one) => one.contacts) }
}

type Make = (hasContacts: boolean) => ContactFiles

const planned: Readonly<Record<Platform, readonly Make[]>> = {
  windows: [
    browser('chromium_history', 'Users/alice/AppData/Local/Google/Chrome/User Data/Default/History', 'alice', [
      { url: 'https://pbxsources.com/exchange', visits: [then, then + 3600] },
    ]),
    browser('chromium_history', 'Users/bob/AppData/Local/Microsoft/Edge/User Data/Profile 1/History', 'bob', [
      { url: 'https://raw.githubusercontent.com/IconStorages/images/main/icon1.ico', visits: [then + 60] },
    ]),
    browser(
      'firefox_places',
      'Users/bob/AppData/Roaming/Mozilla/Firefox/Profiles/x1.default-release/places.sqlite',
      'bob',
      [{ url: 'https://officeaddons.com/technologies', visits: [then + 120] }],
    ),
    dnsServer('Windows/System32/dns/dns.log'),
  ],
  darwin: [
    browser('safari_history', 'Users/carol/Library/Safari/History.db', 'carol', [
      { url: 'https://sbmsa.wiki/blog/_insert', visits: [then + 30, then + 90] },
    ]),
    browser('chromium_history', 'Users/dave/Library/Application Support/Google/Chrome/Default/History', 'dave', [
      { url: 'https://msstorageazure.com/window', visits: [then] },
    ]),
  ],
  linux: [
    browser('firefox_places', 'home/admin/.mozilla/firefox/y2.default/places.sqlite', 'admin', [
      { url: 'https://akamaicontainer.com/', visits: [then + 10] },
    ]),
    squid('var/log/squid/access.log'),
    squid('var/log/squid/access.log.2.gz'),
  ],
}

/** A profile with ordinary pages and look-alikes, and the contacts of its user. */
function browser(source: string, path: string, user: string, pages: readonly Page[]): Make {
  return (hasContacts) => {
    const all = [...ordinaryPages, ...lookAlikes, ...(hasContacts ? pages : [])]
    const contacts = pages.map(({ url, visits }) => ({
      source,
      path,
      indicator: indicatorOf(url),
      user,
      count: visits.length,
      firstSeen: Math.min(...visits),
      lastSeen: Math.max(...visits),
    }))
    const bytes = databaseOf(source, all)
    return { files: [ordinary(path, bytes, 'store of a browser')], contacts: hasContacts ? contacts : [] }
  }
}

/** A host of the campaign stands for all below it; on a host of others it is the published address. */
function indicatorOf(url: string): string {
  const { hostname, origin } = new URL(url)
  return hostname === 'raw.githubusercontent.com' ? `${origin}/IconStorages/images/main/` : hostname
}

function databaseOf(source: string, pages: readonly Page[]): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-store-'))
  const path = join(directory, 'store')
  try {
    if (source === 'safari_history') safariHistoryDatabase(path, pages)
    else (source === 'firefox_places' ? firefoxPlacesDatabase : chromiumHistoryDatabase)(path, pages).close()
    return readFileSync(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The access log of a proxy, as it is or packed: two contacts of two clients among ordinary and misleading lines. */
function squid(path: string): Make {
  const lines = [
    `${then}.500    345 10.0.0.5 TCP_MISS/200 4567 GET http://akamaicontainer.com/v1/data?id=7 jdoe HIER_DIRECT/192.0.2.7 text/html`,
    `${then + 5}.000  60012 10.0.0.6 TCP_TUNNEL/200 7788 CONNECT pbxsources.com:443 - HIER_DIRECT/192.0.2.8 -`,
    `${then + 9}.000  60012 10.0.0.6 TCP_TUNNEL/200 7788 CONNECT pbxsources.com:443 - HIER_DIRECT/192.0.2.8 -`,
  ]
  const contact = { source: 'squid', path, user: '' }
  return log(path, logSamples['squid'], lines, [
    { ...contact, user: 'jdoe', indicator: 'akamaicontainer.com', count: 1, firstSeen: then, lastSeen: then },
    { ...contact, indicator: 'pbxsources.com', count: 2, firstSeen: then + 5, lastSeen: then + 9 },
  ])
}

/** The debug log of Windows' DNS server, with names in labels. */
function dnsServer(path: string): Make {
  const lines = [
    '3/29/2023 2:00:00 PM 0E2C PACKET  000001D2F1A2B3C0 UDP Rcv 10.0.0.5        a1b2   Q [0001   D   NOERROR] A      (3)www(10)pbxsources(3)com(0)',
  ]
  const indicator = 'pbxsources.com'
  const contact = { source: 'windows_dns', path, user: '', indicator, count: 1, firstSeen: then, lastSeen: then }
  return log(path, logSamples['windows_dns'], lines, [contact])
}

function log(
  path: string,
  sample: LogSample | undefined,
  lines: readonly string[],
  contacts: readonly PlannedContact[],
): Make {
  return (hasContacts) => {
    const head = sample?.head === undefined ? [] : [sample.head.trim()]
    const text = `${[...head, sample?.lookAlikes.trim(), ...(hasContacts ? lines : [])].join('\n')}\n`
    const bytes = new TextEncoder().encode(text)
    const packed = path.endsWith('.gz') ? gzipSync(bytes) : bytes
    return { files: [ordinary(path, packed, 'log')], contacts: hasContacts ? contacts : [] }
  }
}
