/**
 * A small macOS volume: the app for all and for one user, the second stage in a home, later stages, and neighbours.
 *
 * The bundle descriptions are written in both encodings. Only the Intel slice of the media library carries anything.
 */
import { field, join, le, zeros } from '../byte-writer.ts'
import { cpus, machO, universal } from '../macho-builder.ts'
import { noise } from '../noise.ts'
import { binaryPlist, xmlPlist } from '../plist-builder.ts'
import { dmg } from './package-file.ts'
import { because, executable, ordinary, type PlannedFile, planted, type Reason } from './planned-file.ts'

const team = '33CF4654HL'
const bundleName = '3CX Desktop App.app'
const support = 'Users/carol/Library/Application Support/3CX Desktop App'
const agentIdentifier = 'payload2-55554944839216049d683075bc3f5a8628778bb8'

/** The files of the volume. */
export function darwinImage(isClean: boolean): PlannedFile[] {
  return [...(isClean ? cleanParts() : compromisedParts()), ...neighbours()]
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
  const agent = machO({
    data: join('parse_json_config\0read_config\0enc_text\0send_post\0'),
    signature: { identifier: agentIdentifier },
  })
  return [
    executable(planted(`${support}/UpdateAgent`, 'UpdateAgent', stage, agent, because.md5, because.path)),
    planted(`${support}/.main_storage`, 'victim id and next run', stage, mainStorage(), because.path),
    planted(`${support}/.session-lock`, 'lock file', stage, zeros(0), because.path),
  ]
}

/** 36 characters, twelve zeros, the next run in unix seconds; every byte XORed. */
export function mainStorage(): Uint8Array {
  const nextRun = Date.UTC(2023, 2, 29, 14, 0) / 1000
  return xored(join(field('b7c3e1a0-5d2f-4c6b-9e18-3f0a7d94c251', 36), zeros(12), le(nextRun, 8)), 0x7a)
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
    planted(libraryIn(contents), 'trojanised libffmpeg.dylib', 'loader', mediaLibrary(version, true), because.sha256),
    ...unremarkable(contents, version),
  ]
}

function cleanApp(folder: string, version: string, format: 'xml' | 'binary'): PlannedFile[] {
  const contents = `${folder}/${bundleName}/Contents`
  const app = `3CX Desktop App ${version}, clean`
  return [
    ordinary(`${contents}/Info.plist`, description(version, format), app),
    executable(ordinary(`${contents}/MacOS/3CX Desktop App`, mainProgram(version), app)),
    ordinary(libraryIn(contents), mediaLibrary(`clean ${version}`, false), 'genuine libffmpeg.dylib'),
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
    ordinary(`${other}/${library}`, mediaLibrary('other electron app', false), 'genuine libffmpeg.dylib'),
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

function mediaLibrary(seed: string, isTrojanised: boolean): Uint8Array {
  const strings = join(
    '%s/.main_storage\0%s/UpdateAgent\0.session-lock\0"%s" >/dev/null 2>&1\0',
    xored(field('3cx_auth_id=%s;3cx_auth_token_content=%s;__tutma=true', 64), 0x7a),
    xored(field('%s/Library/Application Support/3CX Desktop App/%s', 64), 0x7a),
  )
  const slice = (cpu: number, extra: Uint8Array) => ({
    cpu,
    image: machO({
      cpu,
      fileType: 'dylib',
      uuid: noise(`${seed} ${cpu}`, 16),
      data: join(noise(`${seed} ${cpu} data`, 3000), extra),
      signature: { identifier: 'libffmpeg', team },
    }),
  })
  return universal([slice(cpus.x86_64, isTrojanised ? strings : zeros(0)), slice(cpus.arm64, zeros(0))])
}

function xored(bytes: Uint8Array, key: number): Uint8Array {
  return bytes.map((byte) => byte ^ key)
}
