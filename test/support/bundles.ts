/**
 * Keys and indicator bundles for tests, in a directory that is thrown away.
 */
import type { KeyObject } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signBundle } from '../../extension/indicators/bundle/build.ts'
import { newKeyPair, readPrivateKey } from '../../extension/indicators/bundle/keys.ts'
import { BundleStore } from '../../extension/indicators/bundle/store.ts'
import { readTrust, type Trust } from '../../extension/indicators/bundle/trust.ts'

/** A signer: what signs, and the text hosts trust. */
export interface Signer {
  readonly id: string
  readonly key: KeyObject
  readonly privatePem: string
  readonly publicPem: string
}

/** A new signer. */
export function newSigner(): Signer {
  const pair = newKeyPair()
  return { ...pair, key: readPrivateKey(pair.privatePem, 'test.key') }
}

/** A set with one domain, or another indicator. */
export function setOf(id: string, indicator: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id,
    title: `Set ${id}`,
    source: { publisher: 'Acme', url: 'https://acme.example/', retrieved: '2026-11-28', licence: 'own' },
    indicators: [
      {
        number: 1,
        type: 'domain',
        value: 'evil.example',
        component: 'beacon',
        stage: 'c2',
        level: 'critical',
        status: 'malicious',
        ...indicator,
      },
    ],
  }
}

/** A payload that is in order, with fields exchanged. */
export function payloadOf(version: number, fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const sets = [setOf('acme/new', { value: `host-${version}.example` })]
  return { format: 1, name: 'acme', version, created: '2026-11-01T00:00:00Z', sets, rules: [], places: [], ...fields }
}

/** A signed bundle of a payload. */
export function bundleOf(payload: unknown, ...signers: readonly Signer[]): Uint8Array {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return signBundle(
    Buffer.from(text),
    signers.map(({ key }) => key),
  )
}

/** A host: a state directory and trusted keys, below a directory of its own. */
export class BundleHost {
  readonly directory = mkdtempSync(join(tmpdir(), 'threecx-bundles-'))
  readonly state = join(this.directory, 'state')
  readonly trustDirectory = join(this.directory, 'trusted-keys')
  readonly store = new BundleStore(this.state)

  constructor() {
    mkdirSync(this.trustDirectory, { mode: 0o755 })
  }

  /** Trusts a signer from now on. */
  trusts(signer: Signer, name = 'acme'): string {
    const path = join(this.trustDirectory, `${name}.pub`)
    writeFileSync(path, signer.publicPem, { mode: 0o644 })
    return path
  }

  /** What is trusted now. */
  get trust(): Trust {
    return readTrust([this.trustDirectory])
  }

  /** Writes a file of its own. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name)
    writeFileSync(path, content)
    return path
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** 28 November 2026, unix seconds: after the bundles of `payloadOf` were made. */
export const bundleNow = Date.UTC(2026, 10, 28) / 1000
