/**
 * `threecx_payloads`: what files hide, decoded.
 *
 * The same files as `threecx_artifacts`, asked for in the same way; one row per payload. Only digests, addresses and
 * fields are shown: the decoded bytes are not kept anywhere.
 */
import type { Artifact } from '../domain/artifact.ts'
import { stageOf } from '../domain/attack-progress.ts'
import { splitPath } from '../domain/path-text.ts'
import { type Payload, payloadRecord } from '../domain/payload.ts'
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import { namedFiles } from './path-constraints.ts'
import type { HuntServices } from './services.ts'

/** One row per payload. */
export const threecxPayloads = defineTable({
  name: 'threecx_payloads',
  description: 'Payloads hidden in files: behind a signature, behind an icon, under a one-byte key; decoded.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    path: text('Path of the file on this machine', { index: true, optimized: true }),
    directory: text('Directory of the file', { index: true, optimized: true }),
    kind: text('carrier_payload, certificate_padding, icon_trailer, xor_strings, main_storage, dropper_payload ...'),
    offset: bigint('Where the stored bytes begin in the file, or in the member'),
    length: bigint('Bytes they take there'),
    sha256: text('SHA-256 of the decoded bytes; of the stored ones where nothing could be decoded'),
    authenticated: integer('1 when a cryptographic tag verified, 0 when it did not; NULL where the scheme has none'),
    urls: text('JSON array of addresses inside'),
    fields: text('JSON object of what else was decoded'),
    parts: text('JSON array of {name, offset, length, sha256}: pieces of the decoded bytes'),
    next_run: bigint('When the malware meant to run next, unix seconds; NULL where it says nothing'),
    member: text('Path inside the installer the file is; empty for the file itself'),
    component: text('Part of the attack the file is'),
    stage: text('Stage of the attack'),
    verdict: text('Verdict of the file'),
  },
  identity: ['path', 'member', 'offset', 'kind'],
  examples: [
    'SELECT path, kind, sha256, urls FROM threecx_payloads',
    "SELECT path, datetime(next_run, 'unixepoch') AS next_run FROM threecx_payloads WHERE kind = 'main_storage'",
  ],
  async *generate(context, services: HuntServices) {
    const question = namedFiles(context)
    const artifacts = question ? services.namedArtifacts(question, context.signal) : services.artifacts(context.signal)
    for await (const artifact of artifacts) {
      if (!context.mayMatch('path', artifact.path)) continue
      for (const payload of artifact.payloads) yield payloadRow(artifact, payload)
    }
  },
})

function payloadRow(artifact: Artifact, payload: Payload) {
  const [first] = artifact.findings
  const { urls, fields, parts, member, ...said } = payloadRecord(payload)
  return {
    path: artifact.path,
    directory: splitPath(artifact.path).directory,
    ...said,
    urls: JSON.stringify(urls),
    fields: JSON.stringify(fields),
    parts: JSON.stringify(parts),
    member: member ?? '',
    component: first?.indicator.component ?? '',
    stage: stageOf(artifact),
    verdict: artifact.verdict,
  }
}
