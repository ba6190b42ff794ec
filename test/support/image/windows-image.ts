/**
 * A small Windows volume: two users with a per-user app, a machine-wide one, later stages, and neighbours.
 */
import { join, utf16 } from '../byte-writer.ts'
import { type CarrierShape, carrierPayload, smallLayout } from '../carrier-payload.ts'
import { dropperImage } from '../dropper-builder.ts'
import { type HiveKey, hive } from '../hive-builder.ts'
import { below, merged } from '../hive-keys.ts'
import { icon, trailer } from '../icon-builder.ts'
import { noise } from '../noise.ts'
import { peImage } from '../pe-builder.ts'
import { ruleSamples } from '../rule-samples.ts'
import { signature } from '../signature-builder.ts'
import { accountKeys, profileKeys } from './account-keys.ts'
import { assistedKeys, inventoryKeys, systemKeys } from './execution-keys.ts'
import { msi, zip } from './package-file.ts'
import { because, type ImageForm, ordinary, type PlannedFile, planted, releaseOf } from './planned-file.ts'
import { cleanApp, compromisedApp, ffmpegLibrary, rebuiltApp, shaderCompiler } from './windows-app.ts'

const perUser = (user: string) => `Users/${user}/AppData/Local/Programs/3CXDesktopApp`
const system = 'Windows/System32'
const hardwareProfile = 'd04d4d1c-0c5e-4b1f-9a37-5d8e6b2f1a90'

/** The files of the volume. */
export function windowsImage(form: ImageForm): PlannedFile[] {
  const parts = { clean: cleanParts, variant: variantParts, compromised: compromisedParts }
  return [...parts[form](), ...hives(form), ...neighbours()]
}

function compromisedParts(): PlannedFile[] {
  const all = { program: because.sha256, loader: because.sha256, carrier: because.sha256 }
  const installer = 'installer of an affected release'
  return [
    ...['alice', 'bob'].flatMap((user) => [
      ...compromisedApp(perUser(user), '18.12.416', all),
      planted(
        `${perUser(user)}/packages/3CXDesktopApp-18.12.416-full.nupkg`,
        'update package of an affected release',
        'delivery',
        zip('18.12.416'),
        because.sha256,
        because.filename,
      ),
    ]),
    planted(
      `${perUser('alice')}/app/manifest`,
      'delay timer',
      'memory_payload',
      noise('timer', 8),
      because.suspiciousPath,
    ),
    ...compromisedApp('Program Files/3CXDesktopApp', '18.12.407', { loader: because.sha1, carrier: because.md5 }),
    planted('Users/alice/Downloads/3CXDesktopApp-18.12.416.msi', installer, 'delivery', msi('416'), because.filename),
    planted('Users/Public/Downloads/3CXDesktopApp-18.12.407.msi', installer, 'delivery', msi('407'), because.filename),
    ...inMemoryOnly(),
    ...laterStages(),
  ]
}

/** What an ordinary victim has in memory alone; somebody saved it. */
function inMemoryOnly(): PlannedFile[] {
  const app = `${perUser('bob')}/app`
  const c2 = trailer({ text: 'https://msstorageazure.com/window' })
  return [
    planted(`${app}/icon1.ico`, 'icon with a C2 address', 'dead_drop', icon(c2), because.structure),
    planted(
      `${app}/samcli.dll`,
      'ICONIC loader',
      'memory_payload',
      ruleSamples['threecx_iconic_loader']?.positive ?? new Uint8Array(),
      because.rule,
    ),
    planted(
      `${app}/trololo.dll`,
      'ICONIC stealer',
      'stealer',
      ruleSamples['threecx_iconic_stealer']?.positive ?? new Uint8Array(),
      because.rule,
    ),
  ]
}

function laterStages(): PlannedFile[] {
  const library = (seed: string) => peImage({ isDll: true, text: noise(seed, 3000) })
  const later = 'later_stage'
  const shellcode = `${system}/config/TxR/${hardwareProfile}.TxR.0.regtrans-ms`
  const tpm = (name: string, bytes: Uint8Array) =>
    planted(`ProgramData/TPM/${name}`, 'VEILEDSIGNAL', 'vendor_intrusion', bytes, because.path)
  return [
    planted(`${system}/krwve.jat`, 'Gopuram', later, noise('krwve', 2000), because.path),
    planted(`${system}/wlbsctrl.dll`, 'Gopuram loader', later, library('wlbsctrl'), because.sha256),
    planted(shellcode, 'Gopuram shellcode', later, noise('regtrans', 4000), because.sha256),
    planted(
      `${system}/MsMpEng.exe`,
      'FRP',
      'vendor_intrusion',
      peImage({ text: noise('frp', 3000) }),
      because.sha256,
      because.suspiciousPath,
    ),
    planted(
      'Users/alice/Downloads/X_TRADER_r7.17.90p608.exe',
      'X_TRADER installer with the dropper',
      'vendor_intrusion',
      dropperImage(),
      because.structure,
      because.suspiciousFilename,
    ),
    tpm('TpmVscMgrSvr.exe', microsoft('TpmVscMgrSvr.exe', false)),
    tpm('winscard.dll', library('winscard')),
    tpm('devobj.dll', library('devobj')),
  ]
}

/** Another release, other libraries, another layout, another key in a loader beside, another generator seed. */
function variantParts(): PlannedFile[] {
  const base = perUser('bob')
  const machine = 'Program Files/3CXDesktopApp'
  const carrier = (seed: string, shape: CarrierShape) =>
    planted(
      `${seed === 'key' ? machine : base}/app/d3dcompiler_47.dll`,
      'rebuilt d3dcompiler_47.dll',
      'payload_carrier',
      shaderCompiler(`rebuilt ${seed}`, carrierPayload(shape)),
      seed === 'key' ? because.suspiciousStructure : because.structure,
    )
  const c2 = trailer({ text: 'https://msedgepackageinfo.com/microsoft-edge', seed: 0x5eed_1234 })
  return [
    ...cleanApp(perUser('alice'), '18.12.425'),
    ...rebuiltApp(base, '18.12.499'),
    carrier('layout', { layout: smallLayout, seed: 'rebuilt' }),
    ...rebuiltApp(machine, '18.12.499', 'another key 42'),
    carrier('key', { key: 'another key 42', seed: 'rebuilt again' }),
    planted(
      `${system}/config/TxR/{0b1e7a52-93f4-4f1c-8d55-1a2b3c4d5e6f}.TxR.0.regtrans-ms`,
      'another encrypted shellcode',
      'later_stage',
      noise('another regtrans', 4000),
      because.suspiciousStructure,
    ),
    planted(`${base}/app/icon3.ico`, 'icon with a C2 address', 'dead_drop', icon(c2), because.structure),
  ]
}

/** 18.11.1213 is compromised on macOS and clean here. */
function cleanParts(): PlannedFile[] {
  return [
    ...cleanApp(perUser('alice'), '18.12.425'),
    ...cleanApp(perUser('bob'), '18.11.1213'),
    ...cleanApp('Program Files/3CXDesktopApp', '18.12.425'),
    ordinary('Users/alice/Downloads/3CXDesktopApp-18.12.425.msi', msi('425'), 'clean installer'),
    ordinary('Users/Public/Downloads/3CXDesktopApp-18.12.422.msi', msi('422'), 'clean installer'),
  ]
}

/** What the system wrote down: programs of users and of the machine. Padded signatures are not refused, as usual. */
function hives(form: ImageForm): PlannedFile[] {
  const current = { compromised: '18.12.416', variant: '18.12.499', clean: '18.12.425' }[form]
  const uninstall = 'Microsoft\\Windows\\CurrentVersion\\Uninstall'
  const entry = (home: string, version: string): HiveKey => ({
    lastWritten: 1_679_477_400,
    values: {
      DisplayName: '3CX Desktop App',
      DisplayVersion: version,
      InstallLocation: `C:\\${home.replaceAll('/', '\\')}`,
      Publisher: '3CX',
    },
  })
  const ofUser = (user: string, version: string) =>
    ordinary(
      `Users/${user}/NTUSER.DAT`,
      hive(merged(below(`Software\\${uninstall}`, { '3CXDesktopApp': entry(perUser(user), version) }), shellOf(user))),
      'registry of a user',
    )
  const machine = form === 'compromised' ? '18.12.407' : current
  return [
    ofUser('alice', form === 'variant' ? '18.12.425' : current),
    ofUser('bob', form === 'clean' ? '18.11.1213' : current),
    ordinary('Windows/AppCompat/Programs/Amcache.hve', hive(inventoryKeys(releaseOf[form])), 'inventory of Windows'),
    ...['Public', 'Default'].map((user) =>
      ordinary(`Users/${user}/NTUSER.DAT`, hive(below('Software', { Other: {} }))),
    ),
    ordinary(
      `${system}/config/SOFTWARE`,
      hive(merged(below(uninstall, { '{4B1D1E3A-3CX}': entry('Program Files/3CXDesktopApp', machine) }), profileKeys)),
      'registry of the machine',
    ),
    ordinary(`${system}/config/SAM`, hive(accountKeys), 'accounts of the machine'),
  ]
}

/** What the shell of a user wrote down. */
function shellOf(user: string): HiveKey {
  return user === 'alice' ? { keys: { Software: assistedKeys } } : {}
}

/** What stays the same in both: names that the attack uses too, and programs with the same version numbers. */
function neighbours(): PlannedFile[] {
  const users = ['alice', 'bob', 'Public', 'Default']
  const softphone = 'Program Files/Other Softphone'
  const registryLog = join(noise('kernel transaction', 64), utf16('REGISTRY'), noise('registry', 120_000))
  return [
    ...['kernel32.dll', 'user32.dll', 'winscard.dll', 'devobj.dll', 'msvcr100.dll'].map((name) =>
      ordinary(`${system}/${name}`, microsoft(name, true), 'Windows'),
    ),
    ordinary(`${system}/samcli.dll`, microsoft('samcli.dll', true), 'Windows, the name of the ICONIC loader'),
    ordinary(`${system}/d3dcompiler_47.dll`, shaderCompiler('genuine'), 'genuine d3dcompiler_47.dll'),
    ordinary(
      `${system}/config/TxR/{53b39e88-18c4-11ea-a811-000d3aa4692b}.TxR.0.regtrans-ms`,
      registryLog,
      'Windows, the place of the Gopuram shellcode',
    ),
    ordinary(`${system}/config/SYSTEM`, hive(systemKeys), 'Windows'),
    ordinary(`${system}/catroot2/edb.chk`, noise('edb', 512), 'Windows'),
    ordinary('ProgramData/Microsoft/settings.dat', noise('settings', 300)),
    ordinary(`${softphone}/OtherSoftphone.exe`, otherProgram(), 'other product of version 18.12.416'),
    ordinary(`${softphone}/ffmpeg.dll`, ffmpegLibrary('other electron app'), 'genuine ffmpeg.dll'),
    ordinary(`${softphone}/manifest`, join('{"name":"other"}\n'), 'other product, the name of the delay timer'),
    ordinary('Users/bob/Documents/3CX migration.txt', join('Move to the web client; 18.12.416 is affected.\n')),
    ...users.map((user) => ordinary(`Users/${user}/Desktop/desktop.ini`, join('[.ShellClassInfo]\r\n'))),
    ...users
      .slice(0, 2)
      .map((user) =>
        ordinary(`Users/${user}/AppData/Roaming/3CXDesktopApp/config.json`, join('{}\n'), 'configuration of the app'),
      ),
  ]
}

function microsoft(name: string, isDll: boolean): Uint8Array {
  return peImage({
    isDll,
    text: noise(name, 2000),
    version: {
      fixed: [10, 0, 19041, 2604],
      strings: {
        CompanyName: 'Microsoft Corporation',
        FileVersion: '10.0.19041.2604 (WinBuild.160101.0800)',
        OriginalFilename: name,
        ProductName: 'Microsoft® Windows® Operating System',
      },
    },
    certificate: { signature: signature({ commonName: 'Microsoft Windows', serial: '33000003A5C3D8D1F1' }) },
  })
}

function otherProgram(): Uint8Array {
  const strings = { FileVersion: '18.12.416', OriginalFilename: 'OtherSoftphone.exe', ProductName: 'Other Softphone' }
  return peImage({ text: noise('other', 2000), version: { fixed: [18, 12, 416, 0], strings } })
}
