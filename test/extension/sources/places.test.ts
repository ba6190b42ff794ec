/** Where sources look: real paths of real systems are in a place, and go to the source that reads them. */
import { describe, expect, it } from 'vitest'
import { glob, matchesGlob } from '../../../extension/domain/glob.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import { executionReaders } from '../../../extension/executions/index.ts'
import { loadSourcePlaces } from '../../../extension/indicators/index.ts'
import { sources } from '../../../extension/sources/index.ts'
import { stores } from '../../../extension/sources/stores/index.ts'

const places = loadSourcePlaces()

function sourcesOf(platform: Platform, path: string): string[] {
  const found = places.filter(
    (place) => place.platform === platform && matchesGlob(glob(place.pattern.replaceAll('<user>', '*'), true), path),
  )
  return [...new Set(found.map(({ source }) => source))]
}

const windows = 'Users/alice/AppData'
const mac = 'Users/alice/Library'
const paths: readonly (readonly [Platform, string, string])[] = [
  ['windows', `${windows}/Local/Google/Chrome/User Data/Default/History`, 'chromium_history'],
  ['windows', `${windows}/Local/Google/Chrome SxS/User Data/Profile 2/Network/Cookies`, 'chromium_cookies'],
  ['windows', `${windows}/Local/Microsoft/Edge/User Data/Default/Favicons`, 'chromium_favicons'],
  [
    'windows',
    `${windows}/Local/BraveSoftware/Brave-Browser/User Data/Default/Network/Network Persistent State`,
    'chromium_network_state',
  ],
  ['windows', `${windows}/Roaming/Opera Software/Opera Stable/History`, 'chromium_history'],
  ['windows', `${windows}/Roaming/Opera Software/Opera GX Stable/Default/History`, 'chromium_history'],
  ['windows', `${windows}/Local/Vivaldi/User Data/Default/History`, 'chromium_history'],
  ['windows', `${windows}/Roaming/Mozilla/Firefox/Profiles/abcd1234.default-release/places.sqlite`, 'firefox_places'],
  ['windows', `${windows}/Roaming/3CXDesktopApp/Network Persistent State`, 'chromium_network_state'],
  ['windows', `${windows}/Roaming/3CXDesktopApp/Cache/data_1`, 'electron_app_state'],
  ['windows', `${windows}/Roaming/3CXDesktopApp/config.json`, 'electron_app_state'],
  ['windows', 'inetpub/logs/LogFiles/W3SVC1/u_ex230322.log', 'auto'],
  ['windows', 'Windows/System32/dns/dns.log', 'auto'],
  ['darwin', `${mac}/Application Support/Google/Chrome/Default/History`, 'chromium_history'],
  ['darwin', `${mac}/Application Support/Microsoft Edge/Profile 1/Cookies`, 'chromium_cookies'],
  ['darwin', `${mac}/Application Support/com.operasoftware.Opera/History`, 'chromium_history'],
  ['darwin', `${mac}/Application Support/Firefox/Profiles/x.default/cookies.sqlite`, 'firefox_cookies'],
  ['darwin', `${mac}/Safari/History.db`, 'safari_history'],
  ['darwin', `${mac}/Safari/Downloads.plist`, 'safari_downloads'],
  ['darwin', `${mac}/Containers/com.apple.Safari/Data/Library/Safari/Profiles/1-2/History.db`, 'safari_history'],
  ['darwin', `${mac}/Application Support/3CX Desktop App/Local Storage/leveldb/000005.ldb`, 'electron_app_state'],
  ['darwin', `${mac}/Logs/3CX Desktop App/main.log`, 'electron_app_state'],
  ['darwin', `${mac}/HTTPStorages/com.electron.3cx-desktop-app.binarycookies`, 'binary_cookies'],
  ['darwin', `${mac}/HTTPStorages/UpdateAgent/httpstorages.sqlite`, 'mac_http_storage'],
  ['darwin', `${mac}/Containers/com.apple.Safari/Data/Library/Cookies/Cookies.binarycookies`, 'binary_cookies'],
  ['darwin', `${mac}/Caches/com.electron.3cx-desktop-app/Cache.db`, 'mac_url_cache'],
  ['linux', 'home/alice/.config/google-chrome/Default/History', 'chromium_history'],
  ['linux', 'root/.config/chromium/Default/History', 'chromium_history'],
  ['linux', 'home/alice/snap/chromium/common/chromium/Default/Cookies', 'chromium_cookies'],
  [
    'linux',
    'home/alice/.var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser/Default/History',
    'chromium_history',
  ],
  ['linux', 'home/alice/.mozilla/firefox/x.default/formhistory.sqlite', 'firefox_formhistory'],
  ['linux', 'home/alice/snap/firefox/common/.mozilla/firefox/x.default/places.sqlite', 'firefox_places'],
  ['linux', 'home/alice/.var/app/org.mozilla.firefox/.mozilla/firefox/x.default/places.sqlite', 'firefox_places'],
  ['linux', 'var/log/dnsmasq.log.2.gz', 'auto'],
  ['linux', 'var/log/pihole/pihole.log-20230329.xz', 'auto'],
  ['linux', 'var/log/squid/access.log.1', 'auto'],
  ['linux', 'var/log/suricata/eve.json-20230329.zst', 'auto'],
  ['linux', 'opt/zeek/logs/2023-03-22/dns.10:00:00-11:00:00.log.gz', 'auto'],
  ['linux', 'var/log/syslog.2.gz', 'auto'],
]

describe('places of sources', () => {
  it.each(paths)('%s: %s is read by %s', (platform, path, source) => {
    expect(sourcesOf(platform, path)).toEqual([source])
  })

  it('name sources that are there', () => {
    const known = new Set([...sources, ...executionReaders].map(({ name }) => name))
    expect(places.filter(({ source }) => !known.has(source))).toEqual([])
    for (const { name } of [...stores, ...executionReaders])
      expect(
        places.some(({ source }) => source === name),
        name,
      ).toBe(true)
  })

  it('name the user or whose home it is, below homes', () => {
    const homes = places.filter(({ pattern }) => /^(Users|home|root|private\/var\/root)\//.test(pattern))
    expect(homes.filter(({ pattern, user }) => pattern.includes('<user>') === (user !== undefined))).toEqual([])
  })

  it('leave out what lies beside them', () => {
    expect(sourcesOf('windows', `${windows}/Local/Google/Chrome/User Data/Default/Login Data`)).toEqual([])
    expect(sourcesOf('windows', `${windows}/Local/Google/Chrome/User Data/Default/History-journal`)).toEqual([])
    expect(sourcesOf('linux', 'home/alice/.mozilla/firefox/x.default/key4.db')).toEqual([])
  })
})
