/**
 * What is said of a whole host, from everything found on it.
 */
import { type Artifact, whyArtifact } from './artifact.ts'
import { reachedStage } from './attack-progress.ts'
import type { Contact } from './contact.ts'
import type { Execution } from './execution.ts'
import type { Verdict } from './finding.ts'
import type { HostState, PaddingCheck } from './host-state.ts'
import { counts, storyOf } from './host-story.ts'
import type { Stage } from './indicator.ts'
import { highestLevel, type Level } from './level.ts'
import { isComplete, type Scan } from './scan.ts'

/**
 * - `compromised`: a malicious artifact or process is there, or a malicious program ran.
 * - `contacted`: C2 contact, and nothing malicious on the disk or running.
 * - `exposed`: an affected release is or was there, or something suspicious is, or something malicious was seen.
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
  /** Installs of a compromised release, present, removed or served. */
  readonly installs: number
  readonly contacts: number
  /** Running processes that count. */
  readonly processes: number
  /** Records of past executions that count. */
  readonly executions: number
  readonly paddingCheck: PaddingCheck
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

/**
 * Judges a host. Benign artifacts and releases that are not compromised do not count. Without an age, the newest scan is
 * taken for it.
 */
export function judgeHost(state: HostState, scans: readonly Scan[], age?: ScanAge): HostVerdict {
  const artifacts = state.artifacts.filter((one) => one.verdict !== 'benign')
  const installs = state.installs.filter(({ affected }) => affected)
  const processes = state.processes.filter(counts)
  const executions = state.executions.filter(counts)
  const { contacts } = state
  const examined = scans.length > 0 && scans.every(isComplete)
  const complete = examined && age?.stale === undefined
  const times = artifacts.map((one) => one.mtime).filter((time) => time > 0)
  const story = storyOf(state)
  const ends = scans.flatMap((scan) => scan.finished ?? [])
  const verdicts = [...[...artifacts, ...processes].map(({ verdict }) => verdict), ...executions.map(asVerdict)]
  const levels = [...artifacts, ...processes, ...executions, ...contacts].map(({ level }) => level)
  return {
    verdict: word([...verdicts, ...installs.map(() => 'affected' as const)], contacts, complete),
    level: highestLevel([...levels, ...installs.map(() => affectedLevel)]),
    stage: reachedStage(state),
    story,
    reasons: [...story, ...reasons(artifacts, examined), ...(age?.stale === undefined ? [] : [age.stale])],
    firstSeen: times.length > 0 ? Math.min(...times) : undefined,
    lastSeen: times.length > 0 ? Math.max(...times) : undefined,
    artifacts: artifacts.length,
    installs: installs.length,
    processes: processes.length,
    executions: executions.length,
    contacts: contacts.length,
    paddingCheck: state.paddingCheck,
    isScanComplete: complete,
    scannedAt: age ? age.scannedAt : ends.length > 0 ? Math.max(...ends) : undefined,
  }
}

/** That of the indicators of affected releases, which is how bad an install without any file is. */
const affectedLevel: Level = 'high'

/** What was only seen need not have run. */
function asVerdict({ proof, verdict }: Execution): Verdict {
  return proof === 'seen' && verdict === 'malicious' ? 'suspicious' : verdict
}

/** A contact that something else explains, too, is only suspicious. */
function word(verdicts: readonly Verdict[], contacts: readonly Contact[], complete: boolean): HostVerdictWord {
  if (verdicts.includes('malicious')) return 'compromised'
  if (contacts.some(({ verdict }) => verdict === 'malicious')) return 'contacted'
  if (verdicts.length + contacts.length > 0) return 'exposed'
  return complete ? 'clean' : 'unknown'
}

function reasons(artifacts: readonly Artifact[], complete: boolean): string[] {
  const out = artifacts.slice(0, 20).map((one) => `${one.verdict}: ${one.path}: ${whyArtifact(one)}`)
  if (artifacts.length > 20) out.push(`and ${artifacts.length - 20} more files`)
  if (!complete) out.push('not everything could be examined, see threecx_scans')
  return out
}
