/**
 * The certificate table of a PE image: who signed it, and how many bytes hide behind the signature.
 *
 * Authenticode does not hash this table, so data appended inside it leaves the signature valid (CVE-2013-3900); the
 * carrier `d3dcompiler_47.dll` has 277 KB there under Microsoft's signature. Measured is the distance between what an
 * entry declares and what its signature takes. What the hidden bytes are is for another decoder.
 * https://learn.microsoft.com/windows/win32/debug/pe-format#the-attribute-certificate-table-image-only
 */
import type { BoundedFile } from './bounded-file.ts'
import { alignUp, Bytes } from './bytes.ts'
import { derHeader, derTags } from './der.ts'
import type { PeImage } from './pe.ts'
import { pkcs7Signer } from './pkcs7.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** What a certificate table holds. */
export interface PeCertificates {
  /** Bytes of all entries that belong to no signature; a genuine table has 0 to 7 per entry, from alignment. */
  readonly padding: number
  /** Common name of the first signer, where it can be read. */
  readonly signer?: string
  /** Serial number of the first signer's certificate, upper-case hex. */
  readonly serial?: string
}

/** WIN_CERT_TYPE_PKCS_SIGNED_DATA. */
const pkcsSignedData = 2
/** Signed files have one entry, rarely two. */
const maxEntries = 16
/** Signatures with long chains and nested signatures reach some 30 KB. */
const maxSignature = 512 << 10
const headerLength = 8

/** Reads the table; undefined when the image has none. */
export async function readPeCertificates(
  file: BoundedFile,
  image: PeImage,
): Promise<PeCertificates | Refusal | undefined> {
  const table = image.certificates
  if (!table) return undefined
  const end = table.offset + table.size
  if (end > file.size) return refuse('damaged PE image: the certificate table lies outside the file')
  let padding = 0
  let signature: Uint8Array | undefined
  let at = table.offset
  for (let count = 0; count < maxEntries && at + headerLength <= end; count++) {
    const entry = await readEntry(file, at, end)
    if (!entry) return refuse('damaged PE image: a certificate is longer than its table')
    padding += entry.length - headerLength - entry.signatureLength
    if (!signature && entry.signatureLength <= maxSignature) {
      signature = await file.read(at + headerLength, entry.signatureLength)
    }
    at += alignUp(entry.length, 8)
  }
  const signer = signature?.length ? pkcs7Signer(signature) : undefined
  if (!signer || isRefusal(signer)) return { padding }
  return {
    padding,
    ...(signer.commonName !== undefined && { signer: signer.commonName }),
    serial: signer.serial,
  }
}

/** One WIN_CERTIFICATE: its declared length, and the bytes of it that a signature takes (0 when there is none). */
async function readEntry(
  file: BoundedFile,
  at: number,
  end: number,
): Promise<{ length: number; signatureLength: number } | undefined> {
  const start = await file.read(at, Math.min(headerLength + 6, end - at))
  if (!start) return undefined
  const bytes = new Bytes(start)
  const length = bytes.u32(0) ?? 0
  if (length < headerLength || at + length > end) return undefined
  const der = bytes.u16(6) === pkcsSignedData ? derHeader(start, headerLength) : undefined
  const isWhole = der?.tag === derTags.sequence && der.end <= length
  return { length, signatureLength: isWhole ? der.end - headerLength : 0 }
}
