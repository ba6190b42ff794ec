/**
 * `threecx_artifacts`: the files that an indicator points at.
 *
 * Without a constraint on `path` or `directory` it answers for the places where 3CX lives (or for the whole tree, when
 * the hunt was started so). With one it answers for exactly those files, wherever they are. A digest that an indicator
 * names is sought everywhere below the root. Known clean neighbours are shown only to a query that constrains `verdict`
 * and admits them.
 */
import { type Artifact, matchedBy, whyArtifact } from '../domain/artifact.ts'
import { stageOf } from '../domain/attack-progress.ts'
import { detectionOf } from '../domain/detection.ts'
import { type Finding, verdictOf } from '../domain/finding.ts'
import { type DigestAlgorithm, digestAlgorithms } from '../domain/observable.ts'
import { splitPath } from '../domain/path-text.ts'
import { bigint, defineTable, text } from '../sdk/index.ts'
import { namedFiles } from './path-constraints.ts'
import type { HuntServices } from './services.ts'

/** One row per file. */
export const threecxArtifacts = defineTable({
  name: 'threecx_artifacts',
  description: 'Files that an indicator, a rule or a structural check points at, with the reasons.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    path: text('Path on this machine; bytes that are not UTF-8 are written \\xhh', { index: true, optimized: true }),
    directory: text('Directory of the file', { index: true, optimized: true }),
    filename: text('Name without directories'),
    image_path: text('Path as the examined system names it, C:\\Users\\... inside a Windows image'),
    size: bigint('Bytes'),
    type: text('File type, always regular'),
    sha256: text('SHA-256, lower-case hex; empty when the file could not be read', { index: true, optimized: true }),
    sha1: text('SHA-1, lower-case hex', { index: true, optimized: true }),
    md5: text('MD5, lower-case hex', { index: true, optimized: true }),
    mode: text('Permission bits, octal'),
    uid: bigint('Owner'),
    gid: bigint('Group'),
    owner: text('Name of the owner by the passwd file of the examined system'),
    btime: bigint(
      'Birth, unix seconds; 0 where the file system has none, and in an image that was copied instead of mounted',
    ),
    atime: bigint('Last access, unix seconds'),
    mtime: bigint('Last modification, unix seconds'),
    ctime: bigint('Last status change, unix seconds'),
    platform: text('Platform the finding speaks of: windows, darwin or linux'),
    component: text('Part of the attack the file is'),
    stage: text('Stage of the attack: delivery, loader, payload_carrier ...'),
    detection: text('Name that Sophos published for such a component, empty where there is none'),
    reason: text('Why the file counts, in one sentence'),
    verdict: text('malicious, suspicious, affected; benign only when the query asks for it'),
    level: text('Sigma level of the gravest finding'),
    matched_by: text(
      'What matched, gravest first: sha256, sha1, md5, structure, payload, yara_rule, path, filename, version; comma between',
    ),
    indicators: text('JSON array of indicator ids'),
    evidence: text('JSON array of {type, value, indicator, level, status, component, offset, length, fields, member}'),
    version: text('Version of the product inside the file'),
    product: text('Product name or bundle identifier inside the file'),
    original_filename: text('OriginalFilename of the version resource'),
    signer: text('Subject of the signing certificate, not verified'),
    cert_padding: bigint('Bytes after the signature inside the certificate table; NULL without one'),
  },
  identity: ['path'],
  examples: [
    'SELECT path, component, verdict, matched_by FROM threecx_artifacts',
    "SELECT path, sha256, verdict FROM threecx_artifacts WHERE path LIKE '/Applications/%' OR verdict = 'malicious'",
    "SELECT path, version FROM threecx_artifacts WHERE verdict = 'benign'",
  ],
  async *generate(context, services: HuntServices) {
    const wanted = digestAlgorithms.filter((algorithm) => context.uses(algorithm))
    const question = namedFiles(context)
    const isSought = digestAlgorithms.some((algorithm) => {
      const values = context.equals(algorithm) ?? []
      return services.indicators.some((one) => one.type === algorithm && values.includes(one.value))
    })
    const artifacts = question
      ? services.namedArtifacts(question, context.signal)
      : isSought
        ? services.artifactsEverywhere(context.signal)
        : services.artifacts(context.signal)
    const admitsBenign = context.constraints.verdict.length > 0 && context.mayMatch('verdict', 'benign')
    for await (const artifact of artifacts) {
      if (artifact.verdict === 'benign' && !admitsBenign) continue
      if (!context.mayMatch('path', artifact.path)) continue
      const missing = wanted.filter((algorithm) => artifact.digests[algorithm] === undefined)
      const digests =
        missing.length === 0 ? artifact.digests : await services.digests(artifact, missing, context.signal)
      yield artifactRow(artifact, digests)
    }
  },
})

/** Columns of the table, in order. */
export const artifactColumns: readonly string[] = Object.keys(threecxArtifacts.columns)

/** The row of one artifact. */
export function artifactRow(artifact: Artifact, digests: Readonly<Partial<Record<DigestAlgorithm, string>>>) {
  const { directory, name } = splitPath(artifact.path)
  const speaking = artifact.findings.filter((one) => verdictOf(one.indicator) !== undefined)
  const [gravest] = speaking
  return {
    path: artifact.path,
    directory,
    filename: name,
    image_path: artifact.imagePath,
    size: artifact.size,
    type: 'regular',
    sha256: digests.sha256 ?? '',
    sha1: digests.sha1 ?? '',
    md5: digests.md5 ?? '',
    mode: `0${(artifact.mode & 0o7777).toString(8).padStart(3, '0')}`,
    uid: artifact.uid,
    gid: artifact.gid,
    owner: artifact.owner,
    btime: artifact.btime,
    atime: artifact.atime,
    mtime: artifact.mtime,
    ctime: artifact.ctime,
    platform: artifact.platform ?? '',
    component: gravest?.indicator.component ?? '',
    stage: gravest ? stageOf(artifact) : '',
    detection: gravest ? (detectionOf(gravest.indicator, artifact.platform) ?? '') : '',
    reason: whyArtifact(artifact),
    verdict: artifact.verdict,
    level: artifact.level,
    matched_by: [...new Set(speaking.map(matchedBy))].join(','),
    indicators: JSON.stringify([...new Set(artifact.findings.map((one) => one.indicator.id))]),
    evidence: JSON.stringify([...artifact.findings.map(evidenceOf), ...artifact.notes.map(noteOf)]),
    version: artifact.product?.version ?? '',
    product: artifact.product?.product ?? '',
    original_filename: artifact.product?.originalFilename ?? '',
    signer: artifact.product?.signer ?? '',
    cert_padding: artifact.product?.certPadding ?? null,
  }
}

/** What an analyst needs to check a finding by hand. */
function evidenceOf({ observable, indicator, evidence }: Finding) {
  const { offset, length, fields, member } = evidence
  return {
    type: observable.type,
    value: observable.value,
    indicator: indicator.id,
    level: indicator.level,
    status: indicator.status,
    component: indicator.component,
    ...(offset !== undefined && { offset }),
    ...(length !== undefined && { length }),
    ...(fields && { fields }),
    ...(member !== undefined && { member }),
  }
}

/** What could not be looked at. */
function noteOf(value: string) {
  return { type: 'note', value }
}
