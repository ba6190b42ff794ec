/**
 * From what was seen of a process to what is said of it.
 *
 * Names tell what a process is, indicators what its files and its command line mean, memory what runs inside it; the
 * gravest of all gives the verdict. A process that nothing speaks of is no row.
 */
import { memoryDetection } from '../domain/detection.ts'
import type { Finding } from '../domain/finding.ts'
import { gravest, verdictOf } from '../domain/finding.ts'
import type { PathText } from '../domain/path-text.ts'
import {
  findingsAsEvidence,
  type ProcessEvidence,
  type ProcessRole,
  type RunningProcess,
  type TiedProcess,
  weigh,
} from '../domain/process.ts'
import { roleEvidence } from '../domain/program-names.ts'
import { campaignExportHash } from './bootstrap.ts'
import { mappingText } from './mappings.ts'
import type { LoaderInMemory } from './memory-scan.ts'
import type { SeenFile } from './program-file.ts'

/** Everything that was seen of one process. */
export interface SeenProcess {
  readonly process: RunningProcess
  readonly role: ProcessRole | undefined
  /** What indicators say of its names. */
  readonly findings: readonly Finding[]
  readonly image: PathText
  readonly program: SeenFile | undefined
  /** Whether the executable was removed since it started. */
  readonly isDeleted: boolean
  readonly modules: readonly { readonly path: PathText; readonly isDeleted: boolean; readonly seen: SeenFile }[]
  readonly loaders: readonly LoaderInMemory[]
}

/** The verdict on a process; undefined when nothing speaks of it. */
export function assess(seen: SeenProcess): TiedProcess | undefined {
  const { process, program, image } = seen
  const versions = (program?.findings ?? []).filter(({ observable }) => observable.type === 'version')
  const evidence = [
    ...findingsAsEvidence(seen.findings),
    ...findingsAsEvidence(program?.findings ?? [], image),
    ...seen.modules.flatMap(moduleEvidence),
    ...seen.loaders.map(memoryEvidence),
    ...roleEvidence({
      ...process,
      role: seen.role,
      version: program?.product?.version,
      findings: seen.findings,
      fields: seen.isDeleted ? { deleted: true } : {},
    }),
  ]
  const weighed = weigh(evidence)
  if (!weighed) return undefined
  const version = program?.product?.version
  return {
    ...process,
    image,
    version,
    affected:
      versions.some(({ indicator }) => indicator.status === 'affected') ||
      (seen.role === 'app' && version !== undefined ? false : undefined),
    sha256: program?.sha256,
    ...weighed,
  }
}

/** A clean library of a known name is nothing to tell. */
function moduleEvidence({ path, isDeleted, seen }: SeenProcess['modules'][number]): ProcessEvidence[] {
  const verdict = gravest(seen.findings.flatMap(({ indicator }) => verdictOf(indicator) ?? []))
  if (verdict === undefined || verdict === 'benign') return []
  const sha256 = seen.sha256 === undefined ? {} : { sha256: seen.sha256 }
  return findingsAsEvidence(seen.findings, path, 'module').map((one) => ({
    ...one,
    fields: { ...one.fields, ...sha256, ...(isDeleted && { deleted: true }) },
  }))
}

/** The export that this campaign calls leaves no benign reading; with another one it is a loader of the same family. */
function memoryEvidence({ address, mapping, bootstrap, hasPeHeader }: LoaderInMemory): ProcessEvidence {
  const isOfCampaign = bootstrap.exportHash === campaignExportHash
  return {
    type: 'memory',
    value: `0x${address.toString(16)}`,
    verdict: isOfCampaign ? 'malicious' : 'suspicious',
    level: isOfCampaign ? 'critical' : 'high',
    component: isOfCampaign ? 'decrypted loader of SUDDENICON' : 'reflective loader of the same family',
    stage: 'memory_payload',
    detection: isOfCampaign ? memoryDetection : '',
    fields: {
      mapping: mappingText(mapping),
      mapping_offset: Number(address - mapping.start),
      library: bootstrap.library,
      data: bootstrap.data,
      data_length: bootstrap.dataLength,
      export_hash: `0x${bootstrap.exportHash.toString(16).padStart(8, '0')}`,
      pe_header: hasPeHeader,
    },
  }
}
