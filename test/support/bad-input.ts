/**
 * Evidence as it is found on real hosts and made by hostile ones: in use, cut off, forged, in the wrong encoding. Sound evidence
 * lies beside it, of which nothing may be lost.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import type { Platform } from '../../extension/domain/platform.ts'
import { addChromiumPages, chromiumHistoryDatabase, ordinaryPages } from './browser-stores.ts'
import { contactEvents, executionEvents } from './event-samples.ts'
import { evtxFile, type PlannedEvent } from './evtx-builder.ts'
import { knowledgeDatabase } from './mac-databases.ts'
import { prefetchFile } from './prefetch-builder.ts'

/** A case: what it plants, and what must come of it. */
export interface BadInput {
  readonly name: string
  readonly platform: Platform
  /** Whether reading it takes the portable engine many seconds. */
  readonly isLong?: boolean
  /** Whether only the native engine reads such a file. */
  readonly isNative?: boolean
  /** Below the root; every file of the case lies in its folder. */
  readonly folder: string
  /** Writes the case; a function that it returns is called when the tests end. */
  plant(folder: string): unknown
  /** Indicators that are listed all the same. */
  readonly contacts: readonly string[]
  /** Programs that ran, which are listed all the same. */
  readonly executions?: readonly string[]
  /** Codes of what could not be read. */
  readonly errors: readonly string[]
}

const time = Date.UTC(2023, 2, 29, 14, 0) / 1000
const query = (name: string, stamp = 'Mar 29 14:00:00') => `${stamp} dnsmasq[812]: query[A] ${name} from 192.168.1.10\n`
const visit = (host: string) => ({ url: `https://${host}/`, visits: [time] })
const profile = (user: string) => `home/${user}/.config/google-chrome/Default`
const logs = (name: string) => `var/log/remote/${name}`

/** Many pages, so that the sought ones lie far apart. */
const many = Array.from({ length: 3000 }, (_, at) => ({
  url: `https://site-${at}.example/${'x'.repeat(60)}`,
  visits: [time],
}))

const onLinux: readonly Omit<BadInput, 'platform'>[] = [
  {
    name: 'a database that a browser holds locked',
    folder: profile('locked'),
    plant(folder) {
      const db = chromiumHistoryDatabase(join(folder, 'History'), [...ordinaryPages, visit('pbxsources.com')])
      db.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE urls SET typed_count = 1')
      return () => db.close()
    },
    contacts: ['pbxsources.com'],
    errors: [],
  },
  {
    name: 'a database with a log that is half written',
    folder: profile('half'),
    plant(folder) {
      const path = join(folder, 'History')
      const db = chromiumHistoryDatabase(
        path,
        [...ordinaryPages, visit('pbxsources.com')],
        [],
        'PRAGMA journal_mode=WAL',
      )
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      addChromiumPages(db, [visit('officeaddons.com')])
      const whole = readFileSync(`${path}-wal`)
      addChromiumPages(db, [visit('akamaicontainer.com')])
      const longer = readFileSync(`${path}-wal`)
      const main = readFileSync(path)
      db.close()
      writeFileSync(path, main)
      writeFileSync(`${path}-wal`, longer.subarray(0, whole.length + 1000))
    },
    contacts: ['officeaddons.com', 'pbxsources.com'],
    errors: [],
  },
  {
    name: 'a database that is cut off',
    folder: profile('truncated'),
    plant(folder) {
      const path = join(folder, 'History')
      chromiumHistoryDatabase(path, [visit('pbxsources.com'), ...many, visit('officeaddons.com')]).close()
      truncateSync(path, Math.floor(readFileSync(path).length / 8192) * 4096)
    },
    contacts: ['pbxsources.com'],
    errors: ['damaged'],
  },
  {
    name: 'a database whose pages are overwritten',
    folder: profile('hostile'),
    plant(folder) {
      const path = join(folder, 'History')
      chromiumHistoryDatabase(path, [visit('pbxsources.com'), ...many]).close()
      const bytes = readFileSync(path)
      for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0xff, at, at + 100)
      writeFileSync(path, bytes)
    },
    contacts: [],
    errors: ['damaged'],
  },
  {
    name: 'a database whose table is a view',
    folder: profile('view'),
    plant(folder) {
      const db = new DatabaseSync(join(folder, 'History'))
      db.exec(`CREATE TABLE t(x); CREATE VIEW urls AS SELECT 1 AS id, 'https://pbxsources.com/' AS url`)
      db.close()
    },
    contacts: [],
    errors: ['damaged'],
  },
  {
    name: 'times that no clock shows, in a database',
    folder: profile('clock'),
    plant(folder) {
      const db = chromiumHistoryDatabase(join(folder, 'History'), [visit('pbxsources.com')])
      db.exec(
        'UPDATE urls SET last_visit_time = 9223372036854775807; UPDATE visits SET visit_time = -9223372036854775808',
      )
      db.close()
    },
    contacts: ['pbxsources.com'],
    errors: [],
  },
  {
    name: 'times that no clock shows, in a log',
    folder: logs('clock'),
    plant: (folder) =>
      writeFileSync(
        join(folder, 'a.log'),
        query('pbxsources.com', 'Feb 31 25:61:61') +
          query('pbxsources.com', '9999-99-99T99:99:99Z') +
          query('officeaddons.com'),
      ),
    contacts: ['officeaddons.com', 'pbxsources.com'],
    errors: [],
  },
  {
    name: 'a line of 100 MB without an end',
    folder: logs('long'),
    plant(folder) {
      const file = openSync(join(folder, 'a.log'), 'w')
      writeSync(file, query('pbxsources.com'))
      const piece = Buffer.alloc(1 << 20, 'a')
      for (let at = 0; at < 100; at++) writeSync(file, piece)
      writeSync(file, ` officeaddons.com from 192.168.1.10`)
      closeSync(file)
    },
    contacts: ['pbxsources.com'],
    errors: ['too_big'],
  },
  {
    name: 'NUL bytes between and before records',
    folder: logs('nul'),
    plant: (folder) =>
      writeFileSync(
        join(folder, 'a.log'),
        `${query('pbxsources.com')}${'\0'.repeat(300_000)}${query('officeaddons.com')}\0\0\0\n`,
      ),
    contacts: ['officeaddons.com', 'pbxsources.com'],
    errors: [],
  },
  {
    name: 'a log in UTF-16',
    folder: logs('wide'),
    plant: (folder) => writeFileSync(join(folder, 'a.log'), Buffer.from(`\ufeff${query('pbxsources.com')}`, 'utf16le')),
    contacts: ['pbxsources.com'],
    errors: [],
  },
  {
    name: 'a log that is a link out of the image',
    folder: logs('link'),
    plant(folder) {
      const outside = join(folder, '../../../../../outside.log')
      writeFileSync(outside, query('pbxsources.com'))
      symlinkSync(outside, join(folder, 'a.log'))
    },
    contacts: [],
    errors: ['symlink'],
  },
  {
    name: 'a packed log that is cut off',
    folder: logs('cut'),
    plant(folder) {
      const noise = Array.from({ length: 20_000 }, (_, at) =>
        query(`host-${(at * 2_654_435_761) % 4_294_967_291}.example`),
      )
      const packed = gzipSync(query('pbxsources.com') + noise.join('') + query('officeaddons.com'))
      writeFileSync(join(folder, 'a.log.gz'), packed.subarray(0, packed.length / 2))
    },
    contacts: ['pbxsources.com'],
    errors: ['damaged'],
  },
  {
    name: 'a packed log that never ends',
    isLong: true,
    folder: logs('bomb'),
    plant: (folder) => writeFileSync(join(folder, 'a.log.gz'), bomb(query('pbxsources.com'))),
    contacts: ['pbxsources.com'],
    errors: ['too_big'],
  },
  {
    name: 'a log that is no text',
    folder: logs('noise'),
    plant: (folder) =>
      writeFileSync(
        join(folder, 'a.log'),
        Buffer.concat([Buffer.alloc(5000, 0x90), Buffer.from('pbxsources.com'), Buffer.alloc(99, 7)]),
      ),
    contacts: [],
    errors: ['unknown_format'],
  },
  {
    name: 'an audit log with NUL bytes and a line without an end',
    folder: 'var/log/audit',
    plant(folder) {
      const event = (serial: number, exe: string) =>
        `type=SYSCALL msg=audit(${time}.000:${serial}): arch=c000003e syscall=59 success=yes pid=7 auid=0 uid=0 exe="${exe}"\n`
      const long = 'a'.repeat(300_000)
      const text = `\0\0\0${event(1, '/opt/1/3CXDesktopApp.exe')}${event(2, `/opt/${long}/3CXDesktopApp.exe`)}${event(3, '/opt/2/3CXDesktopApp.exe')}`
      writeFileSync(join(folder, 'audit.log'), text)
    },
    contacts: [],
    executions: ['/opt/1/3CXDesktopApp.exe', '/opt/2/3CXDesktopApp.exe'],
    errors: ['too_big'],
  },
]

const hive: Omit<BadInput, 'platform'>['plant'] = (folder) => {
  writeFileSync(join(folder, 'NTUSER.DAT'), Buffer.concat([Buffer.from('regf'), Buffer.alloc(20_000, 0xa5)]))
}

const onWindows: readonly Omit<BadInput, 'platform'>[] = [
  {
    name: 'an event log with a chunk overwritten',
    folder: 'Windows/System32/winevt/Logs',
    isNative: true,
    plant(folder) {
      const sound = [contactEvents['sysmon-query'], executionEvents['sysmon-process']] as PlannedEvent[]
      const bytes = Buffer.from(evtxFile([...sound, contactEvents['sysmon-connection'] as PlannedEvent], 1))
      bytes.fill(0xff, 4096 + 2 * 65_536, 4096 + 2 * 65_536 + 4096)
      writeFileSync(join(folder, 'Microsoft-Windows-Sysmon%4Operational.evtx'), bytes)
    },
    contacts: ['pbxsources.com'],
    executions: ['C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe'],
    errors: ['damaged', 'damaged'],
  },
  {
    name: 'a record of Prefetch that is cut off',
    folder: 'Windows/Prefetch',
    plant(folder) {
      const shape = {
        program: '3CXDESKTOPAPP.EXE',
        runs: [time],
        count: 1,
        files: ['\\VOLUME{1}\\A\\3CXDESKTOPAPP.EXE'],
      }
      const bytes = prefetchFile(shape)
      writeFileSync(join(folder, '3CXDESKTOPAPP.EXE-0A1B2C3D.pf'), bytes.subarray(0, 60))
      writeFileSync(join(folder, '3CXDESKTOPAPP.EXE-0A1B2C3E.pf'), bytes)
    },
    contacts: [],
    executions: ['\\VOLUME{1}\\A\\3CXDESKTOPAPP.EXE'],
    errors: ['damaged'],
  },
  {
    name: 'a hive that is none',
    isNative: true,
    folder: 'Users/alice',
    plant: hive,
    contacts: [],
    errors: ['damaged'],
  },
]

const onDarwin: readonly Omit<BadInput, 'platform'>[] = [
  {
    name: 'a knowledge store that is cut off',
    folder: 'Users/carol/Library/Application Support/Knowledge',
    plant(folder) {
      const path = join(folder, 'knowledgeC.db')
      const uses = Array.from({ length: 2000 }, () => ({
        app: 'com.electron.3cx-desktop-app',
        begun: time,
        ended: time + 1,
      }))
      knowledgeDatabase(path, uses)
      truncateSync(path, Math.floor(readFileSync(path).length / 8192) * 4096)
    },
    contacts: [],
    errors: ['damaged'],
  },
]

/** All cases. */
export const badInputs: readonly BadInput[] = [
  ...onLinux.map((one) => ({ ...one, platform: 'linux' as const })),
  ...onWindows.map((one) => ({ ...one, platform: 'windows' as const })),
  ...onDarwin.map((one) => ({ ...one, platform: 'darwin' as const })),
]

/** Members of gzip one after the other: 700 MB out of a megabyte. */
function bomb(head: string): Uint8Array {
  const member = gzipSync(Buffer.alloc(16 << 20))
  return Buffer.concat([gzipSync(head), ...Array.from({ length: 44 }, () => member)])
}

/** Writes the cases of a system below a root; answers what ends them. */
export function plantBadInputs(platform: Platform, root: string): () => void {
  const ends = badInputs
    .filter((one) => one.platform === platform)
    .map(({ folder, plant }) => {
      mkdirSync(join(root, folder), { recursive: true })
      return plant(join(root, folder))
    })
  return () => {
    for (const end of ends) if (typeof end === 'function') end()
  }
}
