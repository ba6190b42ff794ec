/**
 * Our side of the rescan benchmark, as a process of its own: one full hunt with a state directory, printed as JSON.
 *
 * `ours.ts D STATE SHA256 [SHARE]` hunts through D as `threecx hunt --full --state STATE` does, with one more indicator:
 * a bare SHA-256, which makes every file worth reading. The files it finds are named, sorted. With a share of one core,
 * it goes as gently as the resident hunt does. What surrounds a hunt (installs, processes, contacts) is not looked at.
 */
import { realpathSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { decoders } from '../../../extension/decoders/index.ts'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { Examiner } from '../../../extension/examining/examiner.ts'
import { executionReaders } from '../../../extension/executions/index.ts'
import { type HuntPlan, hunt } from '../../../extension/hunt.ts'
import { openBundledData } from '../../../extension/indicators/checked-data.ts'
import { CpuBudget } from '../../../extension/native/cpu-budget.ts'
import { openEngine } from '../../../extension/native/index.ts'
import { bundledRules, Rulebook } from '../../../extension/rules/open-rules.ts'
import { systemClock } from '../../../extension/runtime/clock.ts'
import { openLog } from '../../../extension/runtime/log.ts'
import { sources } from '../../../extension/sources/index.ts'
import { openHashCache } from '../../../extension/sweep/hash-cache.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import { openSettledStore } from '../../../extension/sweep/settled-store.ts'
import { imageVolume } from '../../../extension/sweep/volume.ts'
import { peakMemory } from '../peak-memory.ts'
import { startPings } from '../pings.ts'

/** What is printed. */
export interface OurRescan {
  readonly engine: string
  readonly files: number
  readonly hashed: number
  readonly cached: number
  readonly found: readonly string[]
  /** Peak of resident memory, MB. */
  readonly rss: number
  /** Event loop delay, milliseconds: 99th percentile and most. */
  readonly p99: number
  readonly held: number
  /** Of the hunt itself, start-up left out: wall and CPU seconds, all threads. */
  readonly seconds: number
  readonly cpu: number
}

const [target = '', state = '', sha256 = '', share] = process.argv.slice(2)
const delay = monitorEventLoopDelay({ resolution: 1 })
const log = openLog('warn')
const { engine } = await openEngine({})
const bundled = await openBundledData()
const rules = new Rulebook([bundledRules()])
const bare: Indicator = { ...example(), type: 'sha256', value: sha256 }
const indicators = [...[...bundled.sets, ...rules.sets].flatMap((set) => set.indicators), bare]
const pace = share === undefined ? undefined : { idle: true, cpuShare: Number(share) }
const plan: HuntPlan = {
  engine,
  volumes: [await imageVolume(realpathSync(target), undefined)],
  indicators,
  places: bundled.places,
  installPlaces: bundled.installPlaces,
  sourcePlaces: bundled.sourcePlaces,
  sources,
  executionReaders,
  limits: { ...defaultLimits, ...(pace && { pace }) },
  mounts: 'same',
  matcher: matcher(indicators),
  indicatorsVersion: sha256,
  examiner: new Examiner(engine, decoders, rules, sha256),
  cache: openHashCache(`${state}/hashes.db`, log, () => BigInt(systemClock.nowMs()) * 1_000_000n),
  settled: openSettledStore(state, log),
  clock: systemClock,
}

delay.enable()
startPings()
const started = { wall: performance.now(), cpu: process.cpuUsage() }
const budget = pace && new CpuBudget(pace.cpuShare)
const { signal } = new AbortController()
const found: string[] = []
let counts: Pick<OurRescan, 'files' | 'hashed' | 'cached'> | undefined
for await (const event of hunt(plan, { kind: 'full' }, signal)) {
  if (event.kind === 'artifact') found.push(event.artifact.path)
  if (event.kind === 'scan') {
    if (event.scan.state !== 'finished')
      throw new Error(`the hunt ${event.scan.state}: ${event.scan.errors[0]?.message}`)
    counts = event.scan
  }
  await budget?.rest(signal)
}
const used = process.cpuUsage(started.cpu)
delay.disable()
plan.cache.close()
await rules.close()
if (!counts) throw new Error('the hunt gave no scan record')
const { files, hashed, cached } = counts
const answer: OurRescan = {
  engine: engine.name,
  files,
  hashed,
  cached,
  found: found.sort(),
  rss: peakMemory(),
  p99: delay.percentile(99) / 1e6,
  held: delay.max / 1e6,
  seconds: (performance.now() - started.wall) / 1000,
  cpu: (used.user + used.system) / 1e6,
}
console.log(JSON.stringify(answer))

/** A digest indicator to make another one of: published ones know the names of their files, a bare one does not. */
function example(): Omit<Indicator, 'names' | 'kinds' | 'size'> {
  const one = bundled.sets
    .flatMap((set) => set.indicators)
    .find(({ type, status }) => type === 'sha256' && status === 'malicious')
  if (!one) throw new Error('no bundled indicator is a malicious SHA-256')
  const { names: _names, kinds: _kinds, size: _size, ...rest } = one
  return rest
}
