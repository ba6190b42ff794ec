/**
 * The signer named in a PKCS#7 signature: common name and serial number of its certificate.
 *
 * Follows SignedData to the first SignerInfo, and its issuer and serial number to the certificate among those enclosed.
 * Nothing is verified: neither signature nor chain nor dates. Counter-signatures and nested signatures are not read.
 * https://www.rfc-editor.org/rfc/rfc2315 (PKCS#7), https://www.rfc-editor.org/rfc/rfc5280 (certificates)
 */
import { hexText, utf8Text, utf16Text } from './bytes.ts'
import { type DerElement, derBody, derChildren, derElement, derHeader, derTags, sameBytes } from './der.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Who signed, as the certificate says. */
export interface Signer {
  /** Common name of the subject; absent when it has none. */
  readonly commonName?: string
  /** Serial number, upper-case hex, as encoded. */
  readonly serial: string
}

/** 1.2.840.113549.1.7.2, signedData. */
const signedData = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02)
/** 2.5.4.3, commonName. */
const commonName = Uint8Array.of(0x55, 0x04, 0x03)
/** X.509 allows 64 characters and 20 octets; some issuers use more. */
const maxName = 256
const maxSerial = 64

/** Bytes from which `signatureEnd` tells how long a signature is: two DER headers and the identifier of its content. */
export const signatureHead = 6 + 2 + signedData.length

/** Where the signature that begins at `at` ends, by its own header; undefined when none begins there. */
export function signatureEnd(data: Uint8Array, at: number): number | undefined {
  const outer = derHeader(data, at)
  const contentType = outer?.tag === derTags.sequence ? derElement(data, outer.body) : undefined
  if (contentType?.tag !== derTags.objectId || !sameBytes(derBody(data, contentType), signedData)) return undefined
  return outer?.end
}

/** Reads the signer out of a ContentInfo. */
export function pkcs7Signer(der: Uint8Array): Signer | Refusal {
  const outer = derElement(der, 0)
  const [contentType, content] = outer?.tag === derTags.sequence ? derChildren(der, outer) : []
  if (contentType?.tag !== derTags.objectId || !sameBytes(derBody(der, contentType), signedData)) {
    return refuse('not a PKCS#7 signature: its content type is not signedData')
  }
  const parts = content && derElement(der, content.body, content.end)
  const fields = parts ? derChildren(der, parts) : []
  const certificates = fields.find((field, index) => index >= 3 && field.tag === derTags.context0)
  const signerInfos = fields.findLast((field, index) => index >= 3 && field.tag === derTags.set)
  const signerInfo = signerInfos && derChildren(der, signerInfos)[0]
  const identity = signerInfo && derChildren(der, signerInfo)[1]
  const [issuer, serial] = identity ? derChildren(der, identity) : []
  if (!issuer || serial?.tag !== derTags.integer) return refuse('damaged PKCS#7 signature: it names no signer')
  const certificate = certificates && findCertificate(der, certificates, issuer, serial)
  const name = certificate && subjectName(der, certificate)
  return {
    ...(name !== undefined && { commonName: name }),
    serial: hexText(derBody(der, serial).subarray(0, maxSerial)).toUpperCase(),
  }
}

/** The fields of the TBSCertificate with this issuer and serial number, from the serial number on. */
function findCertificate(
  der: Uint8Array,
  certificates: DerElement,
  issuer: DerElement,
  serial: DerElement,
): DerElement[] | undefined {
  for (const certificate of derChildren(der, certificates)) {
    const tbs = derElement(der, certificate.body, certificate.end)
    const all = tbs ? derChildren(der, tbs) : []
    // The version, [0], is left out of version 1 certificates.
    const fields = all[0]?.tag === derTags.context0 ? all.slice(1) : all
    const [itsSerial, , itsIssuer] = fields
    if (!itsSerial || !itsIssuer) continue
    const isSame = sameBytes(derBody(der, itsSerial), derBody(der, serial))
    if (isSame && sameBytes(derBody(der, itsIssuer), derBody(der, issuer))) return fields
  }
  return undefined
}

/** serialNumber, signature, issuer, validity, subject: the last common name of the fifth. */
function subjectName(der: Uint8Array, fields: readonly DerElement[]): string | undefined {
  const subject = fields[4]
  const attributes = subject
    ? derChildren(der, subject).flatMap((set) => derChildren(der, set).map((one) => derChildren(der, one)))
    : []
  const [, value] = attributes.findLast(([type]) => type && sameBytes(derBody(der, type), commonName)) ?? []
  return value && directoryString(value.tag, derBody(der, value))
}

/** Text of a DirectoryString: BMPString is UTF-16, the others read as UTF-8 for the names that matter here. */
function directoryString(tag: number, body: Uint8Array): string {
  const text = tag === 0x1e ? utf16Text(body.subarray(0, maxName * 2), false) : utf8Text(body.subarray(0, maxName))
  return text.replaceAll('\0', '')
}
