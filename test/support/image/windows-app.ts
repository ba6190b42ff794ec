/**
 * The 3CX Desktop App as it lies on a Windows disk, compromised or clean.
 *
 * A Squirrel installation: a stub and an updater in the root, the program and its libraries in `app`, the packages it
 * came from. `Update.exe` is Squirrel's own and states another product and version.
 */
import { join } from '../byte-writer.ts'
import { carrierPayload } from '../carrier-payload.ts'
import { indexedSearch, loaderData, loaderLibrary, pointerSearch } from '../loader-builder.ts'
import { noise } from '../noise.ts'
import { peImage } from '../pe-builder.ts'
import { signature } from '../signature-builder.ts'
import { zip } from './package-file.ts'
import { because, fromThen, ordinary, type PlannedFile, planted, type Reason } from './planned-file.ts'

/** Serial number under which the affected builds were signed, as published. */
const vendorSerial = '1B6611DF9C9A4D6ECC8ED50C9B917873'
const laterVendorSerial = '0A11223344556677889900AABBCCDDEE'
const microsoftSerial = '33000002CF6D2CC57CAA65A6D80000000002CF'

/** How an installation is recognised: the digest kinds its libraries are listed under. */
export interface Digests {
  readonly program?: Reason
  readonly loader: Reason
  readonly carrier: Reason
}

/** A program of the app: stub or main. */
export function appProgram(version: string, seed: string, serial = vendorSerial): Uint8Array {
  const [a = 0, b = 0, c = 0] = version.split('.').map(Number)
  return peImage({
    timestamp: 0x64000000,
    text: noise(`${seed} ${version}`, 4096),
    version: {
      fixed: [a, b, c, 0],
      strings: {
        CompanyName: '3CX Ltd.',
        FileDescription: '3CX Desktop App',
        FileVersion: version,
        InternalName: '3CXDesktopApp',
        OriginalFilename: '3CXDesktopApp.exe',
        ProductName: '3CX Desktop App',
        ProductVersion: version,
      },
    },
    certificate: { signature: signature({ commonName: '3CX Ltd', serial }) },
  })
}

/** The media library: unsigned, without a version resource, as Electron ships it. */
export function ffmpegLibrary(seed: string): Uint8Array {
  return peImage({
    isDll: true,
    timestamp: 0x636f8000,
    text: noise(`ffmpeg ${seed}`, 8192),
    data: noise(`ffmpeg data ${seed}`, 600),
  })
}

/** The same with the loader; registers, key and whatever else is noise differ from build to build. */
export function trojanisedFfmpeg(seed: string, search: Uint8Array, key?: string): Uint8Array {
  const names = loaderData(key === undefined ? {} : { key })
  return loaderLibrary({ search, data: join(names, noise(`ffmpeg data ${seed}`, 600)), hasLea: true })
}

/** Microsoft's shader compiler, with or without a passenger behind its signature. */
export function shaderCompiler(seed: string, passenger?: Uint8Array): Uint8Array {
  const signed = { signature: signature({ commonName: 'Microsoft Corporation', serial: microsoftSerial }) }
  return peImage({
    isDll: true,
    text: noise(`d3dcompiler ${seed}`, 8192),
    version: {
      fixed: [10, 0, 20348, 1],
      strings: {
        CompanyName: 'Microsoft Corporation',
        FileVersion: '10.0.20348.1 (WinBuild.160101.0800)',
        OriginalFilename: 'd3dcompiler_47.dll',
        ProductName: 'Microsoft® Windows® Operating System',
      },
    },
    certificate: passenger ? { ...signed, stuffing: passenger } : signed,
  })
}

/** A compromised installation at `base`. */
export function compromisedApp(base: string, version: string, digests: Digests): PlannedFile[] {
  const program = digests.program ? [digests.program, because.version] : [because.version]
  const app = `3CX Desktop App ${version}`
  return [
    planted(`${base}/3CXDesktopApp.exe`, `${app} stub`, 'loader_host', appProgram(version, 'stub'), because.version),
    planted(`${base}/app/3CXDesktopApp.exe`, app, 'loader_host', appProgram(version, 'main'), ...program),
    planted(
      `${base}/app/ffmpeg.dll`,
      'trojanised ffmpeg.dll',
      'loader',
      trojanisedFfmpeg(version, version === '18.12.407' ? pointerSearch() : indexedSearch()),
      digests.loader,
    ),
    planted(
      `${base}/app/d3dcompiler_47.dll`,
      'd3dcompiler_47.dll with payload',
      'payload_carrier',
      shaderCompiler(version, carrierPayload()),
      digests.carrier,
    ),
    ...unremarkable(base, version).map(fromThen),
  ]
}

/** A rebuilt attack at `base`, without the carrier: a release that no list has, and a loader with a key of its own. */
export function rebuiltApp(base: string, version: string, key?: string): PlannedFile[] {
  const app = '3CX Desktop App, release that no list has'
  return [
    ordinary(`${base}/3CXDesktopApp.exe`, appProgram(version, 'rebuilt stub', laterVendorSerial), app),
    ordinary(`${base}/app/3CXDesktopApp.exe`, appProgram(version, 'rebuilt main', laterVendorSerial), app),
    planted(
      `${base}/app/ffmpeg.dll`,
      'rebuilt ffmpeg.dll',
      'loader',
      trojanisedFfmpeg(`rebuilt ${base}`, indexedSearch({ rex: '43', sib: '02' }), key),
      because.structure,
    ),
    ...unremarkable(base, version).map(fromThen),
  ]
}

/** A clean installation at `base`: the same names, nothing to say of them. */
export function cleanApp(base: string, version: string): PlannedFile[] {
  const serial = version === '18.12.425' ? laterVendorSerial : vendorSerial
  const app = `3CX Desktop App ${version}, clean`
  return [
    ordinary(`${base}/3CXDesktopApp.exe`, appProgram(version, 'stub', serial), app),
    ordinary(`${base}/app/3CXDesktopApp.exe`, appProgram(version, 'main', serial), app),
    ordinary(`${base}/app/ffmpeg.dll`, ffmpegLibrary(`clean ${version}`), 'genuine ffmpeg.dll'),
    ordinary(`${base}/app/d3dcompiler_47.dll`, shaderCompiler('genuine'), 'genuine d3dcompiler_47.dll'),
    ordinary(`${base}/packages/3CXDesktopApp-${version}-full.nupkg`, zip(version), app),
    ...unremarkable(base, version),
  ]
}

function unremarkable(base: string, version: string): PlannedFile[] {
  const updater = peImage({
    text: noise('squirrel', 2048),
    version: {
      fixed: [2, 0, 1, 0],
      strings: { FileVersion: '2.0.1.0', OriginalFilename: 'Update.exe', ProductName: 'Update' },
    },
    certificate: { signature: signature({ commonName: '3CX Ltd', serial: vendorSerial }) },
  })
  return [
    ordinary(`${base}/Update.exe`, updater, 'updater'),
    ordinary(`${base}/app/resources/app.asar`, noise('asar', 3000), 'part of the app'),
    ordinary(`${base}/app/locales/en-US.pak`, noise('locale', 500), 'part of the app'),
    ordinary(`${base}/packages/RELEASES`, join(`3CXDesktopApp-${version}-full.nupkg\n`), 'part of the app'),
  ]
}
