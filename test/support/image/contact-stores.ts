/**
 * Stores of browsers and of the app itself in an image: the contacts of their user among ordinary pages and look-alikes.
 */
import type { Platform } from '../../../extension/domain/platform.ts'
import { levelLog, networkState, safariDownloadsXml, simpleCacheEntry } from '../app-state.ts'
import {
  chromiumCookiesDatabase,
  chromiumFaviconsDatabase,
  chromiumHistoryDatabase,
  firefoxCookiesDatabase,
  firefoxFormsDatabase,
  firefoxPlacesDatabase,
  lookAlikes,
  ordinaryPages,
  type Page,
  safariHistoryDatabase,
} from '../browser-stores.ts'
import { binaryCookiesFile, httpStorageDatabase, urlCacheDatabase } from '../mac-network.ts'
import { contactTime, type MakeContacts, type PlannedContact } from './planned-contact.ts'
import { ordinary } from './planned-file.ts'
import { written } from './written.ts'

const chrome = 'Users/alice/AppData/Local/Google/Chrome/User Data/Default'
const firefox = 'Users/bob/AppData/Roaming/Mozilla/Firefox/Profiles/x1.default-release'
const appState = 'Users/alice/AppData/Roaming/3CXDesktopApp'

const library = 'Users/carol/Library'
const safariData = `${library}/Containers/com.apple.Safari/Data/Library`

/** Stores by the system of the image. */
export const contactStores: Readonly<Record<Platform, readonly MakeContacts[]>> = {
  windows: [
    history('chromium_history', `${chrome}/History`, 'alice', [
      { url: 'https://pbxsources.com/exchange', visits: [contactTime, contactTime + 3600] },
    ]),
    history('chromium_history', 'Users/bob/AppData/Local/Microsoft/Edge/User Data/Profile 1/History', 'bob', [
      { url: 'https://raw.githubusercontent.com/IconStorages/images/main/icon1.ico', visits: [contactTime + 60] },
    ]),
    history('firefox_places', `${firefox}/places.sqlite`, 'bob', [
      { url: 'https://officeaddons.com/technologies', visits: [contactTime + 120] },
    ]),
    hosts('chromium_cookies', `${chrome}/Network/Cookies`, 'alice', 'pbxsources.com', contactTime + 7),
    hosts('chromium_favicons', `${chrome}/Favicons`, 'alice', 'pbxsources.com', contactTime + 8),
    hosts('firefox_cookies', `${firefox}/cookies.sqlite`, 'bob', 'officeaddons.com', contactTime + 121),
    hosts('firefox_formhistory', `${firefox}/formhistory.sqlite`, 'bob', 'officeaddons.com', contactTime),
    hosts(
      'chromium_network_state',
      `${chrome}/Network/Network Persistent State`,
      'alice',
      'pbxsources.com',
      contactTime,
    ),
    hosts('local_storage', `${appState}/Local Storage/leveldb/000003.log`, 'alice', 'akamaicontainer.com', contactTime),
    hosts('cache', `${appState}/Cache/Cache_Data/f0e1d2c3b4a59687_0`, 'alice', 'msedgeupdate.net', contactTime),
  ],
  darwin: [
    history('safari_history', 'Users/carol/Library/Safari/History.db', 'carol', [
      { url: 'https://sbmsa.wiki/blog/_insert', visits: [contactTime + 30, contactTime + 90] },
    ]),
    history('chromium_history', 'Users/dave/Library/Application Support/Google/Chrome/Default/History', 'dave', [
      { url: 'https://msstorageazure.com/window', visits: [contactTime] },
    ]),
    hosts('safari_downloads', 'Users/carol/Library/Safari/Downloads.plist', 'carol', 'sbmsa.wiki', contactTime + 95),
    hosts(
      'binary_cookies',
      `${library}/HTTPStorages/UpdateAgent.binarycookies`,
      'carol',
      'sbmsa.wiki',
      contactTime + 96,
    ),
    hosts('binary_cookies', `${safariData}/Cookies/Cookies.binarycookies`, 'carol', 'sbmsa.wiki', contactTime + 31),
    hosts(
      'mac_http_storage',
      `${library}/HTTPStorages/UpdateAgent/httpstorages.sqlite`,
      'carol',
      'sbmsa.wiki',
      contactTime,
    ),
    hosts('mac_url_cache', `${library}/Caches/UpdateAgent/Cache.db`, 'carol', 'sbmsa.wiki', contactTime + 97),
  ],
  linux: [
    history('firefox_places', 'home/admin/.mozilla/firefox/y2.default/places.sqlite', 'admin', [
      { url: 'https://akamaicontainer.com/', visits: [contactTime + 10] },
    ]),
  ],
}

/** A profile with ordinary pages and look-alikes, and the contacts of its user. */
function history(source: string, path: string, user: string, pages: readonly Page[]): MakeContacts {
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
    const write = historyWriters[source]
    const bytes = write ? written((file) => write(file, all)) : new Uint8Array()
    return { files: [ordinary(path, bytes, 'store of a browser')], contacts: hasContacts ? contacts : [] }
  }
}

const historyWriters: Readonly<Record<string, (path: string, pages: readonly Page[]) => void>> = {
  safari_history: safariHistoryDatabase,
  firefox_places: (path, pages) => firefoxPlacesDatabase(path, pages).close(),
  chromium_history: (path, pages) => chromiumHistoryDatabase(path, pages).close(),
}

/** A host of the campaign stands for all below it; on a host of others it is the published address. */
function indicatorOf(url: string): string {
  const { hostname, origin } = new URL(url)
  return hostname === 'raw.githubusercontent.com' ? `${origin}/IconStorages/images/main/` : hostname
}

/** A store that keeps hosts or single addresses: one of the campaign among look-alikes. */
function hosts(kind: HostStore, path: string, user: string, indicator: string, time: number): MakeContacts {
  return (hasContacts) => {
    const { source, write, says }: HostWriter = hostStores[kind]
    const contact = { source, path, indicator, user, count: 1, firstSeen: time, lastSeen: time, ...says }
    const names = ['notofficeaddons.com.example', 'www.example.com', ...(hasContacts ? [indicator] : [])]
    return {
      files: [{ ...ordinary(path, write(names, time), 'store of a browser or of the app'), mtime: time }],
      contacts: hasContacts ? [contact] : [],
    }
  }
}

interface HostWriter {
  readonly source: string
  /** What differs from one record at its time. */
  readonly says?: Partial<PlannedContact>
  write(hosts: readonly string[], time: number): Uint8Array
}

const cookies = (names: readonly string[], time: number) =>
  names.map((name) => ({ host: `.${name}`, name: 'session', created: time, used: time }))
const pages = (names: readonly string[], time: number) =>
  names.map((name) => ({ url: `https://${name}/`, visits: [time] }))

const timeless = { firstSeen: null, lastSeen: null }

const hostStores = {
  chromium_cookies: {
    source: 'chromium_cookies',
    write: (names, time) => written((path) => chromiumCookiesDatabase(path, cookies(names, time))),
  },
  firefox_cookies: {
    source: 'firefox_cookies',
    write: (names, time) => written((path) => firefoxCookiesDatabase(path, cookies(names, time))),
  },
  chromium_favicons: {
    source: 'chromium_favicons',
    says: { count: 2 }, // the icon, and the page it was for
    write: (names, time) => written((path) => chromiumFaviconsDatabase(path, pages(names, time))),
  },
  firefox_formhistory: {
    source: 'firefox_formhistory',
    says: { count: 2, firstSeen: 1_679_000_000, lastSeen: 1_679_000_500 },
    write: (names) =>
      written((path) =>
        firefoxFormsDatabase(
          path,
          names.map((name) => `https://${name}/`),
        ),
      ),
  },
  binary_cookies: {
    source: 'binary_cookies',
    write: (names, time) => binaryCookiesFile(cookies(names, time)),
  },
  mac_http_storage: {
    source: 'mac_http_storage',
    says: timeless,
    write: (names) => written((path) => httpStorageDatabase(path, names)),
  },
  mac_url_cache: {
    source: 'mac_url_cache',
    write: (names, time) =>
      written((path) =>
        urlCacheDatabase(
          path,
          addresses(names).map((url) => ({ url, time })),
        ),
      ),
  },
  chromium_network_state: {
    source: 'chromium_network_state',
    says: timeless,
    write: (names, time) => bytesOf(networkState(addresses(names), time)),
  },
  safari_downloads: {
    source: 'safari_downloads',
    write: (names, time) => {
      const added = new Date(time * 1000).toISOString().replace('.000Z', 'Z')
      const downloads = addresses(names).map((url) => ({ url: `${url}/a.zip`, path: '/Users/carol/a.zip', added }))
      return bytesOf(safariDownloadsXml(downloads))
    },
  },
  local_storage: {
    source: 'electron_app_state',
    says: timeless,
    write: (names) => levelLog(addresses(names).map((address) => `_app://-\0\x01server:${address}/v1`)),
  },
  cache: {
    source: 'electron_app_state',
    write: (names) => simpleCacheEntry(`1/0/${addresses(names).at(-1)}/Windows`),
  },
} as const satisfies Record<string, HostWriter>
type HostStore = keyof typeof hostStores

const addresses = (names: readonly string[]) => names.map((name) => `https://${name}`)
const bytesOf = (text: string) => new TextEncoder().encode(text)
