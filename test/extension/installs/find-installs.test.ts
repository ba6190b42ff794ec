/** Installs found in planted trees: present, removed, updated, clean, and what is no install at all. */
import { describe, expect, it } from 'vitest'
import type { Platform } from '../../../extension/domain/platform.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { expectGolden } from '../../support/golden.ts'
import { hive } from '../../support/hive-builder.ts'
import { below, entryHive, merged } from '../../support/hive-keys.ts'
import { appProgram } from '../../support/image/windows-app.ts'
import { plantedAt, searchTree, type Tree } from '../../support/install-trees.ts'
import { binaryPlist, xmlPlist } from '../../support/plist-builder.ts'

const loaded = loadNative()
const native = 'problem' in loaded ? undefined : loaded
const engine = native ?? portableEngine()

const local = 'Users/alice/AppData/Local/Programs/3CXDesktopApp'
const uninstall = 'Microsoft\\Windows\\CurrentVersion\\Uninstall'
const userUninstall = `Software\\${uninstall}`
const entry = { DisplayName: '3CX Desktop App', DisplayVersion: '18.12.416.0', InstallDate: '20230322' }

function program(version: string): Tree {
  const [stub, main] = [appProgram(version, 'stub'), appProgram(version, 'main')]
  return {
    [`${local}/3CXDesktopApp.exe`]: stub,
    [`${local}/app/3CXDesktopApp.exe`]: main,
    [`${local}/app/ffmpeg.dll`]: 'MZ',
    [`${local}/Update.exe`]: 'MZ',
    [`${local}/packages/RELEASES`]: `0123 3CXDesktopApp-${version}-full.nupkg 99\n`,
    [`${local}/packages/3CXDesktopApp-${version}-full.nupkg`]: 'PK',
  }
}

const bundle = (version: string, id = 'com.electron.3cx-desktop-app') => ({
  CFBundleIdentifier: id,
  CFBundleName: '3CX Desktop App',
  CFBundleShortVersionString: version,
})

const amcacheFile = {
  Name: '3CXDesktopApp.exe',
  LowerCaseLongPath: 'c:\\users\\alice\\appdata\\local\\programs\\3cxdesktopapp\\app\\3cxdesktopapp.exe',
  Version: '18.12.407.0',
  ProductName: '3cx desktop app',
}

const amcache = hive(
  below('Root', {
    InventoryApplicationFile: {
      keys: {
        '3cxdesktopapp.ex|1f2e3d4c': { lastWritten: 1_679_481_000, values: amcacheFile },
        'other.exe|5a6b': { values: { Name: 'other.exe', LowerCaseLongPath: 'c:\\other.exe', Version: '1.0.0.0' } },
      },
    },
    InventoryApplication: {
      keys: { '0000ab': { values: { Name: '3CX Desktop App', Version: '18.12.407', RootDirPath: '' } } },
    },
  }),
)

const cases: [string, Platform, Tree, 'hives'?][] = [
  ['windows-present', 'windows', program('18.12.416')],
  ['windows-clean', 'windows', program('18.11.1213')],
  [
    'windows-present-with-entry',
    'windows',
    { ...program('18.12.416'), 'Users/alice/NTUSER.DAT': entryHive(userUninstall, entry), ...leftOvers() },
    'hives',
  ],
  ['windows-removed-left-overs', 'windows', leftOvers()],
  [
    'windows-removed-entries',
    'windows',
    {
      ...leftOvers(),
      'Users/alice/NTUSER.DAT': entryHive(userUninstall, entry),
      'Windows/appcompat/Programs/Amcache.hve': amcache,
    },
    'hives',
  ],
  [
    'windows-updated-and-waiting',
    'windows',
    {
      ...program('18.12.422'),
      [`${local}/packages/3CXDesktopApp-18.12.416-full.nupkg`]: 'PK',
      [`${local}/packages/3CXDesktopApp-18.12.425-delta.nupkg`]: 'PK',
    },
  ],
  ['windows-updater-alone', 'windows', { [`${local}/Update.exe`]: 'MZ', [`${local}/app/ffmpeg.dll`]: 'MZ' }],
  ['windows-damaged-program', 'windows', { [`${local}/app/3CXDesktopApp.exe`]: 'MZ' }],
  ['windows-moved', 'windows', { 'Tools/phone/3CXDesktopApp.exe': appProgram('18.12.407', 'main') }],
  [
    'windows-machine-entries',
    'windows',
    {
      'Apps/phone/app/3CXDesktopApp.exe': appProgram('18.12.416', 'main'),
      'Windows/System32/config/SOFTWARE': software(),
    },
    'hives',
  ],
  ['windows-damaged-hive', 'windows', { 'Users/alice/NTUSER.DAT': 'regf and nothing' }, 'hives'],
  [
    'windows-server',
    'windows',
    { 'ProgramData/3CX/Instance1/Data/Http/electron/windows/3CXDesktopApp-18.12.416.msi': 'x' },
  ],
  ['darwin-present', 'darwin', macOs(xmlPlist(bundle('18.11.1213')))],
  ['darwin-clean', 'darwin', macOs(binaryPlist(bundle('18.12.422')))],
  ['darwin-removed', 'darwin', macLeftOvers()],
  [
    'darwin-trashed',
    'darwin',
    {
      ...macLeftOvers(),
      'Users/carol/.Trash/3CX Desktop App 10-22-31.app/Contents/Info.plist': xmlPlist(bundle('18.12.416')),
    },
  ],
  [
    'darwin-other-bundles',
    'darwin',
    {
      'Applications/3CX Desktop App.app/Contents/Info.plist': xmlPlist(bundle('18.12.416', 'com.example.other')),
      'Users/carol/3CX Desktop App copy.app/Contents/Info.plist': 'damaged',
    },
  ],
  [
    'linux-server',
    'linux',
    {
      'var/lib/3cxpbx/Instance1/Data/Http/electron/windows/3CXDesktopApp-18.11.1213.msi': 'x',
      'var/lib/3cxpbx/Instance1/Data/Http/electron/windows/3CXDesktopApp-18.12.416-full.nupkg': 'x',
      'var/lib/3cxpbx/Instance1/Data/Http/electron/osx/3CXDesktopApp-18.11.1213.dmg': 'x',
      'var/lib/3cxpbx/Instance1/Data/Http/electron/osx/3CXDesktopApp-latest.zip': 'x',
      'var/lib/3cxpbx/Instance1/Data/Http/electron/osx/readme.txt': '18.12.416',
    },
  ],
  [
    'linux-wine',
    'linux',
    {
      'home/erin/.wine/drive_c/users/erin/AppData/Local/Programs/3CXDesktopApp/app/3CXDesktopApp.exe': appProgram(
        '18.12.407',
        'main',
      ),
      'home/frank/.wine/drive_c/users/frank/AppData/Roaming/3CXDesktopApp/config.json': '{}',
    },
  ],
  ['nothing', 'windows', { 'Users/alice/notes.txt': '3CXDesktopApp.exe 18.12.416' }],
]

function leftOvers(): Tree {
  return {
    'Users/alice/AppData/Roaming/3CXDesktopApp/config.json': '{}',
    'Windows/Prefetch/3CXDESKTOPAPP.EXE-1A2B3C4D.pf': 'MAM',
  }
}

function software(): Uint8Array {
  const installer = 'Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-21-1-2-3-1001\\Products\\AB12'
  const stated = { ...entry, InstallLocation: 'C:\\Apps\\phone\\' }
  return hive(
    merged(
      below(uninstall, {
        '{1}': { lastWritten: 1_679_480_000, values: stated },
        '{2}': { values: { DisplayName: 'Other', DisplayVersion: '18.12.416' } },
      }),
      below(`WOW6432Node\\${uninstall}`, {
        '{3}': { values: { ...entry, DisplayVersion: '18.12.407', InstallLocation: 'D:\\phone' } },
      }),
      below(installer, { InstallProperties: { values: { ...entry, DisplayVersion: '18.11.1213' } } }),
      below('Microsoft\\Windows NT\\CurrentVersion\\ProfileList', {
        'S-1-5-21-1-2-3-1001': { values: { ProfileImagePath: 'C:\\Users\\grace' } },
      }),
    ),
  )
}

function macOs(description: Uint8Array | string): Tree {
  const app = 'Applications/3CX Desktop App.app/Contents'
  const helper = `${app}/Frameworks/3CX Desktop App Helper.app/Contents/Info.plist`
  return {
    [`${app}/Info.plist`]: description,
    [helper]: xmlPlist(bundle('18.12.416', 'com.electron.3cx-desktop-app.helper')),
    ...macLeftOvers(),
  }
}

function macLeftOvers(): Tree {
  const library = 'Users/carol/Library'
  return {
    [`${library}/Preferences/com.electron.3cx-desktop-app.plist`]: binaryPlist({ Locale: 'de' }),
    [`${library}/Saved Application State/com.electron.3cx-desktop-app.savedState/windows.plist`]: 'x',
    [`${library}/Logs/3CX Desktop App/main.log`]: 'x',
    [`${library}/Application Support/3CX Desktop App/config.json`]: '{}',
  }
}

describe('installs in a tree', () => {
  it.each(cases)('%s are what the golden file says', async (name, platform, tree, needs) => {
    if (needs === 'hives' && !native) return
    const { installs } = await searchTree(engine, tree, platform)
    await expectGolden(`installs/${name}`, installs)
  })

  it.each(cases.filter(([, , , needs]) => needs === undefined))(
    '%s are the same by the portable engine',
    async (_, platform, tree) => {
      const [ours, other] = await Promise.all([
        searchTree(engine, tree, platform),
        searchTree(portableEngine(), tree, platform),
      ])
      expect(other.installs).toEqual(ours.installs)
    },
  )
})

describe('a search', () => {
  it('says of a hive that it could not be read', async () => {
    const { scans } = await searchTree(engine, { 'Users/alice/NTUSER.DAT': 'regf' }, 'windows')
    expect(scans).toEqual([
      expect.objectContaining({
        source: 'installs',
        root: '/image',
        state: 'finished',
        unexamined: 1,
        errors: [{ path: '/image/Users/alice/NTUSER.DAT', code: 'io', message: expect.stringContaining('hive') }],
      }),
    ])
  })

  it('says by the portable engine that hives were not read, and finds the rest', async () => {
    const tree = { ...program('18.12.416'), 'Users/alice/NTUSER.DAT': entryHive(userUninstall, entry) }
    const { installs, scans } = await searchTree(portableEngine(), tree, 'windows')
    expect(installs).toHaveLength(1)
    expect(scans[0]?.errors[0]?.message).toContain('portable engine reads no registry hives')
  })

  it('dates an install by what states its version, not by an updater that is older', async () => {
    const { installs } = await searchTree(engine, program('18.12.416'), 'windows')
    expect(installs[0]).toMatchObject({ firstSeen: plantedAt, lastSeen: plantedAt, affected: true })
  })

  it('ends with the reason of an abort', async () => {
    const { findInstalls } = await import('../../../extension/installs/find-installs.ts')
    const { partsFor, withTree } = await import('../../support/install-trees.ts')
    const reason = new Error('enough')
    await withTree(program('18.12.416'), async (root) => {
      const parts = await partsFor(engine, root, 'windows')
      await expect(findInstalls(parts, AbortSignal.abort(reason))).rejects.toBe(reason)
    })
  })
})
