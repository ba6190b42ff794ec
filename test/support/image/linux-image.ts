/**
 * A small 3CX server: the phone system hands out the app's installers, compromised or clean.
 */
import { join } from '../byte-writer.ts'
import { carrierPayload, smallLayout } from '../carrier-payload.ts'
import { pointerSearch } from '../loader-builder.ts'
import { trojanisedLibrary } from '../macos-malware-shapes.ts'
import { noise } from '../noise.ts'
import { dmg, msi, zip } from './package-file.ts'
import {
  because,
  executable,
  type ImageForm,
  inside,
  ordinary,
  type PlannedFile,
  planted,
  type Reason,
} from './planned-file.ts'
import { appProgram, shaderCompiler, trojanisedFfmpeg } from './windows-app.ts'

const served = 'var/lib/3cxpbx/Instance1/Data/Http/electron'

/** The files of the volume. */
export function linuxImage(form: ImageForm): PlannedFile[] {
  const parts = { clean: cleanParts, variant: variantParts, compromised: compromisedParts }
  return [...parts[form](), ...neighbours()]
}

function compromisedParts(): PlannedFile[] {
  const file = (path: string, bytes: Uint8Array, ...reasons: Reason[]) =>
    planted(`${served}/${path}`, 'served installer of an affected release', 'delivery', bytes, ...reasons)
  return [
    file('windows/3CXDesktopApp-18.12.416.msi', msi('served 416'), because.sha256, because.filename),
    file('windows/3CXDesktopApp-18.12.407.msi', msi('served 407'), because.filename),
    file('windows/3CXDesktopApp-18.12.416-full.nupkg', zip('served 416'), because.sha1, because.filename),
    file('osx/3CXDesktopApp-18.12.416.dmg', dmg('served 416'), because.filename),
    file('osx/3CXDesktopApp-18.11.1213.dmg', dmg('served 1213'), because.sha256, because.filename),
    file('osx/3CXDesktopApp-18.12.416-mac.zip', zip('served 416 mac'), because.md5),
    ...carriers('latest'),
  ]
}

/** Installers are known by name and digest; a rebuilt one under a clean name shows only inside. */
function variantParts(): PlannedFile[] {
  return [...cleanParts(), ...carriers('18.12.499')]
}

/** Installers and packages that no list has, with a rebuilt attack inside. */
function carriers(version: string): PlannedFile[] {
  const file = (path: string, bytes: Uint8Array) =>
    inside(planted(`${served}/${path}`, 'installer with a rebuilt attack', 'delivery', bytes, because.structure))
  const windows = {
    'app/3CXDesktopApp.exe': appProgram('18.12.499', `served ${version}`),
    'app/ffmpeg.dll': trojanisedFfmpeg(`served ${version}`, pointerSearch({ register: 3 })),
    'app/d3dcompiler_47.dll': shaderCompiler(`served ${version}`, carrierPayload({ layout: smallLayout })),
  }
  const library = '3CX Desktop App.app/Contents/Frameworks/libffmpeg.dylib'
  return [
    file(`windows/3CXDesktopApp-${version}.msi`, msi(version, windows)),
    file(`windows/3CXDesktopApp-${version}-full.nupkg`, zip(version, windows)),
    file(
      `osx/3CXDesktopApp-${version}.dmg`,
      dmg(version, { [library]: trojanisedLibrary({ seed: version, key: 0x55 }) }),
    ),
  ]
}

/** 18.11.1213 for Windows is clean; its name differs from the compromised one in three letters. */
function cleanParts(): PlannedFile[] {
  const file = (path: string, bytes: Uint8Array) => ordinary(`${served}/${path}`, bytes, 'served clean installer')
  return [
    file('windows/3CXDesktopApp-18.12.425.msi', msi('served 425')),
    file('windows/3CXDesktopApp-18.11.1213.msi', msi('served 1213')),
    file('windows/3CXDesktopApp-18.12.425-full.nupkg', zip('served 425')),
    file('osx/3CXDesktopApp-18.12.425.dmg', dmg('served 425')),
    file('osx/3CXDesktopApp-18.12.425-mac.zip', zip('served 425 mac')),
  ]
}

function neighbours(): PlannedFile[] {
  return [
    ordinary(`${served}/windows/RELEASES`, join('3CXDesktopApp\n'), 'part of the server'),
    ordinary('var/lib/3cxpbx/Instance1/Bin/3CXPhoneSystem.ini', join('[General]\n'), 'part of the server'),
    ordinary('etc/hostname', join('pbx\n')),
    ordinary('etc/os-release', join('ID=debian\nVERSION_ID="10"\n')),
    ordinary('home/admin/3CXDesktopApp-notes.txt', join('Remove 3CXDesktopApp-18.12.416.msi.\n')),
    executable(ordinary('usr/bin/tool', join('\x7fELF', noise('tool', 500)))),
  ]
}
