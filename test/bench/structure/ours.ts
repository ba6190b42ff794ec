/**
 * Our side of the structure benchmark, as a process of its own: hunts through a directory and prints JSON.
 *
 * `inside D` hunts as `threecx hunt --full --no-cache` does; `outside D` the same without looking into a file, neither
 * by decoder nor by rule. The files that a rule matched are named, sorted, below D.
 */
import { realpathSync } from 'node:fs'
import { relative } from 'node:path'
import { decoders } from '../../../extension/decoders/index.ts'
import type { Artifact } from '../../../extension/domain/artifact.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { Examiner } from '../../../extension/examining/examiner.ts'
import { executionReaders } from '../../../extension/executions/index.ts'
import { type HuntPlan, hunt } from '../../../extension/hunt.ts'
import { openBundledData } from '../../../extension/indicators/checked-data.ts'
import { openEngine } from '../../../extension/native/index.ts'
import { bundledRules, Rulebook } from '../../../extension/rules/open-rules.ts'
import { systemClock } from '../../../extension/runtime/clock.ts'
import { sources } from '../../../extension/sources/index.ts'
import { noCache } from '../../../extension/sweep/hash-cache.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import { nothingSettled } from '../../../extension/sweep/settled-store.ts'
import { imageVolume } from '../../../extension/sweep/volume.ts'

/** What is printed. */
export interface OurHunt {
  readonly engine: string
  readonly files: number
  readonly hashed: number
  readonly seconds: number
  readonly matched: readonly string[]
}

const [job = '', target = ''] = process.argv.slice(2)
if (job !== 'inside' && job !== 'outside') throw new Error(`job is ${JSON.stringify(job)}; expected inside or outside`)
const root = realpathSync(target)
const { engine } = await openEngine({})
const bundled = await openBundledData()
const rules = new Rulebook([bundledRules()])
const indicators = [...bundled.sets, ...rules.sets].flatMap((set) => set.indicators)
const version = 'bench'
const examiner = new Examiner(engine, job === 'inside' ? decoders : [], rules, version)
// The list given decides what is selected; which decoders see a selected file is decided by this alone.
if (job === 'outside') Object.assign(examiner, { wants: () => false })
const plan: HuntPlan = {
  engine,
  volumes: [await imageVolume(root, undefined)],
  indicators,
  places: bundled.places,
  installPlaces: bundled.installPlaces,
  sourcePlaces: bundled.sourcePlaces,
  sources,
  executionReaders,
  limits: defaultLimits,
  mounts: 'same',
  matcher: matcher(indicators),
  indicatorsVersion: version,
  examiner,
  cache: noCache,
  settled: nothingSettled,
  clock: systemClock,
}

const matched: string[] = []
let answer: Omit<OurHunt, 'matched'> | undefined
for await (const event of hunt(plan, { kind: 'full' }, new AbortController().signal)) {
  if (event.kind === 'artifact' && isByRule(event.artifact)) matched.push(relative(root, event.artifact.path))
  if (event.kind !== 'scan') continue
  const { state, files, hashed, durationMs, errors } = event.scan
  if (state !== 'finished') throw new Error(`the hunt ${state}: ${errors[0]?.message}`)
  answer = { engine: engine.name, files, hashed, seconds: durationMs / 1000 }
}
await rules.close()
if (!answer) throw new Error('the hunt gave no scan record')
console.log(JSON.stringify({ ...answer, matched: matched.sort() } satisfies OurHunt))

function isByRule({ findings }: Artifact): boolean {
  return findings.some(({ observable }) => observable.type === 'yara_rule')
}
