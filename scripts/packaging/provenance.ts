/**
 * Where artefacts come from, as an in-toto statement with SLSA's provenance.
 *
 * It says which commit, which lock files and which runtime went in, and the digest of everything that came out. It is
 * not signed here: what signs it (a release workflow's attestation, cosign, gpg) vouches for it. Without a signature it
 * is a note.
 * https://slsa.dev/spec/v1.0/provenance, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 */
import type { Contents } from './contents.ts'

/** Something with digests, by in-toto's names. */
export interface Resource {
  readonly name?: string
  readonly uri?: string
  readonly digest: Readonly<Record<string, string>>
}

/** What is known of a build. */
export interface BuildFacts {
  /** Artefacts: names and SHA-256. */
  readonly subjects: readonly { readonly name: string; readonly sha256: string }[]
  /** Lists of contents of the executables that were built. */
  readonly executables: readonly Contents[]
  readonly commit: string
  /** Whether files differ from the commit. */
  readonly isChanged: boolean
  /** Lock files: paths in the repository and SHA-256. */
  readonly locks: readonly { readonly path: string; readonly sha256: string }[]
  /** Where the commit can be had, such as git+https://host/owner/name. */
  readonly source: string
  /** Who built, as a URI. */
  readonly builder: string
  /** Which run of the builder, as a URI. */
  readonly invocation: string | undefined
}

/** Kind of build: what `npm ci`, `npm run build:ext` and `npm run package` do with a commit. */
const buildType = 'urn:threecx-hunter:build:v1'

/** The statement. */
export function statementOf(facts: BuildFacts) {
  const { subjects, executables, commit, isChanged, locks, source, builder, invocation } = facts
  const runtimes = new Map(executables.map(({ node }) => [node.package, node]))
  const dependencies: Resource[] = [
    { uri: source, digest: { gitCommit: commit } },
    ...locks.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    ...[...runtimes.values()]
      .map((node) => ({ uri: `pkg:npm/${node.package}@${node.version}`, digest: digestOf(node.integrity) }))
      .sort((a, b) => (a.uri < b.uri ? -1 : 1)),
  ]
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [...subjects]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          source,
          platforms: [...new Set(executables.map((one) => one.platform))].sort(),
        },
        internalParameters: { sourceTree: isChanged ? 'changed' : 'clean' },
        resolvedDependencies: dependencies,
      },
      runDetails: {
        builder: { id: builder },
        ...(invocation === undefined ? {} : { metadata: { invocationId: invocation } }),
      },
    },
  }
}

/** A digest of npm's form, as in-toto has it. */
function digestOf(integrity: string): Readonly<Record<string, string>> {
  const [algorithm = '', digest = ''] = integrity.split('-', 2)
  return { [algorithm]: Buffer.from(digest, 'base64').toString('hex') }
}
