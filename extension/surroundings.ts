/**
 * What a host shows beside its files: where the app is installed or was, what runs and ran, and which contacts
 * were made.
 *
 * All are looked at when somebody asks, and each look leaves records of how complete it was.
 */
import { ContactFinder, type ContactSearch } from './contacts/find-contacts.ts'
import type { Artifact } from './domain/artifact.ts'
import type { Contact } from './domain/contact.ts'
import type { Execution } from './domain/execution.ts'
import type { HostState, PaddingCheck } from './domain/host-state.ts'
import type { Install } from './domain/install.ts'
import type { PathText } from './domain/path-text.ts'
import type { ProcessReason, TiedProcess } from './domain/process.ts'
import { lookScan, type Scan, type ScanError } from './domain/scan.ts'
import { ExecutionFinder, type ExecutionSearch } from './executions/find-executions.ts'
import { type HuntPlan, hunt } from './hunt.ts'
import { findInstalls, type InstallSearch } from './installs/find-installs.ts'
import { certPaddingCheck } from './installs/padding-check.ts'
import type { WalkEntry } from './native/engine.ts'
import { lookAtProcesses } from './processes/look-at-processes.ts'
import { type LookTimes, Remembered } from './remembered.ts'
import { RememberedSince } from './remembered-since.ts'
import { readOwners } from './sweep/owners.ts'
import { relativeTo, type Volume } from './sweep/volume.ts'

/** Everything beside the files, and how complete it is. */
export interface SurroundingsAnswer extends Omit<HostState, 'artifacts'> {
  readonly scans: readonly Scan[]
}

/** One kind of refusal, and how often it was met. */
interface CountedError extends ScanError {
  readonly count: number
}

interface Looked {
  readonly seen: number
  readonly errors: readonly CountedError[]
}

/** Records of named files that are kept. */
const maxNamed = 100

interface ProcessLook {
  readonly processes: readonly TiedProcess[]
  readonly scans: readonly Scan[]
}

/** Answers over one plan. */
export class Surroundings {
  readonly #plan: HuntPlan
  readonly #installs: Remembered<InstallSearch>
  readonly #processes: Remembered<ProcessLook>
  readonly #contacts: Remembered<ContactSearch>
  readonly #executions: Remembered<ExecutionSearch>
  readonly #recentContacts: RememberedSince<ContactSearch>
  readonly #recentExecutions: RememberedSince<ExecutionSearch>
  readonly #contactFinder: ContactFinder
  readonly #executionFinder: ExecutionFinder
  /** Records of the files that somebody named, oldest first. */
  readonly #namedScans: Scan[] = []
  readonly #paddingCheck: Remembered<PaddingCheck>

  /** `closing` ends every look. */
  constructor(plan: HuntPlan, closing?: AbortSignal, times?: LookTimes) {
    this.#plan = plan
    this.#installs = new Remembered((signal) => this.#findInstalls(signal), plan.clock, closing, times)
    this.#paddingCheck = new Remembered((signal) => this.#askPaddingCheck(signal), plan.clock, closing, times)
    this.#contactFinder = new ContactFinder(plan)
    this.#executionFinder = new ExecutionFinder(plan)
    this.#contacts = new Remembered((signal) => this.#findContacts(signal), plan.clock, closing, times)
    this.#executions = new Remembered((signal) => this.#findExecutions(signal), plan.clock, closing, times)
    const make = <T>(look: (signal: AbortSignal) => Promise<T>) => new Remembered(look, plan.clock, closing, times)
    this.#recentContacts = new RememberedSince((since, signal) => this.#findContacts(signal, since), make)
    this.#recentExecutions = new RememberedSince((since, signal) => this.#findExecutions(signal, since), make)
    this.#processes = new Remembered((signal) => this.#look(signal), plan.clock, closing, times)
  }

  async installs(signal: AbortSignal): Promise<readonly Install[]> {
    return (await this.#installs.get(signal)).installs
  }

  async processes(signal: AbortSignal): Promise<readonly TiedProcess[]> {
    return (await this.#processes.get(signal)).processes
  }

  /** All contacts, or at least those that were made at or after `since`, unix seconds. */
  async contacts(signal: AbortSignal, since?: number): Promise<readonly Contact[]> {
    return (await this.#contactSearch(signal, since)).contacts
  }

  #contactSearch(signal: AbortSignal, since: number | undefined): Promise<ContactSearch> {
    const isRecent = since !== undefined && !this.#contacts.isGood
    return isRecent ? this.#recentContacts.get(since, signal) : this.#contacts.get(signal)
  }

  /** Contacts in files that somebody names, wherever they lie; `source` says what they are. */
  async contactsIn(
    paths: readonly PathText[],
    source: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Contact[]> {
    const found = await this.#named(paths, (volume, entry) => this.#contactFinder.named(volume, entry, source, signal))
    return found.flatMap((one) => one.contacts)
  }

  /** All executions, or at least those at or after `since`, unix seconds. */
  async executions(signal: AbortSignal, since?: number): Promise<readonly Execution[]> {
    return (await this.#executionSearch(signal, since)).executions
  }

  #executionSearch(signal: AbortSignal, since: number | undefined): Promise<ExecutionSearch> {
    const isRecent = since !== undefined && !this.#executions.isGood
    return isRecent ? this.#recentExecutions.get(since, signal) : this.#executions.get(signal)
  }

  /** Executions that files tell of which somebody names, wherever they lie; `source` says what they are. */
  async executionsIn(
    paths: readonly PathText[],
    source: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Execution[]> {
    const installs = await this.installs(signal)
    const found = await this.#named(paths, (volume, entry) =>
      this.#executionFinder.named(volume, entry, source, installs, signal),
    )
    return found.flatMap((one) => one.executions)
  }

  /** Everything; of contacts and executions at least those at or after `since`. */
  async all(signal: AbortSignal, since?: number): Promise<SurroundingsAnswer> {
    const [installs, processes, contacts, executions, paddingCheck] = await Promise.all([
      this.#installs.get(signal),
      this.#processes.get(signal),
      this.#contactSearch(signal, since),
      this.#executionSearch(signal, since),
      this.#paddingCheck.get(signal),
    ])
    return {
      installs: installs.installs,
      processes: processes.processes,
      contacts: contacts.contacts,
      executions: executions.executions,
      paddingCheck,
      scans: [...installs.scans, ...processes.scans, ...contacts.scans, ...executions.scans, ...this.#namedScans],
    }
  }

  async #findContacts(signal: AbortSignal, since?: number): Promise<ContactSearch> {
    const startedMs = this.#plan.clock.nowMs()
    try {
      return await this.#contactFinder.find(signal, since)
    } catch (cause) {
      if (!isTimeout(signal)) throw cause
      return { contacts: [], scans: this.#abortedEverywhere('contacts', startedMs) }
    }
  }

  async #findExecutions(signal: AbortSignal, since?: number): Promise<ExecutionSearch> {
    const installs = await this.installs(signal)
    const startedMs = this.#plan.clock.nowMs()
    try {
      return await this.#executionFinder.find(installs, signal, since)
    } catch (cause) {
      if (!isTimeout(signal)) throw cause
      return { executions: [], scans: this.#abortedEverywhere('executions', startedMs) }
    }
  }

  /** Searches files that somebody named, on the volumes they lie on. */
  async #named<T extends { readonly scans: readonly Scan[] }>(
    paths: readonly PathText[],
    search: (volume: Volume, entry: WalkEntry) => Promise<T>,
  ): Promise<readonly T[]> {
    const found: T[] = []
    for (const path of paths) {
      for (const volume of this.#plan.volumes) {
        const below = relativeTo(volume, path)
        if (below === undefined) continue
        const [entry] = await this.#plan.engine.stat([volume.canonical], [{ root: 0, path: below }])
        if (entry && !('code' in entry)) found.push(await search(volume, entry))
      }
    }
    this.#namedScans.push(...found.flatMap((one) => one.scans))
    this.#namedScans.splice(0, this.#namedScans.length - maxNamed)
    return found
  }

  async #askPaddingCheck(signal: AbortSignal): Promise<PaddingCheck> {
    const { volumes, engine, osquery } = this.#plan
    for (const volume of volumes) {
      const state = await certPaddingCheck(engine, volume, signal, osquery)
      if (state !== 'unknown') return state
    }
    return 'unknown'
  }

  /** A search that takes too long is a record of its own, not the end of the verdict. */
  async #findInstalls(signal: AbortSignal): Promise<InstallSearch> {
    const startedMs = this.#plan.clock.nowMs()
    try {
      return await findInstalls(this.#plan, signal)
    } catch (cause) {
      if (!isTimeout(signal)) throw cause
      return { installs: [], scans: this.#abortedEverywhere('installs', startedMs) }
    }
  }

  /** Nothing runs in an image. */
  async #look(signal: AbortSignal): Promise<ProcessLook> {
    const { volumes, indicators, matcher, osquery, clock, engine } = this.#plan
    const volume = volumes.find(({ isImage }) => !isImage)
    if (!volume?.platform) return { processes: [], scans: [] }
    const startedMs = clock.nowMs()
    const { platform } = volume
    const owners = await readOwners(engine, volume.canonical)
    const judge = (path: PathText, until: AbortSignal) => judgeFile(this.#plan, path, until)
    const parts = { platform, indicators, matcher, judge, owners, ...(osquery && { osquery }) }
    const source = 'processes'
    try {
      const { processes, seen, reasons } = await lookAtProcesses(parts, signal)
      const errors = reasons.map((one) => ({ path: source, code: errorCodes[one.code], ...said(one) }))
      return { processes, scans: [this.#record(source, volume.display, startedMs, { seen, errors })] }
    } catch (cause) {
      if (!isTimeout(signal)) throw cause
      return { processes: [], scans: [this.#aborted(source, volume.display, startedMs)] }
    }
  }

  #abortedEverywhere(source: string, startedMs: number): Scan[] {
    return this.#plan.volumes.map(({ display }) => this.#aborted(source, display, startedMs))
  }

  #aborted(source: string, root: PathText, startedMs: number): Scan {
    const message = 'it took too long and was given up'
    const errors = [{ path: root, code: 'timeout', message, count: 1 }]
    return { ...this.#record(source, root, startedMs, { seen: 0, errors }), state: 'aborted' }
  }

  #record(source: string, root: PathText, startedMs: number, { seen, errors }: Looked): Scan {
    const { clock, indicatorsVersion } = this.#plan
    return lookScan({ source, root, startedMs, nowMs: clock.nowMs(), seen, errors, indicatorsVersion })
  }
}

/** The codes of scan errors: bounds of the search are part of what is promised, refusals are not. */
const errorCodes: Readonly<Record<ProcessReason['code'], string>> = {
  vanished: 'vanished',
  denied: 'denied',
  protected: 'protected',
  damaged: 'io',
  bounds: 'bounds',
  deadline: 'bounds',
  unsupported: 'unsupported',
}

function said({ message, count }: ProcessReason) {
  return { message: count === 1 ? message : `${message} (${count} times)`, count }
}

/** Whether a look ended because it took too long, and not because the hunt closes. */
function isTimeout({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof DOMException && reason.name === 'TimeoutError'
}

/** As a hunt for that one file would. */
async function judgeFile(plan: HuntPlan, path: PathText, signal: AbortSignal): Promise<Artifact | undefined> {
  const question = { kind: 'named', paths: [path], directories: [], stretches: [], keep: () => true } as const
  for await (const event of hunt(plan, question, signal)) if (event.kind === 'artifact') return event.artifact
  return undefined
}
