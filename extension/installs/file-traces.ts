/**
 * Traces from files: what a name, a version resource or a property list says.
 *
 * A program counts as the app when it says so itself; a foreign program under the name of ours is a trace without a
 * version, because its version means nothing here.
 */
import { isThreeCxDesktopApp, readProduct } from '../decoders/product.ts'
import { headLength } from '../domain/file-kind.ts'
import { foldAscii } from '../domain/glob.ts'
import type { PathText } from '../domain/path-text.ts'
import type { Product } from '../domain/product.ts'
import type { FileRef, ScanEngine, WalkEntry } from '../native/engine.ts'
import { displayPath, imagePath, type Volume } from '../sweep/volume.ts'
import type { InstallFile } from './look.ts'
import { type Proof, secondsOf, stated, type Trace } from './trace.ts'

/** A list of packages has a line for each; the longest seen is a few KiB. */
const maxReleasesBytes = 256 * 1024
/** Packages in a list that are told. */
const maxReleases = 200

/** Where files are read. */
export interface FileReader {
  readonly engine: ScanEngine
  readonly volume: Volume
}

/** Traces of one file. */
export async function fileTraces(reader: FileReader, file: InstallFile): Promise<Trace[]> {
  const { entry, place } = file
  const base = traceOf(reader.volume, file)
  switch (place.source) {
    case 'program':
    case 'update_stub':
      return programTraces(base, await productOf(reader, entry), place.source === 'program')
    case 'info_plist':
      return bundleTraces(base, entry.path, await productOf(reader, entry), place.isDiscarded === true)
    case 'squirrel_package':
      return packageTraces(base, nameOf(entry.path), () => textOf(reader, entry))
    case 'served_client':
      return [stated<Trace>({ ...base, proof: 'served', version: versionIn(nameOf(entry.path)) })]
    default:
      return [base]
  }
}

function traceOf(volume: Volume, { entry, place, user }: InstallFile): Trace {
  const inImage = imagePath(volume, entry.path)
  const times = [volume.isCopy ? undefined : secondsOf(entry.btimeNs), secondsOf(entry.mtimeNs)].filter(
    (time) => time !== undefined,
  )
  return stated<Trace>({
    proof: 'something',
    source: place.source,
    platform: place.of,
    // A place found anywhere in an image belongs to whom its path says.
    scope: place.scope === 'machine' && user !== '' ? 'user' : place.scope,
    user,
    path: displayPath(volume, entry.path),
    imagePath: inImage,
    home: homeOf(inImage, place.source),
    firstSeen: times.length > 0 ? Math.min(...times) : undefined,
    lastSeen: secondsOf(entry.mtimeNs),
  })
}

/** The folder or bundle an app lies in, by the path of one of its own files. */
function homeOf(path: PathText, source: Trace['source']): string | undefined {
  const cut = (pattern: RegExp) => path.replace(pattern, '')
  switch (source) {
    case 'program':
    case 'update_stub':
      return cut(/([\\/]app[^\\/]*)?[\\/][^\\/]+$/i)
    case 'directory':
      return cut(/[\\/]app[^\\/]*[\\/][^\\/]+$/i)
    case 'squirrel_package':
      return cut(/[\\/]packages[\\/][^\\/]+$/i)
    case 'info_plist':
      return cut(/[\\/]Contents[\\/]Info\.plist$/i)
    default:
      return undefined
  }
}

function programTraces(base: Trace, product: Product | undefined, isProgram: boolean): Trace[] {
  if (!product || !isThreeCxDesktopApp(product)) return [isProgram ? { ...base, proof: 'there' } : base]
  const { version, signer } = product
  return [stated<Trace>({ ...base, proof: 'there', version, product: product.product, signer })]
}

/** Helper bundles inside the app carry its name and another identifier. */
function bundleTraces(base: Trace, path: PathText, product: Product | undefined, isDiscarded: boolean): Trace[] {
  const proof: Proof = isDiscarded ? 'something' : 'there'
  if (product && isThreeCxDesktopApp(product)) {
    return [stated<Trace>({ ...base, proof, version: product.version, product: product.product })]
  }
  const isNested = path.split('/').filter((part) => foldAscii(part).endsWith('.app')).length > 1
  return product || isNested ? [] : [{ ...base, proof }]
}

async function packageTraces(base: Trace, name: string, read: () => Promise<string>): Promise<Trace[]> {
  const names = foldAscii(name) === 'releases' ? (await read()).match(/3CXDesktopApp-[^\s]{1,80}\.nupkg/gi) : [name]
  return [...new Set(names ?? [])].slice(0, maxReleases).flatMap((one) => {
    const version = versionIn(one)
    return version === undefined ? [] : [{ ...base, proof: 'package' as const, version, detail: one }]
  })
}

/** The first three or four numbers in a row in a name. */
function versionIn(name: string): string | undefined {
  return /(?<![\d.])\d{1,5}\.\d{1,5}\.\d{1,5}(\.\d{1,5})?(?!\d)/.exec(name)?.[0]
}

function nameOf(path: PathText): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** What a file says of its product; unreadable files say nothing. */
export async function productOf({ engine, volume }: FileReader, file: FileRef & Pick<WalkEntry, 'size'>) {
  const read = (offset: number, length: number) => engine.read([volume.canonical], file, offset, length)
  try {
    const head = await read(0, headLength)
    return await readProduct({ size: file.size, read }, { filename: nameOf(file.path), head })
  } catch {
    return undefined
  }
}

async function textOf({ engine, volume }: FileReader, file: FileRef): Promise<string> {
  const bytes = await engine.read([volume.canonical], file, 0, maxReleasesBytes).catch(() => new Uint8Array())
  return new TextDecoder().decode(bytes)
}
