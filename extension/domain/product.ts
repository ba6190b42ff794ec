/**
 * A product: what a program file or bundle says of itself, and who signed it.
 *
 * These are claims, not facts: anyone can write them, and the affected builds carry the vendor's true names and a
 * valid signature. They tell releases apart (the version of a 3CX Desktop App), and they are shown beside a finding.
 */
import type { Platform } from './platform.ts'

/** Claims of one file. A field is absent when the file does not make the claim. */
export interface Product {
  /** The system the file is made for, whatever it was found on. */
  readonly platform: Platform
  /** ProductName of a PE file, CFBundleName of a bundle. */
  readonly product?: string
  /** As stated, digits and dots only: `18.12.416`, `18.12.416.0`. */
  readonly version?: string
  /** OriginalFilename of a PE file. */
  readonly originalFilename?: string
  /** CompanyName of a PE file. */
  readonly company?: string
  /** CFBundleIdentifier of a bundle. */
  readonly bundleId?: string
  /** Common name of the certificate that signed the file. The signature is not verified. */
  readonly signer?: string
  /** Serial number of that certificate: upper-case hex, as encoded (a leading `00` stays). */
  readonly signerSerial?: string
  /** Bytes in the certificate table that belong to no signature; a genuine file has 0 to 7. Absent when unsigned. */
  readonly certPadding?: number
}
