/**
 * What tables may ask for. A table never reads a file: it turns constraints into a question and rows out of answers.
 */
import type { Artifact } from '../domain/artifact.ts'
import type { Contact } from '../domain/contact.ts'
import type { Execution } from '../domain/execution.ts'
import type { HostState } from '../domain/host-state.ts'
import type { HostVerdict } from '../domain/host-verdict.ts'
import type { Indicator, IndicatorSet } from '../domain/indicator.ts'
import type { Install } from '../domain/install.ts'
import type { DigestAlgorithm } from '../domain/observable.ts'
import type { PathText } from '../domain/path-text.ts'
import type { TiedProcess } from '../domain/process.ts'
import type { NamedFiles } from '../domain/question.ts'
import type { Scan } from '../domain/scan.ts'

/** The hunt, as tables see it. */
export interface HuntServices {
  /** Artifacts of the standing scope (the places, or everything below the root), complete when the stream ends. */
  artifacts(signal: AbortSignal): AsyncIterable<Artifact>
  /** Artifacts of everything below the root, whatever the standing scope. */
  artifactsEverywhere(signal: AbortSignal): AsyncIterable<Artifact>
  /** Artifacts among exactly the named files. */
  namedArtifacts(question: NamedFiles, signal: AbortSignal): AsyncIterable<Artifact>
  /** Digests of one file that a sweep had no reason to compute. */
  digests(artifact: Artifact, wanted: readonly DigestAlgorithm[], signal: AbortSignal): Promise<Artifact['digests']>
  /** Installs of the app, what is left of them, and what servers hand out; looked for at once. */
  installs(signal: AbortSignal): Promise<readonly Install[]>
  /** Running processes tied to the campaign; looked at at once, none in an image. */
  processes(signal: AbortSignal): Promise<readonly TiedProcess[]>
  /**
   * Contacts with the actor's infrastructure, from every source's places. With `since`, unix seconds, those whose last
   * record is earlier may be missing; every one that is there is whole.
   */
  contacts(signal: AbortSignal, since?: number): Promise<readonly Contact[]>
  /** Contacts in these files alone; `source` says what they are, otherwise that is found out. */
  contactsIn(paths: readonly PathText[], source: string | undefined, signal: AbortSignal): Promise<readonly Contact[]>
  /** Records of past runs of programs that matter, from every source's places; `since` as for contacts. */
  executions(signal: AbortSignal, since?: number): Promise<readonly Execution[]>
  /** The same from these files alone; `source` says what they are, otherwise that is found out. */
  executionsIn(
    paths: readonly PathText[],
    source: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Execution[]>
  /** Everything that was found, from files to contacts; `since` as for contacts. */
  state(signal: AbortSignal, since?: number): Promise<HostState>
  /** Passes of this process, and the last ones of earlier processes; at least one. */
  scans(signal: AbortSignal): Promise<readonly Scan[]>
  verdict(signal: AbortSignal): Promise<HostVerdict>
  readonly sets: readonly IndicatorSet[]
  readonly indicators: readonly Indicator[]
  /** Content hash over all sets in force. */
  readonly indicatorsVersion: string
  /** Unix seconds. */
  now(): number
}
