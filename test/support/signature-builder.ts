/**
 * PKCS#7 signatures in shape only: certificates with the right names and serial numbers, keys and signatures of noise.
 *
 * Readers that do not verify find the signer; nothing that verifies would accept one.
 * https://www.rfc-editor.org/rfc/rfc2315
 */
import { be, join } from './byte-writer.ts'
import { noise } from './noise.ts'

/** Who the signature shall name. */
export interface SignerShape {
  readonly commonName: string
  /** Hex digits. */
  readonly serial: string
  readonly issuer?: string
}

/** One DER element. */
export function der(tag: number, ...contents: readonly (Uint8Array | string)[]): Uint8Array {
  const body = join(...contents)
  const width = body.length < 0x80 ? 0 : body.length < 0x100 ? 1 : body.length < 0x1_0000 ? 2 : 3
  const length = width === 0 ? be(body.length, 1) : join(be(0x80 + width, 1), be(body.length, width))
  return join(be(tag, 1), length, body)
}

/** A ContentInfo with SignedData: the signer's certificate behind its issuer's, and one SignerInfo. */
export function signature(signer: SignerShape): Uint8Array {
  const issuer = signer.issuer ?? 'Synthetic Code Signing CA'
  const digest = der(0x30, objectId('608648016503040201'), der(0x05))
  const identity = der(0x30, distinguishedName(issuer), der(0x02, hex(signer.serial)))
  const signerInfo = der(0x30, der(0x02, be(1, 1)), identity, digest, digest, der(0x04, noise(signer.serial, 256)))
  const certificates = [
    certificate({ commonName: issuer, serial: '0A', issuer: 'Synthetic Root' }),
    certificate({ ...signer, issuer }),
  ]
  const signedData = der(
    0x30,
    der(0x02, be(1, 1)),
    der(0x31, digest),
    der(0x30, objectId('2a864886f70d010701')),
    der(0xa0, ...certificates),
    der(0x31, signerInfo),
  )
  return der(0x30, objectId('2a864886f70d010702'), der(0xa0, signedData))
}

function certificate({ commonName, serial, issuer }: Required<SignerShape>): Uint8Array {
  const algorithm = der(0x30, objectId('2a864886f70d01010b'), der(0x05))
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, be(2, 1))),
    der(0x02, hex(serial)),
    algorithm,
    distinguishedName(issuer),
    der(0x30, der(0x17, '220101000000Z'), der(0x17, '250101000000Z')),
    distinguishedName(commonName),
    der(0x30, algorithm, der(0x03, be(0, 1), noise(commonName, 270))),
  )
  return der(0x30, tbs, algorithm, der(0x03, be(0, 1), noise(serial, 256)))
}

function distinguishedName(commonName: string): Uint8Array {
  const attribute = (id: string, text: string) => der(0x31, der(0x30, objectId(id), der(0x0c, text)))
  return der(0x30, attribute('550406', 'XX'), attribute('55040a', 'Synthetic'), attribute('550403', commonName))
}

function objectId(body: string): Uint8Array {
  return der(0x06, hex(body))
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
