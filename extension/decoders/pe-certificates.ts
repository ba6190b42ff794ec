/**
 * The certificate table of a PE image: every entry, who signed first, and the bytes that belong to no signature.
 *
 * Authenticode does not hash this table, so data put inside it leaves the signature valid (CVE-2013-3900); the carrier
 * `d3dcompiler_47.dll` has 277 KB there under Microsoft's signature. A signature is believed as long as its own header
 * says; everything from its end to the next entry is surplus. Data kept inside a signature, in attributes that it does
 * not cover, is not looked for. What the surplus is, is for another decoder.
 * https://learn.microsoft.com/windows/win32/debug/pe-format#the-attribute-certificate-table-image-only
 */
import type { BoundedFile } from './bounded-file.ts'
import { alignUp, Bytes } from './bytes.ts'
import type { Extent, PeImage } from './pe.ts'
import { pkcs7Signer, signatureEnd, signatureHead } from './pkcs7.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** One WIN_CERTIFICATE, or what stands where one should begin. */
export interface CertificateEntry {
  /** Of its header, in the file. */
  readonly offset: number
  /** As it says, header included; below 8, or beyond the table, when it is none. */
  readonly declared: number
  /** Bytes of its PKCS#7 signature; 0 when it has none. */
  readonly signature: number
  /** From the end of the signature to the next entry or the end of the table; 0 to 7 zeros in a genuine table. */
  readonly surplus: Extent
}

/** What a certificate table holds. */
export interface PeCertificates {
  readonly entries: readonly CertificateEntry[]
  /** Bytes of surplus of all entries. */
  readonly padding: number
  /** Bytes between the end of the table and the end of the file; 0 in a genuine file. */
  readonly overlay: number
  /** Bytes at the end of the table whose entries were not read: there are too many. Absent when all were. */
  readonly unread?: number
  /** Common name of the first signer, where it can be read. */
  readonly signer?: string
  /** Serial number of the first signer's certificate, upper-case hex. */
  readonly serial?: string
}

/** Signed files have one entry, rarely two. The smallest take 8 bytes, so that these fill half a mebibyte. */
const maxEntries = 65_536
/** Signatures with long chains and nested signatures reach some 30 KB. */
const maxSignature = 512 << 10
const headerLength = 8
/** Header and the beginning of a signature. */
const entryHead = headerLength + signatureHead
/** Entries that lie closer together than this are read together. */
const nearby = 64 << 10

/** Reads the table; undefined when the image has none. */
export async function readPeCertificates(
  file: BoundedFile,
  image: PeImage,
): Promise<PeCertificates | Refusal | undefined> {
  const table = image.certificates
  if (!table) return undefined
  const end = table.offset + table.size
  if (end > file.size) {
    return refuse(
      `damaged PE image: the certificate table lies outside the file: it ends at ${end}, the file at ${file.size}`,
    )
  }
  const entries: CertificateEntry[] = []
  const headAt = headReader(file, end)
  let at = table.offset
  while (at < end && entries.length < maxEntries) {
    const head = await headAt(at)
    if (!head) break
    const entry = readEntry(head, at, end)
    entries.push(entry)
    at = entry.surplus.offset + entry.surplus.size
  }
  if (entries.length === 0) return refuse('damaged PE image: the certificate table could not be read')
  return {
    entries,
    padding: entries.reduce((sum, entry) => sum + entry.surplus.size, 0),
    overlay: file.size - end,
    ...(at < end && { unread: end - at }),
    ...(await firstSigner(file, entries)),
  }
}

/** The entry at `at`, from its first bytes. What is no entry is surplus to the end of the table, for there is no next. */
function readEntry(head: Uint8Array, at: number, tableEnd: number): CertificateEntry {
  const declared = new Bytes(head).u32(0) ?? 0
  const isEntry = declared >= headerLength && at + declared <= tableEnd
  const limit = isEntry ? at + declared : tableEnd
  const next = Math.min(isEntry ? at + alignUp(declared, 8) : tableEnd, tableEnd)
  const claimed = at + (signatureEnd(head, headerLength) ?? Number.POSITIVE_INFINITY)
  const isSigned = claimed <= limit
  const from = isSigned ? claimed : isEntry ? at + headerLength : at
  return {
    offset: at,
    declared,
    signature: isSigned ? claimed - at - headerLength : 0,
    surplus: { offset: from, size: next - from },
  }
}

/** Reads the beginnings of entries in ascending order: one alone, or with those behind it when they are near. */
function headReader(file: BoundedFile, end: number): (at: number) => Promise<Uint8Array | undefined> {
  let window = new Uint8Array(0)
  let windowAt = Number.NEGATIVE_INFINITY
  return async (at) => {
    const wanted = Math.min(entryHead, end - at)
    if (at + wanted > windowAt + window.length) {
      const read = await file.read(at, at - windowAt < nearby ? Math.min(nearby, end - at) : wanted)
      if (!read) return undefined
      window = new Uint8Array(read)
      windowAt = at
    }
    return window.subarray(at - windowAt, at - windowAt + wanted)
  }
}

async function firstSigner(file: BoundedFile, entries: readonly CertificateEntry[]) {
  const signed = entries.find((entry) => entry.signature > 0 && entry.signature <= maxSignature)
  const der = signed && (await file.read(signed.offset + headerLength, signed.signature))
  const signer = der && pkcs7Signer(der)
  if (!signer || isRefusal(signer)) return undefined
  return { ...(signer.commonName !== undefined && { signer: signer.commonName }), serial: signer.serial }
}
