/**
 * How far the attack got on a host: the steps of the chain in the order in which they happen, and what each means.
 *
 * A step is told by what it leaves. The last one that left something is how far it certainly got: later steps run in
 * memory, and the malware removes some of what it wrote.
 */
import type { Artifact } from './artifact.ts'
import { verdictOf } from './finding.ts'
import type { HostState } from './host-state.ts'
import type { Stage } from './indicator.ts'
import type { InstallState } from './install.ts'

/** Steps on a victim, first to last, each with what its traces say. */
const steps = [
  ['delivery', 'an installer of an affected release, or one with parts of the attack, lies on the disk'],
  ['loader_host', 'an affected release is or was installed'],
  ['loader', 'the trojanised media library is in place, and the app loads it at every start'],
  ['payload_carrier', 'the library with the encrypted payload is in place'],
  ['memory_payload', 'the loader ran: the second stage left its timer or was found decoded'],
  ['macos_second_stage', 'the loader ran: it left a victim id, its lock or the second stage'],
  ['dead_drop', 'a file with a hidden C2 address is there'],
  ['c2', 'an address of the actor was used or kept'],
  ['stealer', 'the stealer was there'],
  ['later_stage', 'a later stage was put in place, which few victims had'],
] as const satisfies readonly (readonly [Stage, string])[]

/** Steps of the intrusions at the vendors before: not of a victim's chain, and as grave. */
const before = { vendor_intrusion: 'tools of the intrusion at the vendor are there' } as const

/** Stages in the order in which a story is told; those that belong to no step come last. */
export const storyOrder: readonly Stage[] = [...steps.map(([stage]) => stage), 'vendor_intrusion', 'related', 'unknown']

/** What the traces of a stage say, as a heading; empty for those that say nothing. */
export function meaningOf(stage: Stage): string {
  if (stage === 'vendor_intrusion') return before[stage]
  return steps.find(([step]) => step === stage)?.[1] ?? ''
}

/**
 * The stage of an artifact: that of the finding that speaks first. What lies inside an installer is on its way only, whatever
 * it would do once installed.
 */
export function stageOf(artifact: Artifact): Stage {
  const first = artifact.findings.find((one) => verdictOf(one.indicator) !== undefined)
  return first?.evidence.member === undefined ? (first?.indicator.stage ?? 'unknown') : 'delivery'
}

/** What an install of a compromised release says: one that a server hands out is on its way to others. */
function installStage(state: InstallState): Stage {
  return state === 'served' ? 'delivery' : 'loader_host'
}

/** The last step that left something that counts; undefined: none did. */
export function reachedStage({ artifacts, installs, processes, executions, contacts }: HostState): Stage | undefined {
  const seen = new Set<Stage>([
    ...artifacts.filter((one) => one.verdict !== 'benign').map(stageOf),
    ...installs.flatMap(({ affected, state }) => (affected ? [installStage(state)] : [])),
    ...contacts.map(({ stage }) => stage),
    ...[...processes, ...executions].flatMap(({ evidence }) =>
      evidence.flatMap(({ verdict, stage }) => (verdict === undefined || verdict === 'benign' ? [] : [stage])),
    ),
  ])
  return (
    steps.findLast(([stage]) => seen.has(stage))?.[0] ?? (seen.has('vendor_intrusion') ? 'vendor_intrusion' : undefined)
  )
}
