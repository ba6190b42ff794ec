/**
 * Rust crates that are linked into the native engine, from `cargo metadata --locked`.
 *
 * Followed from the crate that becomes the add-on, over normal dependencies of one target: what only builds, tests or
 * expands macros is not in the result. Nothing is compiled and nothing resolved anew.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { platforms } from '../build-native.mjs'
import type { Contents } from './contents.ts'

/** One crate. */
export interface Crate {
  readonly name: string
  readonly version: string
  /** SPDX expression, or empty. */
  readonly licence: string
  /** Where its sources lie on this machine. */
  readonly directory: string
  /** Whether it is ours, without a registry. */
  readonly isOurs: boolean
  /** SHA-256 of the package in the registry, from Cargo.lock. */
  readonly checksum: string | undefined
  /** Names and versions of the crates it is linked with, as `name@version`. */
  readonly uses: readonly string[]
}

interface Metadata {
  readonly packages: readonly {
    readonly id: string
    readonly name: string
    readonly version: string
    readonly license: string | null
    readonly manifest_path: string
    readonly source: string | null
    readonly targets: readonly { readonly kind: readonly string[] }[]
  }[]
  readonly resolve: {
    readonly nodes: readonly {
      readonly id: string
      readonly deps: readonly {
        readonly pkg: string
        readonly dep_kinds: readonly { readonly kind: string | null }[]
      }[]
    }[]
  }
}

/** Crates of the add-on for a Rust target, sorted. `root` is the repository. Throws when cargo cannot say. */
export function linkedCrates(triple: string, root: string, checksums: ReadonlyMap<string, string>): readonly Crate[] {
  const manifest = join(root, 'extension', 'native', 'Cargo.toml')
  const args = [
    'metadata',
    '--locked',
    '--format-version',
    '1',
    '--filter-platform',
    triple,
    '--manifest-path',
    manifest,
  ]
  const ended = spawnSync('cargo', args, { encoding: 'utf8', maxBuffer: 2 ** 27, timeout: 300_000 })
  if (ended.status !== 0) {
    const why = (ended.error?.message ?? ended.stderr).trim()
    throw new Error(`cargo metadata cannot list the crates of the native engine: ${why}`)
  }
  return cratesOf(JSON.parse(ended.stdout) as Metadata, checksums)
}

/** Kinds of targets whose code ends in the add-on; macros are programs of the compiler. */
const libraries = ['lib', 'rlib', 'dylib', 'cdylib', 'staticlib']

/** Crates in the answer of cargo. */
export function cratesOf({ packages, resolve }: Metadata, checksums: ReadonlyMap<string, string>): readonly Crate[] {
  const byId = new Map(packages.map((one) => [one.id, one]))
  const isLinked = (id: string) => byId.get(id)?.targets.some(({ kind }) => kind.some((one) => libraries.includes(one)))
  const uses = new Map(
    resolve.nodes.map(({ id, deps }) => [
      id,
      deps
        .filter(({ pkg, dep_kinds }) => dep_kinds.some(({ kind }) => kind === null) && isLinked(pkg))
        .map(({ pkg }) => pkg),
    ]),
  )
  const root = packages.find((one) => one.name === 'binding' && one.source === null)
  if (root === undefined)
    throw new Error('cargo metadata names no crate binding; expected the add-on of extension/native')
  const reached = new Set([root.id])
  for (const id of reached) for (const next of uses.get(id) ?? []) reached.add(next)
  const label = (id: string) => `${byId.get(id)?.name}@${byId.get(id)?.version}`
  return [...reached]
    .flatMap((id) => byId.get(id) ?? [])
    .map((one) => ({
      name: one.name,
      version: one.version,
      licence: one.license ?? '',
      directory: dirname(one.manifest_path),
      isOurs: one.source === null,
      checksum: checksums.get(`${one.name}@${one.version}`),
      uses: (uses.get(one.id) ?? []).map(label).sort(),
    }))
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
}

/** Checksums in the text of a Cargo.lock, by `name@version`. */
export function checksumsOf(lock: string): ReadonlyMap<string, string> {
  const found = lock.matchAll(
    /\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"\n(?:source = "[^"]+"\n)?(?:checksum = "([0-9a-f]{64})"\n)?/g,
  )
  return new Map(
    [...found].flatMap(([, name, version, checksum]) => (checksum ? [[`${name}@${version}`, checksum]] : [])),
  )
}

/** Crates inside an executable: none where the native engine is not. */
export function cratesOfAddon(contents: Contents, root: string): readonly Crate[] {
  if (!contents.engines.includes('native')) return []
  const [triple] = [...platforms].find(([, platform]) => platform === contents.platform) ?? []
  if (triple === undefined) throw new Error(`no Rust target is known for ${contents.platform}`)
  const lock = readFileSync(join(root, 'extension', 'native', 'Cargo.lock'), 'utf8')
  return linkedCrates(triple, root, checksumsOf(lock))
}
