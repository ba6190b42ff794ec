/**
 * Findings of every source as flat records: one piece of evidence, one indicator.
 */
import { stageOf } from './attack-progress.ts'
import { type Finding, type Verdict, verdictOf } from './finding.ts'
import type { HostState } from './host-state.ts'
import type { Indicator, Stage } from './indicator.ts'
import type { Level } from './level.ts'
import type { PathText } from './path-text.ts'
import type { ProcessEvidence } from './process.ts'

/** One finding. */
export interface FindingRecord {
  /** When it happened, unix seconds; of a file its last modification. Undefined when nothing tells. */
  readonly time: number | undefined
  readonly source: string
  readonly path: PathText
  readonly offset: number | undefined
  readonly observableType: string
  readonly observable: string
  /** Id; empty where the evidence speaks for itself, as code in memory does. */
  readonly indicator: string
  /** What it says by itself; undefined for context. */
  readonly verdict: Verdict | undefined
  readonly level: Level
  readonly stage: Stage
  readonly component: string
  readonly user: string
  readonly summary: string
}

/** Every finding of a host, in the order files, installs, processes, executions, contacts. */
export function findingRecords(state: HostState, indicators: ReadonlyMap<string, Indicator>): FindingRecord[] {
  return [
    ...ofFiles(state),
    ...ofInstalls(state, indicators),
    ...ofProcesses(state),
    ...ofExecutions(state),
    ...ofContacts(state),
  ]
}

function ofFiles({ artifacts }: HostState): FindingRecord[] {
  return artifacts.flatMap((artifact) =>
    artifact.findings.map((finding) => ({
      ...said(finding),
      time: artifact.mtime > 0 ? artifact.mtime : undefined,
      path: artifact.path,
      user: artifact.owner,
      stage: finding.indicator.stage === 'unknown' ? stageOf(artifact) : finding.indicator.stage,
    })),
  )
}

function said({ evidence, observable, indicator }: Finding) {
  return {
    source: evidence.source,
    offset: evidence.offset,
    observableType: observable.type,
    observable: observable.value,
    indicator: indicator.id,
    verdict: verdictOf(indicator),
    level: indicator.level,
    component: indicator.component,
    summary: `${observable.type} of ${indicator.component}, by ${indicator.set}`,
  }
}

function ofInstalls({ installs }: HostState, indicators: ReadonlyMap<string, Indicator>): FindingRecord[] {
  return installs.flatMap((install) =>
    install.indicators.flatMap((id) => {
      const indicator = indicators.get(id)
      if (!indicator) return []
      return {
        time: install.firstSeen,
        source: install.source,
        path: install.path,
        offset: undefined,
        observableType: 'version',
        observable: install.version ?? '',
        indicator: id,
        verdict: verdictOf(indicator),
        level: indicator.level,
        stage: indicator.stage,
        component: indicator.component,
        user: install.user,
        summary: `3CX Desktop App ${install.version ?? ''} is ${install.state}, by ${indicator.set}`,
      }
    }),
  )
}

function ofProcesses({ processes }: HostState): FindingRecord[] {
  return processes.flatMap(({ evidence, path, user, startTime, pid }) =>
    evidence.map((one) => ({
      ...saidOf(one),
      time: startTime,
      source: 'process',
      path: one.path ?? path,
      user,
      summary: `process ${pid}: ${one.component}, by ${one.type}`,
    })),
  )
}

function ofExecutions({ executions }: HostState): FindingRecord[] {
  return executions.flatMap(({ evidence, source, sourcePath, path, user, time, proof }) =>
    evidence.map((one) => ({
      ...saidOf(one),
      time,
      source,
      path: one.path ?? path,
      user,
      summary: `${path} ${proof === 'ran' ? 'ran' : 'was seen'}: ${one.component}, by ${one.type} (${sourcePath})`,
    })),
  )
}

function saidOf({ type, value, indicator = '', verdict, level, stage, component }: ProcessEvidence) {
  return { offset: undefined, observableType: type, observable: value, indicator, verdict, level, stage, component }
}

function ofContacts({ contacts }: HostState): FindingRecord[] {
  return contacts.flatMap((contact) =>
    contact.indicators.map((indicator) => ({
      time: contact.firstSeen,
      source: contact.source,
      path: contact.sourcePath,
      offset: contact.offset,
      observableType: contact.type,
      observable: contact.indicator,
      indicator,
      verdict: contact.verdict,
      level: contact.level,
      stage: contact.stage,
      component: contact.component,
      user: contact.user,
      summary: `contact with ${contact.indicator}, ${contact.count} in ${contact.source}`,
    })),
  )
}
