/**
 * What is inside the executable, as a CycloneDX document: npm packages, Rust crates, the Node runtime and its parts.
 *
 * npm's own `npm sbom` describes the packages from the lock file; of them those are kept whose code is really in the
 * file, by the list that the build left. Serial number and time are taken from what is described, so the same file gives
 * the same document.
 * https://cyclonedx.org/docs/1.5/json/
 */
import { createHash } from 'node:crypto'
import packageFile from '../../package.json' with { type: 'json' }
import type { BundledPackage, Contents } from './contents.ts'
import type { Crate } from './crates.ts'

/** A component of CycloneDX, as far as we write it. */
export interface Component {
  readonly 'bom-ref': string
  readonly type: 'application' | 'library' | 'framework' | 'platform'
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly purl?: string
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  readonly licenses?: readonly unknown[]
  readonly scope?: string
  readonly components?: readonly Component[]
}

/** What a component needs. */
export interface Dependency {
  readonly ref: string
  readonly dependsOn: readonly string[]
}

/** The document that `npm sbom` prints. */
export interface NpmBill {
  readonly components: readonly (Component & Readonly<Record<string, unknown>>)[]
  readonly dependencies: readonly Dependency[]
}

/** A document. */
export interface Bill {
  readonly $schema: string
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.5'
  readonly serialNumber: string
  readonly version: 1
  readonly metadata: Readonly<Record<string, unknown>>
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
}

/** What is described. */
export interface Described {
  readonly contents: Contents
  /** SHA-256 of the executable. */
  readonly sha256: string
  readonly npm: NpmBill
  readonly crates: readonly Crate[]
  /** Versions of the parts of Node, as `process.versions`, where the runtime could be asked. */
  readonly nodeParts: Readonly<Record<string, string | undefined>>
  /** Unix seconds. */
  readonly epoch: number
}

/** Describes an executable. Throws when a package is inside of which npm knows nothing. */
export function billOf({ contents, sha256, npm, crates, nodeParts, epoch }: Described): Bill {
  const root = `${packageFile.name}@${contents.version}`
  const packages = [...contents.packages.map((one) => packageOf(one, npm)), ...workspacesOf(npm)]
  const runtime = runtimeOf(contents, nodeParts)
  const linked = crates.map(crateOf)
  const components = [...packages, runtime, ...linked].sort(byRef)
  const known = new Set(components.map((one) => one['bom-ref']))
  const binding = crates.find((one) => one.isOurs && one.name === 'binding')
  const direct = npm.dependencies.find(({ ref }) => ref === root)?.dependsOn ?? []
  const top = [...packages.map(ref).filter((one) => direct.includes(one)), runtime['bom-ref']]
  const dependencies = [
    { ref: root, dependsOn: [...top, ...(binding ? [crateRef(binding)] : [])] },
    ...npm.dependencies.filter(({ ref }) => ref !== root),
    { ref: runtime['bom-ref'], dependsOn: [] },
    ...crates.map((one) => ({ ref: crateRef(one), dependsOn: one.uses.map((name) => `crate:${name}`) })),
  ]
  const body = {
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      lifecycles: [{ phase: 'build' }],
      component: {
        'bom-ref': root,
        type: 'application' as const,
        name: packageFile.name,
        version: contents.version,
        description: packageFile.description,
        purl: `pkg:npm/${packageFile.name}@${contents.version}`,
        hashes: [{ alg: 'SHA-256', content: sha256 }],
        licenses: licence(packageFile.license),
        properties: [{ name: 'threecx-hunter:platform', value: contents.platform }],
      },
    },
    components,
    dependencies: dependencies
      .filter(({ ref }) => ref === root || known.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: [...new Set(dependsOn)].filter((one) => known.has(one)).sort() }))
      .sort((a, b) => (a.ref < b.ref ? -1 : 1)),
  }
  const serial = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuidOf(serial)}`,
    version: 1,
    ...body,
  }
}

function packageOf({ name, version, integrity }: BundledPackage, npm: NpmBill): Component {
  const wanted = `${name}@${version}`
  const found = npm.components.find((one) => one['bom-ref'] === wanted)
  if (found === undefined) throw new Error(`${wanted} is in the executable, and npm sbom names no such package`)
  return { ...plain(found), name, hashes: [hashOf(integrity)] }
}

/** Our own packages of the workspace. Their code is in the file, though no list of packages names it. */
function workspacesOf(npm: NpmBill): Component[] {
  const own = ['@threecx-hunter/cli', 'osquery-extension-sdk']
  return own.flatMap((name) => {
    const found = npm.components.find((one) => one['bom-ref'].replace(/@[^@]*$/, '') === name)
    return found === undefined ? [] : [{ ...plain(found), name }]
  })
}

/** The fields that say something; npm also writes empty lists and where the package lies. */
function plain(found: Component): Component {
  const { type, version, description, purl, licenses } = found
  return {
    'bom-ref': found['bom-ref'],
    type,
    name: found.name,
    version,
    ...(description === undefined ? {} : { description }),
    ...(purl === undefined ? {} : { purl }),
    ...(licenses === undefined || licenses.length === 0 ? {} : { licenses }),
  }
}

/** Node, with what it was built of below it: those who look for a faulty OpenSSL find it. */
function runtimeOf({ node }: Contents, parts: Described['nodeParts']): Component {
  const own = `node@${node.version}`
  const inside = Object.entries(parts).flatMap(([name, version]) =>
    version === undefined || name === 'node'
      ? []
      : [{ 'bom-ref': `${own}/${name}`, type: 'library' as const, name, version }],
  )
  return {
    'bom-ref': own,
    type: 'platform',
    name: 'node',
    version: node.version,
    description: 'Node.js, the runtime inside the executable',
    purl: `pkg:npm/${node.package}@${node.version}`,
    hashes: [hashOf(node.integrity)],
    ...(inside.length > 0 ? { components: inside.sort(byRef) } : {}),
  }
}

function crateOf(crate: Crate): Component {
  const { name, version, licence: expression, checksum, isOurs } = crate
  return {
    'bom-ref': crateRef(crate),
    type: 'library',
    name,
    version,
    ...(isOurs ? {} : { purl: `pkg:cargo/${name}@${encodeURIComponent(version)}` }),
    ...(checksum === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: checksum }] }),
    ...(expression === '' ? {} : { licenses: licence(expression) }),
  }
}

function crateRef({ name, version }: Crate): string {
  return `crate:${name}@${version}`
}

/** An SPDX expression. Older crates write a slash for OR. */
function licence(expression: string): unknown[] {
  return [{ expression: expression.replaceAll('/', ' OR ') }]
}

function hashOf(integrity: string): { alg: string; content: string } {
  const [algorithm = '', digest = ''] = integrity.split('-', 2)
  const alg = { sha512: 'SHA-512', sha256: 'SHA-256', sha1: 'SHA-1' }[algorithm]
  if (alg === undefined) throw new Error(`integrity is ${JSON.stringify(integrity)}; expected sha512, sha256 or sha1`)
  return { alg, content: Buffer.from(digest, 'base64').toString('hex') }
}

function ref(component: Component): string {
  return component['bom-ref']
}

function byRef(a: Component, b: Component): number {
  return a['bom-ref'] < b['bom-ref'] ? -1 : 1
}

/** A UUID of version 5's form from a digest. */
function uuidOf(hex: string): string {
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}
