/** The outside of a bundle: every byte of it counts, and only Ed25519 keys that mean something are keys. */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorCode, HunterError } from '../../../../extension/domain/errors.ts'
import {
  joinBundle,
  maxBundleBytes,
  signedBytes,
  splitBundle,
} from '../../../../extension/indicators/bundle/container.ts'
import { publicKeyOf, readPrivateKey, readPublicKey, unfitPoint } from '../../../../extension/indicators/bundle/keys.ts'
import { type OpenedBundle, openBundle, signers } from '../../../../extension/indicators/bundle/open-bundle.ts'
import type { Trust } from '../../../../extension/indicators/bundle/trust.ts'
import { bundleNow, bundleOf, newSigner, payloadOf, type Signer } from '../../../support/bundles.ts'

const acme = newSigner()
const other = newSigner()
const bytes = bundleOf(payloadOf(7), acme)

function trusting(...some: readonly Signer[]): Trust {
  const keys = some.map(({ key }) => ({ ...publicKeyOf(key), name: 'acme' }))
  return { keys: new Map(keys.map((key) => [key.id, key])), problems: [] }
}

async function open(given: Uint8Array, trust = trusting(acme)): Promise<OpenedBundle> {
  return await openBundle(given, { file: 'x.bundle', trust, now: bundleNow })
}

function refusal(work: () => unknown): ErrorCode | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as HunterError).code
  }
}

const verified = (given: Uint8Array, trust = trusting(acme)) =>
  signers(splitBundle(given, 'x.bundle'), trust, 'x.bundle')

describe('a bundle', () => {
  it('is opened when a trusted key signed it', async () => {
    const { content, signedBy, sha256 } = await open(bytes)
    expect(content).toMatchObject({ name: 'acme', version: 7, created: Date.UTC(2026, 10, 1) / 1000 })
    expect(content.sets.map((set) => set.indicators.map((one) => one.id))).toEqual([['acme/new/1']])
    expect(Object.isFrozen(content.sets[0])).toBe(true)
    expect(signedBy.map(({ id }) => id)).toEqual([acme.id])
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is refused with any byte of it changed in the lowest bit, the highest, or the one that makes letters large', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0, 5, 7]) {
        const changed = Uint8Array.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(refusal(() => verified(changed))).toMatch(/^bundle_(damaged|signature|unknown_key|too_new)$/)
      }
    }
  })

  it('is refused with any byte of it exchanged for any other, also when several trusted keys signed', () => {
    const both = bundleOf(payloadOf(7), acme, other)
    fc.assert(
      fc.property(fc.nat(both.length - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const changed = Uint8Array.from(both)
        changed[at] = (changed[at] ?? 0) ^ difference
        expect(refusal(() => verified(changed, trusting(acme, other)))).toMatch(/^bundle_/)
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused cut off at any length', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(() => verified(bytes.subarray(0, length)))).toBe('bundle_damaged')
    }
  })

  it('is refused with anything behind it', () => {
    expect(refusal(() => verified(Buffer.concat([bytes, Buffer.from('\n')])))).toBe('bundle_damaged')
  })

  it('is refused when no key that signed it is trusted, whatever is in it', async () => {
    await expect(open(bytes, trusting(other))).rejects.toMatchObject({ code: 'bundle_unknown_key' })
    await expect(open(bundleOf('not even JSON', acme), trusting(other))).rejects.toMatchObject({
      code: 'bundle_unknown_key',
    })
  })

  it('needs one of its keys to be trusted, and no trusted one to be wrong', async () => {
    const both = bundleOf(payloadOf(7), acme, other)
    expect((await open(both, trusting(other))).signedBy).toHaveLength(1)
    const { signatures, payload } = splitBundle(both, 'x')
    const forged = signatures.map((one) => (one.keyId === acme.id ? { ...one, signature: Buffer.alloc(64) } : one))
    const mixed = joinBundle({ signatures: forged, payload })
    await expect(open(mixed, trusting(acme, other))).rejects.toMatchObject({ code: 'bundle_signature' })
  })

  it('is refused with a signature over the bare payload: what is signed says what it is', async () => {
    const { payload } = splitBundle(bytes, 'x')
    expect(
      Buffer.from(signedBytes([acme.id], payload))
        .subarray(0, 24)
        .toString(),
    ).toBe('threecx-hunter indicator')
    const bare = joinBundle({ signatures: [{ keyId: acme.id, signature: sign(null, payload, acme.key) }], payload })
    await expect(open(bare)).rejects.toMatchObject({ code: 'bundle_signature' })
  })

  it('is refused above its largest size before anything of it is looked at', () => {
    expect(refusal(() => splitBundle(new Uint8Array(maxBundleBytes + 1), 'x'))).toBe('bundle_too_large')
  })

  it.each([
    ['of a later format', 'threecx-indicator-bundle 2\nwhatever', 'bundle_too_new'],
    ['that is something else', 'PK\u0003\u0004', 'bundle_damaged'],
    ['that is empty', '', 'bundle_damaged'],
    ['without signatures', 'threecx-indicator-bundle 1\npayload 2\n\n{}', 'bundle_damaged'],
    ['with a length that is written twice as long', 'threecx-indicator-bundle 1\npayload 02\n\n{}', 'bundle_damaged'],
  ])('%s is refused by name', (_, text, code) => {
    expect(refusal(() => splitBundle(Buffer.from(text, 'latin1'), 'x'))).toBe(code)
  })

  it('with one key twice, or keys out of order, is refused', () => {
    const { signatures, payload } = splitBundle(bundleOf(payloadOf(1), acme, other), 'x')
    const [one] = signatures
    if (!one) throw new Error('no signature')
    expect(refusal(() => splitBundle(joinBundle({ signatures: [one, one], payload }), 'x'))).toBe('bundle_damaged')
    const text = Buffer.from(joinBundle({ signatures, payload })).toString('latin1').split('\n')
    const turned = [text[0], text[1], text[3], text[2], ...text.slice(4)].join('\n')
    expect(refusal(() => splitBundle(Buffer.from(turned, 'latin1'), 'x'))).toBe('bundle_damaged')
  })
})

describe('a key', () => {
  it('is read from the PEM that openssl writes', () => {
    expect(readPublicKey(acme.publicPem, 'a.pub').id).toBe(acme.id)
    expect(readPublicKey(acme.publicPem.replaceAll('\n', '\r\n'), 'a.pub').id).toBe(acme.id)
  })

  it.each([
    ['a private key', acme.privatePem],
    ['nothing', ''],
    ['two keys', acme.publicPem + other.publicPem],
    [
      'a key of another kind',
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    ['text around it', `# mine\n${acme.publicPem}`],
  ])('is not %s', (_, text) => {
    expect(refusal(() => readPublicKey(text, 'a.pub'))).toBe('trust_unusable')
  })

  it('that signs is an Ed25519 one without a passphrase', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(createPrivateKey(pem).asymmetricKeyType).toBe('ec')
    expect(refusal(() => readPrivateKey(pem, 'a.key'))).toBe('trust_unusable')
    expect(refusal(() => readPrivateKey('nothing', 'a.key'))).toBe('trust_unusable')
  })

  it('of small order, with which anybody can sign, is refused, and so are second spellings', () => {
    const p = 2n ** 255n - 19n
    const inverse = (n: bigint) => power(n, p - 2n, p)
    const d = (((-121665n * inverse(121666n)) % p) + p) % p
    // points of order 8 double to one with y = 0: d y^4 + 2 y^2 - 1 = 0
    const y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n
    const ofOrder8 = [y8, p - y8]
    for (const y of ofOrder8) expect((d * y ** 4n + 2n * y ** 2n - 1n) % p).toBe(0n)
    for (const y of [0n, 1n, p - 1n, p, p + 1n, ...ofOrder8]) {
      for (const bit of [0n, 1n]) {
        const raw = Buffer.from((y | (bit << 255n)).toString(16).padStart(64, '0'), 'hex').reverse()
        expect(unfitPoint(raw)).toBeDefined()
        const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
        const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`
        expect(refusal(() => readPublicKey(pem, 'a.pub'))).toBe('trust_unusable')
      }
    }
  })
})

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let [b, e] = [base % modulus, exponent]; e > 0n; b = (b * b) % modulus, e >>= 1n) {
    if (e & 1n) result = (result * b) % modulus
  }
  return result
}
