/**
 * The spool equals lists through any sequence of what can be done with it, reopening at any point included.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type SpoolBounds, SpoolFullError } from '../../../daemon/spool/spool.ts'
import type { ResultEvent } from '../../../extension/domain/result-event.ts'
import { SpoolModel } from '../../support/spool-model.ts'
import { type OpenedSpool, SpoolPlace } from '../../support/spool-place.ts'

type Action =
  | { readonly do: 'append'; readonly events: readonly ResultEvent[]; readonly isTakenBack: boolean }
  | {
      readonly do: 'deliver'
      readonly sink: string
      readonly maxEvents: number
      readonly maxBytes: number
      readonly fates: readonly number[]
    }
  | { readonly do: 'reopen' }
  | { readonly do: 'setSinks'; readonly sinks: readonly string[] }
  | { readonly do: 'tidy'; readonly now: number }

const names = ['file', 'https', 'kafka']
const event: fc.Arbitrary<ResultEvent> = fc.record({
  kind: fc.constantFrom('result', 'snapshot', 'status'),
  query: fc.constantFrom('', 'pack_a_b', 'q\u00e9'),
  unixTime: fc.integer({ min: 900, max: 1100 }),
  line: fc.oneof(
    { weight: 6, arbitrary: fc.string({ maxLength: 60, unit: 'grapheme' }) },
    { weight: 2, arbitrary: fc.integer({ min: 100, max: 3000 }).map((length) => 'y'.repeat(length)) },
    { weight: 1, arbitrary: fc.integer({ min: 3900, max: 12000 }).map((length) => 'z'.repeat(length)) },
  ),
})
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      events: fc.array(event, { maxLength: 12 }),
      isTakenBack: fc.integer({ min: 0, max: 7 }).map((dice) => dice === 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      sink: fc.constantFrom(...names),
      maxEvents: fc.integer({ min: 1, max: 15 }),
      maxBytes: fc.integer({ min: 1, max: 20_000 }),
      // 0: not in the settled batch at all, 1: failed, 2: dead, more: delivered
      fates: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 15, maxLength: 15 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setSinks' as const), sinks: fc.subarray(names, { minLength: 0 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tidy' as const), now: fc.integer({ min: 1000, max: 1200 }) }) },
)

const bounds: Readonly<Record<string, SpoolBounds>> = {
  wide: { maxBytes: 1 << 30, maxAgeSeconds: 0, whenFull: 'drop_oldest' },
  'dropping the oldest': { maxBytes: 9_000, maxAgeSeconds: 0, whenFull: 'drop_oldest' },
  'dropping by age': { maxBytes: 50_000, maxAgeSeconds: 100, whenFull: 'drop_oldest' },
  'refusing what is new': { maxBytes: 9_000, maxAgeSeconds: 100, whenFull: 'refuse_new' },
}

let place: SpoolPlace | undefined
afterEach(() => place?.remove())

describe('the spool equals lists', () => {
  for (const [name, bound] of Object.entries(bounds)) {
    it(`with bounds ${name}`, () => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
          place = new SpoolPlace()
          const model = new SpoolModel(bound)
          let opened = place.open(bound)
          try {
            for (const one of [{ do: 'setSinks', sinks: names } as const, ...actions]) {
              if (one.do === 'reopen') {
                opened.close()
                opened = place.open(bound)
              } else perform(one, opened, model)
              compare(opened, model)
            }
            expect(place.warnings).toEqual([])
          } finally {
            opened.close()
            place.remove()
          }
        }),
        { numRuns: Number(process.env['THREECX_MODEL_RUNS'] ?? 40) },
      )
    })
  }
})

function perform(action: Exclude<Action, { do: 'reopen' }>, { spool, store }: OpenedSpool, model: SpoolModel): void {
  switch (action.do) {
    case 'append': {
      if (action.isTakenBack) {
        const work = () => {
          spool.append(action.events)
          throw new Error('taken back')
        }
        expect(() => store.transaction(work)).toThrow()
        return
      }
      const isTaken = model.append(action.events)
      if (isTaken) spool.append(action.events)
      else expect(() => spool.append(action.events)).toThrow(SpoolFullError)
      return
    }
    case 'deliver': {
      const { sink, maxEvents, maxBytes, fates } = action
      const events = spool.read(sink, { maxEvents, maxBytes })
      expect(
        events.map(({ sequence, kind, query, unixTime, line }) => ({
          sequence,
          event: { kind, query, unixTime, line },
        })),
      ).toEqual(model.read(sink, maxEvents, maxBytes))
      const settled = events.filter((_, at) => fates[at] !== 0)
      const fated = (wanted: (fate: number) => boolean) =>
        settled.filter((one) => wanted(fates[events.indexOf(one)] ?? 3))
      const dead = new Map(fated((fate) => fate === 2).map((one) => [one.sequence, `reason ${one.sequence}`]))
      const delivered = new Set(fated((fate) => fate > 2).map((one) => one.sequence))
      spool.settle(sink, settled, { delivered, dead })
      model.settle(
        sink,
        settled.map((one) => one.sequence),
        delivered,
        dead,
      )
      return
    }
    case 'setSinks':
      spool.setSinks(action.sinks)
      model.setSinks(action.sinks)
      return
    case 'tidy':
      spool.tidy(action.now)
      model.tidy(action.now)
  }
}

function compare({ spool }: OpenedSpool, model: SpoolModel): void {
  expect(spool.newest).toBe(model.newest)
  const standings = [...spool.standings()].sort((a, b) => a.sink.localeCompare(b.sink))
  expect(standings).toEqual(
    [...model.sinks]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([sink, { delivered, dropped, dead }]) => ({
        sink,
        waiting: model.waiting(sink).length,
        waitingBytes: model.waitingBytes(sink),
        oldest: model.waiting(sink)[0]?.event.unixTime,
        delivered,
        dropped,
        deadLetters: dead.length,
        damaged: 0,
      })),
  )
  for (const [sink, { dead }] of model.sinks) {
    const letters = spool.deadLetters(sink, 1000).map(({ reason, event }) => ({ reason, sequence: event.sequence }))
    expect(letters).toEqual(dead.toReversed())
  }
}
