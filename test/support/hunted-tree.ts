/**
 * Full hunts through one tree, with a memory of it in a state directory or without: the tests that a memory changes nothing.
 */
import { join } from 'node:path'
import { decoders } from '../../extension/decoders/index.ts'
import type { Indicator } from '../../extension/domain/indicator.ts'
import { matcher } from '../../extension/domain/match.ts'
import { Examiner } from '../../extension/examining/examiner.ts'
import { type HuntPlan, hunt } from '../../extension/hunt.ts'
import type { ScanEngine } from '../../extension/native/engine.ts'
import { noRules } from '../../extension/rules/rule-search.ts'
import type { Logger } from '../../extension/runtime/log.ts'
import { noCache, openHashCache } from '../../extension/sweep/hash-cache.ts'
import { defaultLimits } from '../../extension/sweep/request.ts'
import { nothingSettled, openSettledStore } from '../../extension/sweep/settled-store.ts'
import { imageVolume } from '../../extension/sweep/volume.ts'

const quiet = { warn: () => {} } as unknown as Logger

/** An indicator of malicious files. */
export function indicator(type: Indicator['type'], value: string): Indicator {
  const fixed = { set: 't', number: 1, component: 'c', stage: 'loader', level: 'high', status: 'malicious' } as const
  return { ...fixed, id: `t/${type}-${value.slice(0, 8)}`, type, value }
}

/** What a hunt said. */
export interface Hunted {
  /** Each artifact with the indicators that it is found by, sorted. */
  readonly found: readonly string[]
  readonly counts: { readonly files: number; readonly hashed: number; readonly cached: number }
}

/** A tree that is hunted through. */
export class HuntedTree {
  readonly #engine: ScanEngine
  readonly #tree: string
  readonly #state: string

  constructor(engine: ScanEngine, tree: string, state: string) {
    this.#engine = engine
    this.#tree = tree
    this.#state = state
  }

  /** Hunts. Files count as old enough to be settled. Throws when the hunt does not finish. */
  async hunt(indicators: readonly Indicator[], remembers: boolean): Promise<Hunted> {
    const nowMs = () => Date.now() + 3_600_000
    const cache = remembers
      ? openHashCache(join(this.#state, 'hashes.db'), quiet, () => BigInt(nowMs()) * 1_000_000n)
      : noCache
    const version = indicators.map(({ id }) => id).join()
    const plan: HuntPlan = {
      engine: this.#engine,
      volumes: [await imageVolume(this.#tree, 'windows')],
      indicators,
      places: [],
      installPlaces: [],
      sourcePlaces: [],
      sources: [],
      executionReaders: [],
      limits: defaultLimits,
      mounts: 'same',
      matcher: matcher(indicators),
      indicatorsVersion: version,
      examiner: new Examiner(this.#engine, decoders, noRules, version),
      cache,
      settled: remembers ? openSettledStore(this.#state, quiet) : nothingSettled,
      clock: { nowMs },
    }
    const found: string[] = []
    let counts = { files: 0, hashed: 0, cached: 0 }
    for await (const event of hunt(plan, { kind: 'full' }, new AbortController().signal)) {
      if (event.kind === 'artifact') {
        const { path, findings } = event.artifact // the cache may know more digests than were asked for now
        found.push(`${path} ${findings.map((one) => one.indicator.id).sort()}`)
      }
      if (event.kind !== 'scan') continue
      const { state, files, hashed, cached } = event.scan
      if (state !== 'finished') throw new Error(`the hunt is ${state}: ${JSON.stringify(event.scan.errors)}`)
      counts = { files, hashed, cached }
    }
    cache.close()
    return { found: found.sort(), counts }
  }
}
