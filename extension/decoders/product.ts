/**
 * The product a file belongs to, whatever its format: the one entry to the decoders of this folder.
 *
 * Dispatches on the first bytes, and on the name for XML property lists, which have no magic. Only claims are read;
 * whether they make the file affected is for the indicators. Cost is bounded by one budget per file.
 */
import { fileKind } from '../domain/file-kind.ts'
import { foldAscii } from '../domain/glob.ts'
import { canonical } from '../domain/observable.ts'
import type { Product } from '../domain/product.ts'
import type { RandomAccess } from '../domain/random-access.ts'
import { type BoundedFile, boundedFile } from './bounded-file.ts'
import { readMachO } from './macho.ts'
import { readPe } from './pe.ts'
import { readPeCertificates } from './pe-certificates.ts'
import { readPeVersion } from './pe-version.ts'
import { isBinaryPlist, maxPlist, plistStrings } from './plist.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** What is known of a file before it is opened by a decoder. */
export interface ProductHints {
  /** Base name. */
  readonly filename: string
  /** First bytes, as engines return them. */
  readonly head: Uint8Array
}

/** The product of a file; undefined when it claims none or cannot be read as what it looks like. */
export async function readProduct(file: RandomAccess, hints: ProductHints): Promise<Product | undefined> {
  const product = await decodeProduct(file, hints)
  return product && !isRefusal(product) ? product : undefined
}

/** The product of a file; undefined when its format carries none, a refusal when it is damaged. */
export async function decodeProduct(file: RandomAccess, hints: ProductHints): Promise<Product | Refusal | undefined> {
  const bounded = boundedFile(file)
  const kind = fileKind(hints.head)
  if (kind === 'pe') return peProduct(bounded)
  if (kind === 'macho') return machOProduct(bounded)
  if (isBinaryPlist(hints.head) || foldAscii(hints.filename).endsWith('.plist')) return plistProduct(bounded)
  return undefined
}

/** A damaged version resource does not hide the signature, nor the other way round. */
async function peProduct(file: BoundedFile): Promise<Product | Refusal | undefined> {
  const image = await readPe(file)
  if (isRefusal(image)) return image
  const stated = await readPeVersion(file, image)
  const table = await readPeCertificates(file, image)
  const version = stated && !isRefusal(stated) ? stated : undefined
  const certificates = table && !isRefusal(table) ? table : undefined
  if (!version && !certificates) return [stated, table].find((one) => one !== undefined && isRefusal(one))
  const strings = version?.strings ?? {}
  return claims({
    platform: 'windows',
    product: strings.ProductName,
    version: release([strings.FileVersion, version?.fileVersion, strings.ProductVersion, version?.productVersion]),
    originalFilename: strings.OriginalFilename,
    company: strings.CompanyName,
    signer: certificates?.signer,
    signerSerial: certificates?.serial,
    certPadding: certificates?.padding,
  })
}

async function machOProduct(file: BoundedFile): Promise<Product | Refusal | undefined> {
  const macho = await readMachO(file)
  if (isRefusal(macho)) return macho
  for (const { image } of macho.slices) {
    const product = !isRefusal(image) && image.infoPlist ? bundleProduct(image.infoPlist) : undefined
    if (product && !isRefusal(product)) return product
  }
  return undefined
}

async function plistProduct(file: BoundedFile): Promise<Product | Refusal | undefined> {
  if (file.size > maxPlist) return refuse(`property list of ${file.size} bytes; expected at most ${maxPlist}`)
  const bytes = await file.read(0, file.size)
  return bytes ? bundleProduct(bytes) : refuse('property list became shorter while it was read')
}

/** Preferences and other property lists have no bundle identifier and claim no product. */
function bundleProduct(bytes: Uint8Array): Product | Refusal | undefined {
  const plist = plistStrings(bytes)
  if (isRefusal(plist)) return plist
  const { CFBundleIdentifier, CFBundleName, CFBundleDisplayName, CFBundleShortVersionString, CFBundleVersion } =
    plist.strings
  if (CFBundleIdentifier === undefined) return undefined
  return claims({
    platform: 'darwin',
    product: CFBundleName ?? CFBundleDisplayName,
    version: release([CFBundleShortVersionString, CFBundleVersion]),
    bundleId: CFBundleIdentifier,
  })
}

/** Bundle identifier of the macOS app, as published with the detection rules of 2023. */
const bundleId = 'com.electron.3cx-desktop-app'

/**
 * Whether a file is the 3CX Desktop App's own program or bundle, of any version.
 * Its libraries, its updater and its helper bundles are not: they carry other names, and often other versions.
 */
export function isThreeCxDesktopApp(product: Product): boolean {
  const states = (claim: string | undefined, text: string) => foldAscii(claim?.trim() ?? '') === text
  if (product.platform === 'darwin') return states(product.bundleId, bundleId)
  if (product.platform !== 'windows') return false
  return states(product.product, '3cx desktop app') || states(product.originalFilename, '3cxdesktopapp.exe')
}

/** The first stated version with the three numbers that tell releases apart, else the first that has any. */
function release(stated: readonly (string | undefined)[]): string | undefined {
  const numbers = stated.flatMap((text) => /^\s*v?(\d+(?:\.\d+){0,3})(?![\d.])/.exec(text ?? '')?.[1] ?? [])
  return numbers.find((text) => 'value' in canonical('version', text) && text !== '0.0.0.0') ?? numbers[0]
}

/** Claims that are long belong to nothing real; the longest field of a bundle or version resource has 80 characters. */
const maxClaim = 512

/** Drops what is not claimed. */
function claims(
  stated: { [Key in keyof Product]: Product[Key] | undefined } & { platform: Product['platform'] },
): Product {
  const made = Object.entries(stated).filter(([, value]) => value !== undefined && value !== '')
  const cut = made.map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, maxClaim) : value])
  return Object.fromEntries(cut)
}
