/**
 * One full pass in the background: gentle, bounded in memory, given up when it stands still.
 *
 * It follows the same plan as a hunt in the foreground. Between the engine's batches it rests by the CPU time of the
 * whole process, so that sweeping gives way to queries.
 */
import { HunterError } from '../domain/errors.ts'
import { maxScanErrors, type Scan } from '../domain/scan.ts'
import { type HuntEvent, type HuntPlan, hunt } from '../hunt.ts'
import { CpuBudget } from '../native/cpu-budget.ts'
import { untilAborted } from '../native/portable/patience.ts'
import type { Alarm } from '../runtime/clock.ts'
import type { SweepProgress } from '../sweep/sweep.ts'
import { ArtifactList, type FoundArtifact } from './artifact-list.ts'
import type { Residence } from './residence.ts'

/** What came of a pass. */
export interface FullPass {
  readonly startedMs: number
  readonly finishedMs: number
  readonly scans: readonly Scan[]
  readonly found: readonly FoundArtifact[]
  readonly dropped: number
}

/** How long an aborted pass may take to let go of what it holds; milliseconds. */
const letGoMs = 500

/** A pass that can be watched while it runs. */
export class RunningPass {
  readonly startedMs: number
  readonly #plan: HuntPlan
  readonly #residence: Residence
  readonly #scans: Scan[] = []
  #current: { root: string; startedMs: number; progress: SweepProgress } | undefined
  #events = 0

  constructor(plan: HuntPlan, residence: Residence) {
    this.#plan = { ...plan, limits: { ...plan.limits, pace: residence.pace } }
    this.#residence = residence
    this.startedMs = plan.clock.nowMs()
  }

  /** Runs to the end. Rejects when it was aborted, stood still, or examined no volume at all. */
  async run(signal: AbortSignal, alarm: Alarm): Promise<FullPass> {
    const stall = new AbortController()
    const callOff = this.#watch(alarm, stall)
    try {
      return await this.#collect(AbortSignal.any([signal, stall.signal]))
    } finally {
      callOff()
    }
  }

  /** Volumes that are done, the one being walked, and those that wait. */
  scans(): Scan[] {
    const done = new Set(this.#scans.map((scan) => scan.root))
    const waiting = this.#plan.volumes.filter(({ display }) => !done.has(display) && display !== this.#current?.root)
    return [...this.#scans, ...this.#running(), ...waiting.map(({ display }) => pendingScan(this.#plan, display))]
  }

  async #collect(signal: AbortSignal): Promise<FullPass> {
    const list = new ArtifactList(this.#residence.maxArtifacts)
    const budget = new CpuBudget(this.#residence.pace.cpuShare)
    const events = hunt(this.#plan, { kind: 'full' }, signal)
    try {
      for (;;) {
        const { value, done } = await untilAborted(signal, events.next())
        if (done) break
        this.#take(value, list)
        await budget.rest(signal)
      }
    } finally {
      await letGo(events)
    }
    return this.#ended(list)
  }

  #take(event: HuntEvent, list: ArtifactList): void {
    this.#events++
    if (event.kind === 'artifact') list.add({ artifact: event.artifact, file: event.file })
    if (event.kind === 'progress') {
      const isSame = this.#current?.root === event.root
      const startedMs = isSame && this.#current ? this.#current.startedMs : this.#plan.clock.nowMs()
      this.#current = { root: event.root, startedMs, progress: event.progress }
    }
    if (event.kind === 'scan') {
      this.#scans.push(event.scan)
      this.#current = undefined
    }
  }

  #ended(list: ArtifactList): FullPass {
    if (!this.#scans.some((scan) => scan.state === 'finished')) {
      const why = this.#scans.flatMap((scan) => scan.errors.map((error) => `${scan.root}: ${error.message}`))[0]
      throw new HunterError('root_unusable', `cannot sweep any volume: ${why ?? 'there is none'}`)
    }
    const { dropped } = list
    const scans = dropped === 0 ? this.#scans : this.#scans.map((scan) => truncated(scan, dropped))
    const { startedMs } = this
    return { startedMs, finishedMs: this.#plan.clock.nowMs(), scans, found: list.all(), dropped }
  }

  #running(): Scan[] {
    if (!this.#current) return []
    const { root, startedMs, progress } = this.#current
    const { files, bytes, hashed, cached, truncated } = progress
    const started = Math.floor(startedMs / 1000)
    const durationMs = this.#plan.clock.nowMs() - startedMs
    const counted = { started, state: 'running' as const, files, bytes, hashed, cached, truncated, durationMs }
    return [{ ...pendingScan(this.#plan, root), ...counted }]
  }

  /** Two rings without an event between them: it stands still. Counting, because a clock jumps when a laptop wakes. */
  #watch(alarm: Alarm, stall: AbortController): () => void {
    let seen = -1
    let callOff = () => {}
    const look = () => {
      if (this.#events === seen) {
        const minutes = Math.round(this.#residence.stallMs / 60_000)
        stall.abort(new HunterError('engine_failed', `the sweep stood still for ${minutes} minutes and was given up`))
        return
      }
      seen = this.#events
      callOff = alarm.after(this.#residence.stallMs, look)
    }
    look()
    return () => callOff()
  }
}

/** A scan that has not begun. */
export function pendingScan(plan: HuntPlan, root: string): Scan {
  return {
    scan: 'full',
    source: 'file',
    root,
    started: 0,
    finished: undefined,
    state: 'pending',
    files: 0,
    bytes: 0,
    hashed: 0,
    cached: 0,
    skipped: 0,
    unexamined: 0,
    errors: [],
    truncated: false,
    durationMs: 0,
    indicatorsVersion: plan.indicatorsVersion,
  }
}

function truncated(scan: Scan, dropped: number): Scan {
  const message = `${dropped} artifacts of this pass were not kept: there were more than fit, the gravest stayed`
  const error = { path: scan.root, code: 'too_many', message }
  const errors = [error, ...scan.errors].slice(0, maxScanErrors)
  return { ...scan, truncated: true, unexamined: scan.unexamined + 1, skipped: scan.skipped + 1, errors }
}

/** Ends the generator, but does not wait for one that hangs. */
async function letGo(events: AsyncGenerator<HuntEvent, void, undefined>): Promise<void> {
  const ended = events.return().catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, letGoMs)
  })
  await Promise.race([ended, waited])
  clearTimeout(timer)
}
