/**
 * A small macOS volume: the app for all and for one user, the second stage in a home, later stages, and neighbours.
 *
 * The bundle descriptions are written in both encodings. Only the Intel slice of the media library carries anything.
 */
import { join, zeros } from '../byte-writer.ts'
import { machO } from '../macho-builder.ts'
import { cleanLibrary, mainStorageFile, trojanisedLibrary, updateAgent, xored } from '../macos-malware-shapes.ts'
import { noise } from '../noise.ts'
import { binaryPlist, xmlPlist } from '../plist-builder.ts'
import { directoryRecords } from './account-keys.ts'
import { dmg } from './package-file.ts'
import {
  because,
  executable,
  type ImageForm,
  ordinary,
  type PlannedFile,
  planted,
  type Reason,
} from './planned-file.ts'

const team = '33CF4654HL'
const bundleName = '3CX Desktop App.app'
const support = 'Users/carol/Library/Application Support/3CX Desktop App'

/** The files of the volume. */
export function darwinImage(form: ImageForm): PlannedFile[] {
  const parts = { clean: cleanParts, variant: variantParts, compromised: compromisedParts }
  return [...parts[form](), ...directoryRecords(), ...neighbours()]
}

function compromisedParts(): PlannedFile[] {
  const installer = 'installer of an affected release'
  return [
    ...compromisedApp('Applications', '18.12.416', 'xml', because.sha1),
    ...compromisedApp('Users/dave/Applications', '18.11.1213', 'binary', because.sha256),
    ...secondStage(),
    planted('Users/carol/Downloads/3CXDesktopApp-18.12.416.dmg', installer, 'delivery', dmg('416'), because.filename),
    executable(
      planted(
        'Library/Graphics/Quartz',
        'POOLRAT',
        'vendor_intrusion',
        machO({ data: noise('q', 2000) }),
        because.sha256,
        because.suspiciousPath,
      ),
    ),
    planted(
      'private/etc/apdl.cf',
      'POOLRAT configuration',
      'vendor_intrusion',
      xored(join('host=203.0.113.7;port=443'), 0x5e),
      because.sha256,
      because.path,
    ),
  ]
}

function secondStage(): PlannedFile[] {
  const stage = 'macos_second_stage'
  return [
    executable(planted(`${support}/UpdateAgent`, 'UpdateAgent', stage, updateAgent(), because.md5, because.path)),
    planted(`${support}/.main_storage`, 'victim id and next run', stage, mainStorage(), because.path),
    planted(`${support}/.session-lock`, 'lock file', stage, zeros(0), because.path),
  ]
}

/** The record of the second stage, with the next run in March 2023. */
export function mainStorage(): Uint8Array {
  return mainStorageFile()
}

/** Another key, other texts, another identifier, another victim; a release that no list has. */
function variantParts(): PlannedFile[] {
  const contents = `Applications/${bundleName}/Contents`
  const library = trojanisedLibrary({ seed: 'rebuilt', key: 0x31 })
  const agent = updateAgent({ seed: 'rebuilt', identifier: `payload2-${'0123456789'.repeat(4)}` })
  return [
    ...cleanApp('Users/dave/Applications', '18.12.425', 'binary'),
    ordinary(`${contents}/Info.plist`, description('18.12.499', 'xml'), 'release that no list has'),
    planted(libraryIn(contents), 'rebuilt libffmpeg.dylib', 'loader', library, because.structure),
    ...unremarkable(contents, '18.12.499'),
    executable(
      planted(
        'Users/carol/Library/Caches/com.electron.3cx-desktop-app/helper',
        'rebuilt UpdateAgent',
        'macos_second_stage',
        agent,
        because.rule,
      ),
    ),
    planted(
      `${support}/.main_storage`,
      'another victim',
      'macos_second_stage',
      mainStorageFile({ victim: '0f0e0d0c-0b0a-4908-8706-050403020100', nextRun: 1_680_500_000n }),
      because.structure,
      because.path,
    ),
  ]
}

function cleanParts(): PlannedFile[] {
  return [
    ...cleanApp('Applications', '18.12.425', 'xml'),
    ...cleanApp('Users/dave/Applications', '18.12.422', 'binary'),
    ordinary('Users/carol/Downloads/3CXDesktopApp-18.12.425.dmg', dmg('425'), 'clean installer'),
  ]
}

function compromisedApp(folder: string, version: string, format: 'xml' | 'binary', program: Reason): PlannedFile[] {
  const contents = `${folder}/${bundleName}/Contents`
  const app = `3CX Desktop App ${version}`
  return [
    planted(`${contents}/Info.plist`, app, 'loader_host', description(version, format), because.version),
    executable(planted(`${contents}/MacOS/3CX Desktop App`, app, 'loader_host', mainProgram(version), program)),
    planted(
      libraryIn(contents),
      'trojanised libffmpeg.dylib',
      'loader',
      trojanisedLibrary({ seed: version }),
      because.sha256,
    ),
    ...unremarkable(contents, version),
  ]
}

function cleanApp(folder: string, version: string, format: 'xml' | 'binary'): PlannedFile[] {
  const contents = `${folder}/${bundleName}/Contents`
  const app = `3CX Desktop App ${version}, clean`
  return [
    ordinary(`${contents}/Info.plist`, description(version, format), app),
    executable(ordinary(`${contents}/MacOS/3CX Desktop App`, mainProgram(version), app)),
    ordinary(libraryIn(contents), cleanLibrary(version), 'genuine libffmpeg.dylib'),
    ...unremarkable(contents, version),
  ]
}

function unremarkable(contents: string, version: string): PlannedFile[] {
  const helper = `${contents}/Frameworks/3CX Desktop App Helper.app/Contents/Info.plist`
  return [
    ordinary(helper, bundle('com.electron.3cx-desktop-app.helper', '3CX Desktop App Helper', version, 'xml'), 'helper'),
    ordinary(`${contents}/PkgInfo`, join('APPL????'), 'part of the app'),
    ordinary(`${contents}/Resources/app.asar`, noise('asar', 3000), 'part of the app'),
  ]
}

function neighbours(): PlannedFile[] {
  const other = 'Applications/Other Softphone.app/Contents'
  const library = 'Frameworks/Electron Framework.framework/Versions/A/Libraries/libffmpeg.dylib'
  return [
    ordinary(
      `${support}/config.json`,
      join('{"url":"https://pbx.example","AccountName":"carol"}\n'),
      'configuration of the app',
    ),
    ordinary(
      `${other}/Info.plist`,
      bundle('com.example.softphone', 'Other Softphone', '18.12.416', 'binary'),
      'other product of version 18.12.416',
    ),
    ordinary(`${other}/${library}`, cleanLibrary('other electron app'), 'genuine libffmpeg.dylib'),
    ordinary(
      'Users/carol/Library/Preferences/com.electron.3cx-desktop-app.plist',
      binaryPlist({ Locale: 'de' }),
      'preferences of the app',
    ),
    ordinary(
      'Users/carol/Library/Application Support/Other/.session-lock',
      zeros(0),
      'other product, the name of the lock file',
    ),
    ordinary('Users/carol/Documents/notes.txt', join('18.12.416 is affected.\n')),
    ordinary('Users/dave/.zshrc', join('export PATH\n')),
    ordinary('Library/Preferences/com.apple.loginwindow.plist', binaryPlist({ lastUserName: 'carol' })),
    ordinary('Library/Graphics/Image Units/readme.txt', join('Image units.\n')),
    ordinary('private/etc/hosts', join('127.0.0.1 localhost\n')),
  ]
}

function libraryIn(contents: string): string {
  return `${contents}/Frameworks/Electron Framework.framework/Versions/A/Libraries/libffmpeg.dylib`
}

function description(version: string, format: 'xml' | 'binary'): Uint8Array {
  return bundle('com.electron.3cx-desktop-app', '3CX Desktop App', version, format)
}

function bundle(id: string, name: string, version: string, format: 'xml' | 'binary'): Uint8Array {
  const keys = {
    CFBundleDisplayName: name,
    CFBundleExecutable: name,
    CFBundleIdentifier: id,
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: version,
    CFBundleVersion: version,
  }
  return format === 'xml' ? join(xmlPlist(keys)) : binaryPlist(keys)
}

function mainProgram(version: string): Uint8Array {
  const signature = { identifier: 'com.electron.3cx-desktop-app', team }
  return machO({ uuid: noise(version, 16), data: noise(`main ${version}`, 4000), signature })
}
