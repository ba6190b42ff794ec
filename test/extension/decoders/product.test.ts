import { describe, expect, test } from 'vitest'
import { decodeProduct, isThreeCxDesktopApp, readProduct } from '../../../extension/decoders/product.ts'
import { headLength } from '../../../extension/domain/file-kind.ts'
import { join, le, patched, zeros } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { cpus, machO, universal } from '../../support/macho-builder.ts'
import { memoryFile } from '../../support/memory-file.ts'
import { headerAt, peImage } from '../../support/pe-builder.ts'
import { binaryPlist, xmlPlist } from '../../support/plist-builder.ts'
import { signature } from '../../support/signature-builder.ts'

const strings = { CompanyName: '3CX Ltd.', OriginalFilename: '3CXDesktopApp.exe', ProductName: '3CX Desktop App' }
const fixed = [18, 12, 416, 0] as const
const certificate = { signature: signature({ commonName: '3CX Ltd', serial: '1B6611DF9C9A4D6ECC8ED50C9B917873' }) }
const info = {
  CFBundleIdentifier: 'com.electron.3cx-desktop-app',
  CFBundleName: '3CX Desktop App',
  CFBundleShortVersionString: '18.12.416',
}
const signedApp = peImage({ version: { fixed, strings: { ...strings, FileVersion: '18.12.416' } }, certificate })
const directoriesAt = headerAt + 24 + 112

const cases: Readonly<Record<string, readonly [filename: string, bytes: Uint8Array]>> = {
  'windows-app': ['3CXDesktopApp.exe', signedApp],
  'windows-version-only-fixed': ['x.exe', peImage({ version: { fixed, strings } })],
  'windows-version-with-words': [
    'd3dcompiler_47.dll',
    peImage({ version: { fixed: [10, 0, 20348, 1], strings: { FileVersion: '10.0.20348.1 (WinBuild.160101.0800)' } } }),
  ],
  'windows-version-with-commas': ['x.exe', peImage({ version: { fixed, strings: { FileVersion: '18, 12, 416, 0' } } })],
  'windows-version-of-two-numbers': ['x.exe', peImage({ version: { strings: { FileVersion: '18.12' } } })],
  'windows-signature-alone': ['ffmpeg.dll', peImage({ isDll: true, certificate })],
  'windows-nothing-stated': ['ffmpeg.dll', peImage({ isDll: true })],
  'windows-damaged-resources-keep-signer': ['x.exe', patched(signedApp, directoriesAt + 16, le(0xffffffff, 4))],
  'windows-damaged-certificate-keeps-version': ['x.exe', patched(signedApp, directoriesAt + 36, le(0xffffffff, 4))],
  'windows-damaged': ['x.exe', join('MZ', zeros(100))],
  'macos-xml': ['Info.plist', join(xmlPlist(info))],
  'macos-binary': ['Info.plist', binaryPlist(info)],
  'macos-binary-under-another-name': ['x', binaryPlist(info)],
  'macos-version-in-the-other-key': [
    'Info.plist',
    binaryPlist({ ...info, CFBundleShortVersionString: '18', CFBundleVersion: '18.12.407' }),
  ],
  'macos-preferences': ['com.electron.3cx-desktop-app.plist', binaryPlist({ NSNavLastRootDirectory: '~/Desktop' })],
  'macos-damaged': ['Info.plist', join(xmlPlist(info).slice(0, 250))],
  'macos-embedded': ['tool', machO({ infoPlist: join(xmlPlist(info)) })],
  'macos-embedded-in-second-slice': [
    'tool',
    universal([
      { cpu: cpus.x86_64, image: machO() },
      { cpu: cpus.arm64, image: machO({ cpu: cpus.arm64, infoPlist: binaryPlist(info) }) },
    ]),
  ],
  'macos-library': ['libffmpeg.dylib', machO({ fileType: 'dylib' })],
  empty: ['x.exe', zeros(0)],
  'other-format': ['x.zip', join('PK\x03\x04')],
  'xml-under-another-name': ['feed.xml', join(xmlPlist(info))],
}

async function decode(filename: string, bytes: Uint8Array) {
  return decodeProduct(memoryFile(bytes), { filename, head: bytes.subarray(0, headLength) })
}

describe('products read as their golden files say', () => {
  for (const [name, [filename, bytes]] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/product/${name}`, await decode(filename, bytes))
    })
  }
})

test('damage and other formats are both no product to whoever does not ask why', async () => {
  for (const name of ['windows-damaged', 'macos-damaged', 'other-format', 'empty']) {
    const [filename = '', bytes = zeros(0)] = cases[name] ?? []
    expect(await readProduct(memoryFile(bytes), { filename, head: bytes.subarray(0, headLength) })).toBeUndefined()
  }
})

test('a rejection of the system passes through, because it says nothing about the file', async () => {
  const file = { size: 1000, read: () => Promise.reject(new Error('EIO')) }
  await expect(readProduct(file, { filename: 'x.exe', head: join('MZ') })).rejects.toThrow('EIO')
})

test('the app is known by name, original name or bundle identifier; its parts and its neighbours are not it', () => {
  const windows = { platform: 'windows' } as const
  const darwin = { platform: 'darwin' } as const
  expect(isThreeCxDesktopApp({ ...windows, product: '3CX Desktop App' })).toBe(true)
  expect(isThreeCxDesktopApp({ ...windows, originalFilename: '3cxdesktopapp.EXE ' })).toBe(true)
  expect(isThreeCxDesktopApp({ ...darwin, bundleId: 'com.electron.3CX-desktop-app' })).toBe(true)
  expect(isThreeCxDesktopApp({ ...darwin, bundleId: 'com.electron.3cx-desktop-app.helper' })).toBe(false)
  expect(isThreeCxDesktopApp({ ...darwin, product: '3CX Desktop App' })).toBe(false)
  expect(isThreeCxDesktopApp({ ...windows, bundleId: 'com.electron.3cx-desktop-app' })).toBe(false)
  expect(isThreeCxDesktopApp({ ...windows, product: '3CXPhone', company: '3CX Ltd' })).toBe(false)
  expect(isThreeCxDesktopApp(windows)).toBe(false)
  expect(isThreeCxDesktopApp({ platform: 'linux', product: '3CX Desktop App' })).toBe(false)
})
