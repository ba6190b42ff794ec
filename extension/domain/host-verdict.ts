/**
 * What is said of a whole host, from everything found on it.
 */
import { type Artifact, whyArtifact } from './artifact.ts'
import { meaningOf, reachedStage } from './attack-progress.ts'
import type { Stage } from './indicator.ts'
import { highestLevel, type Level } from './level.ts'
import { isComplete, type Scan } from './scan.ts'

/**
 * - `compromised`: a malicious artifact is there.
 * - `contacted`: C2 contact and no artifact.
 * - `exposed`: an affected release, or something suspicious, is there.
 * - `unknown`: nothing found, and not everything could be examined, or too long ago.
 * - `clean`: nothing found, everything examined.
 */
export type HostVerdictWord = 'clean' | 'unknown' | 'exposed' | 'contacted' | 'compromised'

/** The verdict of a host with its reasons, one sentence each. */
export interface HostVerdict {
  readonly verdict: HostVerdictWord
  readonly level: Level
  /** The step of the attack that was reached last; undefined: none left anything. */
  readonly stage: Stage | undefined
  /** What happened here, one sentence each: what was installed, how far it got, when it meant to go on. */
  readonly story: readonly string[]
  /** The story, then the files with their reasons, then what was not examined. */
  readonly reasons: readonly string[]
  /** Earliest and latest modification time among the artifacts, unix seconds. */
  readonly firstSeen: number | undefined
  readonly lastSeen: number | undefined
  readonly artifacts: number
  /** Artifacts that carry the version of an affected release. */
  readonly installs: number
  readonly isScanComplete: boolean
  /** When the pass that the answer rests on ended, unix seconds. */
  readonly scannedAt: number | undefined
}

/** What a resident hunt knows of the pass it answers from. */
export interface ScanAge {
  /** When the pass ended, unix seconds; undefined: there is none yet. */
  readonly scannedAt: number | undefined
  /** Why the pass cannot vouch for the present, one sentence; undefined when it can. */
  readonly stale: string | undefined
}

/** Judges a host. Benign artifacts do not count. Without an age, the newest scan is taken for it. */
export function judgeHost(artifacts: readonly Artifact[], scans: readonly Scan[], age?: ScanAge): HostVerdict {
  const counted = artifacts.filter((one) => one.verdict !== 'benign')
  const examined = scans.length > 0 && scans.every(isComplete)
  const complete = examined && age?.stale === undefined
  const times = counted.map((one) => one.mtime).filter((time) => time > 0)
  const story = storyOf(counted)
  const ends = scans.flatMap((scan) => scan.finished ?? [])
  return {
    verdict: word(counted, complete),
    level: highestLevel(counted.map((one) => one.level)),
    stage: reachedStage(counted),
    story,
    reasons: [...story, ...reasons(counted, examined), ...(age?.stale === undefined ? [] : [age.stale])],
    firstSeen: times.length > 0 ? Math.min(...times) : undefined,
    lastSeen: times.length > 0 ? Math.max(...times) : undefined,
    artifacts: counted.length,
    installs: counted.filter(isAffectedRelease).length,
    isScanComplete: complete,
    scannedAt: age ? age.scannedAt : ends.length > 0 ? Math.max(...ends) : undefined,
  }
}

/** Nothing is told of a host where nothing was found. */
function storyOf(artifacts: readonly Artifact[]): string[] {
  const stage = reachedStage(artifacts)
  if (stage === undefined) return []
  const payloads = artifacts.flatMap((one) => one.payloads)
  const urls = [...new Set(payloads.flatMap((one) => one.urls))]
  const runs = payloads.flatMap((one) => one.nextRun ?? [])
  return [
    `reached stage ${stage}: ${meaningOf(stage)}`,
    ...(urls.length > 0 ? [`hidden addresses: ${urls.slice(0, maxListed).join(', ')}`] : []),
    ...(runs.length > 0 ? [`the malware meant to run next at ${timeText(Math.max(...runs))}`] : []),
  ]
}

/** Addresses in one sentence. */
const maxListed = 20

function timeText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? `${seconds} (unix seconds)` : time.toISOString().replace('.000Z', 'Z')
}

function word(artifacts: readonly Artifact[], complete: boolean): HostVerdictWord {
  if (artifacts.some((one) => one.verdict === 'malicious')) return 'compromised'
  if (artifacts.length > 0) return 'exposed'
  return complete ? 'clean' : 'unknown'
}

function reasons(artifacts: readonly Artifact[], complete: boolean): string[] {
  const out = artifacts.slice(0, 20).map((one) => `${one.verdict}: ${one.path}: ${whyArtifact(one)}`)
  if (artifacts.length > 20) out.push(`and ${artifacts.length - 20} more files`)
  if (!complete) out.push('not everything could be examined, see threecx_scans')
  return out
}

function isAffectedRelease(artifact: Artifact): boolean {
  return artifact.findings.some((one) => one.observable.type === 'version' && one.indicator.status === 'affected')
}
