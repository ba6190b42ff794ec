/**
 * An artifact as the state directory keeps it: JSON that names indicators by id.
 *
 * Read back it refers to the indicators in force, so that nothing is held twice and a changed note shows at once. A
 * record that names an indicator no longer in force, or that is not of this shape, is told as such: its file is judged
 * anew.
 */
import type { Artifact } from '../domain/artifact.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Finding } from '../domain/finding.ts'
import type { Indicator } from '../domain/indicator.ts'
import type { FoundArtifact } from './artifact-list.ts'

/** Characters of a record at most; what is larger says more than any file of the attack can. */
export const maxRecordLength = 64 * 1024

/** The record of an artifact; undefined when it would be too long. */
export function recordOf({ artifact, file }: FoundArtifact): string | undefined {
  const { findings, ...rest } = artifact
  const text = JSON.stringify({
    ...rest,
    findings: findings.map(({ observable, indicator, evidence }) => [
      observable.type,
      observable.value,
      indicator.id,
      detailsOf(evidence),
    ]),
    file: { ...file, dev: `${file.dev}`, ino: `${file.ino}`, mtimeNs: `${file.mtimeNs}`, ctimeNs: `${file.ctimeNs}` },
  })
  return text.length <= maxRecordLength ? text : undefined
}

/** What `recordOf` wrote, or why it cannot be used. Throws on what it never writes. */
export function readRecord(
  text: string,
  indicators: ReadonlyMap<string, Indicator>,
): FoundArtifact & { readonly isCurrent: boolean } {
  const { findings, file, ...rest } = JSON.parse(text) as StoredArtifact
  const found = findings.flatMap(([type, value, id, details]): Finding[] => {
    const indicator = indicators.get(id)
    const observable = { type, value }
    const evidence = { path: rest.path, time: rest.mtime, ...details, observables: [observable] }
    return indicator ? [{ evidence, observable, indicator }] : []
  })
  return {
    artifact: { ...rest, platform: rest.platform, product: rest.product, findings: found },
    file: {
      ...file,
      dev: BigInt(file.dev),
      ino: BigInt(file.ino),
      mtimeNs: BigInt(file.mtimeNs),
      ctimeNs: BigInt(file.ctimeNs),
    },
    isCurrent: found.length === findings.length,
  }
}

/** What of an evidence its file does not say. */
type Details = Pick<Evidence, 'source' | 'offset' | 'length' | 'member' | 'fields'>

function detailsOf({ source, offset, length, member, fields }: Evidence): Details {
  return {
    source,
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
    ...(member !== undefined && { member }),
    ...(fields !== undefined && { fields }),
  }
}

type Big = 'dev' | 'ino' | 'mtimeNs' | 'ctimeNs'

interface StoredArtifact extends Omit<Artifact, 'findings'> {
  readonly findings: readonly (readonly [Finding['observable']['type'], string, string, Details])[]
  readonly file: Omit<FoundArtifact['file'], Big> & Readonly<Record<Big, string>>
}
