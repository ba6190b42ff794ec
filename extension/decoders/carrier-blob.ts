/**
 * The decrypted payload of the carrier: bootstrap, loader, library, user data, told apart and described.
 *
 * It is whole when the bootstrap has the shape, its numbers lie inside, and the library is a PE image; no length of the
 * published sample is required. Nothing is decrypted until the numbers fit, and then only where it is looked at, so
 * that a false beginning costs next to nothing. Which key and where to begin is for carrier-payload.ts.
 */
import { createHash } from 'node:crypto'
import type { PayloadPart } from '../domain/payload.ts'
import type { Fields } from '../domain/trait.ts'
import { boundedFile } from './bounded-file.ts'
import { looksLikeText } from './byte-statistics.ts'
import { Bytes, hexText, utf8Text } from './bytes.ts'
import { type Bootstrap, bootstrapStart, exportHash } from './carrier-bootstrap.ts'
import { type PeImage, readPe } from './pe.ts'
import { readPeExports } from './pe-exports.ts'
import { combined } from './rc4.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** Ciphertext from some place to the end, and its keystream. */
export interface EncryptedBlob {
  readonly data: Uint8Array
  /** At least as long as `data`. */
  readonly stream: Uint8Array
}

/** What a whole blob holds. */
export interface CarrierBlob {
  /** Of everything decrypted, lower-case hex. */
  readonly sha256: string
  readonly fields: Fields
  readonly parts: readonly PayloadPart[]
}

/** The smallest DOS header. */
const imageHead = 64
/** The published user data has 169 characters. */
const maxText = 512
/** The converter's own bootstrap has 64 bytes. */
const maxShown = 64
/** The one export of the published library; its hash is known even when the names of the library cannot be read. */
const publishedExport = 'DllGetClassObject'

/** Whether numbers and first bytes fit, at a cost that does not depend on the length: the reason when they do not. */
export function misfit(blob: EncryptedBlob, bootstrap: Bootstrap): string | undefined {
  const { libraryAt, userDataAt, userDataLength } = bootstrap
  const length = blob.data.length
  if (libraryAt + imageHead > length) {
    return `carrier payload: its library at ${libraryAt} lies outside its ${length} bytes`
  }
  if (userDataAt + userDataLength > length) {
    return `carrier payload: its ${userDataLength} bytes of user data at ${userDataAt} lie outside its ${length} bytes`
  }
  const headerAt = new Bytes(plain(blob, libraryAt + 0x3c, 4)).u32(0) ?? 0
  const isImage =
    utf8Text(plain(blob, libraryAt, 2)) === 'MZ' && utf8Text(plain(blob, libraryAt + headerAt, 4)) === 'PE\0\0'
  return isImage ? undefined : `carrier payload: no PE image at ${libraryAt}, where its library should be`
}

/** Reads a blob that `misfit` has nothing against. */
export async function readCarrierBlob(blob: EncryptedBlob, bootstrap: Bootstrap): Promise<CarrierBlob | Refusal> {
  const size = libraryLength(blob, bootstrap)
  const library = boundedFile({
    size,
    read: async (offset, length) => plain(blob, bootstrap.libraryAt + offset, Math.min(length, size - offset)),
  })
  const image = await readPe(library)
  if (isRefusal(image)) return refuse(`carrier payload: its library at ${bootstrap.libraryAt}: ${image.problem}`)
  const exports = await readPeExports(library, image)
  const decrypted = plain(blob, 0, blob.data.length)
  const parts = partsOf(decrypted, bootstrap, size)
  const end = Math.max(...parts.map((part) => part.offset + part.length))
  return {
    sha256: sha256(decrypted),
    parts,
    fields: {
      bootstrap: hexText(decrypted.subarray(0, Math.min(parts[0]?.length ?? 0, maxShown))),
      ...(bootstrap.flags !== undefined && { flags: bootstrap.flags }),
      ...exportFields(bootstrap, exports),
      ...libraryFields(image, exports),
      ...userFields(decrypted, bootstrap),
      trailing: decrypted.length - end,
    },
  }
}

function plain({ data, stream }: EncryptedBlob, offset: number, length: number): Uint8Array {
  return combined(data.subarray(offset, offset + length), stream.subarray(offset))
}

/** The library runs to the user data, or to the end when that lies elsewhere. */
function libraryLength(blob: EncryptedBlob, { libraryAt, userDataAt }: Bootstrap): number {
  return (userDataAt > libraryAt ? userDataAt : blob.data.length) - libraryAt
}

function partsOf(decrypted: Uint8Array, bootstrap: Bootstrap, size: number): PayloadPart[] {
  const { libraryAt, userDataAt, userDataLength, loaderAt = libraryAt } = bootstrap
  // Behind the call stand a few instructions that restore the stack, then the loader it leads to.
  const split = loaderAt > bootstrapStart.length && loaderAt < libraryAt ? loaderAt : libraryAt
  const extents = [
    { name: 'bootstrap', offset: 0, length: split },
    { name: 'loader', offset: split, length: libraryAt - split },
    { name: 'library', offset: libraryAt, length: size },
    { name: 'user_data', offset: userDataAt, length: userDataLength },
  ]
  return extents
    .filter(({ length }) => length > 0)
    .map((part) => ({ ...part, sha256: sha256(decrypted.subarray(part.offset, part.offset + part.length)) }))
}

/** The export that the loader calls, by the hash of its name. */
function exportFields({ exportHash: hash }: Bootstrap, exports: readonly string[]): Fields {
  const name = [...exports, publishedExport].find((one) => exportHash(one) === hash)
  return {
    export_hash: `0x${hash.toString(16).padStart(8, '0')}`,
    ...(name !== undefined && { export: name, export_in_library: exports.includes(name) }),
  }
}

function libraryFields(image: PeImage, exports: readonly string[]): Fields {
  return {
    library_machine: `0x${image.machine.toString(16).padStart(4, '0')}`,
    library_timestamp: image.timestamp,
    library_is_dll: image.isDll,
    library_exports: exports.length,
  }
}

/** Text as text, without the NUL that ends it; anything else as hex. */
function userFields(decrypted: Uint8Array, { userDataAt, userDataLength }: Bootstrap): Fields {
  const data = decrypted.subarray(userDataAt, userDataAt + userDataLength)
  const text = looksLikeText(data)
    ? utf8Text(data).replaceAll('\0', '').slice(0, maxText)
    : `0x${hexText(data.subarray(0, maxText / 2))}`
  return { user_data: text, user_data_length: userDataLength }
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
