/**
 * Our side of the benchmarks, as a process of its own: does one job and prints what it found as JSON.
 *
 * `file F` digests one file; `tree D` digests every file below D; `sweep D` sweeps D as `threecx hunt --full` does, with
 * the bundled indicators; `rescan D DB` sweeps everything below D with a hash cache. The JSON carries, beside the
 * answer, the peak of resident memory (MB) and the longest time the event loop was held (ms).
 */
import { createHash } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openEngine } from '../../extension/native/index.ts'
import type { Selection } from '../../extension/native/selection.ts'
import type { Logger } from '../../extension/runtime/log.ts'
import { noCache, openHashCache } from '../../extension/sweep/hash-cache.ts'
import { defaultLimits, treeSweep } from '../../extension/sweep/request.ts'
import { sweep } from '../../extension/sweep/sweep.ts'
import { peakMemory } from './peak-memory.ts'
import { startPings } from './pings.ts'

const [job = '', target = '', database = ''] = process.argv.slice(2)
const everything: Selection = {
  rules: [{ pattern: '**' }],
  classes: [{ algorithms: ['sha256'] }],
  classesOfRule: [[0]],
}
const quiet = { warn: () => {} } as unknown as Logger
const { engine } = await openEngine({})
const selection = job === 'sweep' ? await bundledSelection() : everything
const cache = job === 'rescan' ? openHashCache(database, quiet, () => BigInt(Date.now()) * 1_000_000n) : noCache

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
startPings()
const walk = { roots: [target], ignoreCase: true, skip: [], mounts: 'same' } as const
const request = treeSweep(engine, walk, selection, { ...defaultLimits, maxFileBytes: 16 * 1024 ** 3 })
const sum = Buffer.alloc(32)
let answer = { files: 0, hashed: 0, cached: 0, bytes: 0 }
let digested = 0
let last = ''
for await (const batch of sweep(engine, cache, request, new AbortController().signal)) {
  if (batch.errors.length > 0) throw new Error(`${batch.errors[0]?.path}: ${batch.errors[0]?.message}`)
  for (const file of batch.files) {
    if (file.digests.sha256 === undefined) continue
    digested++
    last = file.digests.sha256
    xor(sum, Buffer.from(file.digests.sha256, 'hex'))
  }
  const { files, hashed, cached, bytes } = batch.progress
  answer = { files, hashed, cached, bytes }
}
cache.close()
delay.disable()
const rss = peakMemory()
const held = delay.max / 1e6
console.log(JSON.stringify({ engine: engine.name, ...answer, digested, digest: combine(sum, last), rss, held }))

async function bundledSelection(): Promise<Selection> {
  const { selectEverywhere } = await import('../../extension/indicators/compile.ts')
  const { openBundledData } = await import('../../extension/indicators/checked-data.ts')
  const { decoders } = await import('../../extension/decoders/index.ts')
  const { sets, places } = await openBundledData()
  const indicators = sets.flatMap((set) => set.indicators)
  const examined = decoders.flatMap((decoder) => decoder.files ?? [])
  return selectEverywhere(indicators, places, undefined, examined)
}

function xor(into: Buffer, other: Buffer): void {
  for (let at = 0; at < into.length; at++) into[at] = (into[at] ?? 0) ^ (other[at] ?? 0)
}

/** One digest as it is; of many, a digest of their exclusive or, which no order can change. */
function combine(all: Buffer, single: string): string {
  return digested === 1 ? single : createHash('sha256').update(all).digest('hex')
}
