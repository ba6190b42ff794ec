/**
 * A hunt that remembers gives what a hunt that remembers nothing gives, whatever happened to the tree and to the
 * indicators in between. Both engines.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Indicator } from '../../extension/domain/indicator.ts'
import type { ScanEngine } from '../../extension/native/engine.ts'
import { type Hunted, HuntedTree, indicator } from '../support/hunted-tree.ts'
import { contenders } from './native/engines.ts'

const contents = ['a', 'b', 'MZ not quite', 'c'.repeat(200)]
const names = ['f1', 'f2', 'x.exe', 'Info.plist']
const folders = ['', 'd1', 'd2', 'd1/e']

/** Indicators that come and go: digests of contents, and a name. */
const sought: readonly Indicator[] = [
  ...contents.slice(0, 3).map((text) => indicator('sha256', createHash('sha256').update(text).digest('hex'))),
  indicator(
    'md5',
    createHash('md5')
      .update(contents[3] ?? '')
      .digest('hex'),
  ),
  indicator('filename', 'f2'),
]

type Step =
  | { readonly kind: 'write'; readonly folder: string; readonly name: string; readonly content: string }
  | { readonly kind: 'move'; readonly from: string; readonly to: string }
  | { readonly kind: 'set_back'; readonly folder: string; readonly name: string }
  | { readonly kind: 'remove'; readonly folder: string; readonly name: string }
  | { readonly kind: 'indicators'; readonly which: readonly boolean[] }
  | { readonly kind: 'hunt' }

const folder = fc.constantFrom(...folders)
const name = fc.constantFrom(...names)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('write' as const), folder, name, content: fc.constantFrom(...contents) }),
  },
  fc.record({
    kind: fc.constant('move' as const),
    from: fc.constantFrom('d1', 'd2'),
    to: fc.constantFrom('d2', 'd3', 'd1'),
  }),
  fc.record({ kind: fc.constant('set_back' as const), folder, name }),
  fc.record({ kind: fc.constant('remove' as const), folder, name }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('indicators' as const),
      which: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'hunt' as const }) },
)

const engines = contenders().flatMap(({ label, engine }) =>
  engine && label !== 'portable, by path' ? [{ label, engine }] : [],
)

describe.each(engines)('a hunt that remembers, $label', ({ engine }) => {
  it('finds what a hunt that remembers nothing finds', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 14 }), (steps) => followed(engine, steps))
    await fc.assert(property, { numRuns: 25 })
  }, 120_000)

  it('reads no file of an unchanged tree, and says of it what it said before', async () => {
    const place = new Place(engine)
    try {
      place.take({ kind: 'indicators', which: [true, false, false, false, false] })
      for (const one of folders)
        for (const content of ['a', 'b']) place.take({ kind: 'write', folder: one, name: content, content })
      const first = await place.hunt(true)
      const second = await place.hunt(true)
      expect(first.counts).toEqual({ files: 8, hashed: 8, cached: 0 })
      expect(second).toEqual({ found: first.found, counts: { files: 8, hashed: 0, cached: 8 } })
      expect(first.found.length).toBe(4)
    } finally {
      place.close()
    }
  })
})

async function followed(engine: ScanEngine, steps: readonly Step[]): Promise<void> {
  const place = new Place(engine)
  try {
    for (const one of [...steps, { kind: 'hunt' } as const]) {
      if (one.kind !== 'hunt') place.take(one)
      else expect((await place.hunt(true)).found).toEqual((await place.hunt(false)).found)
    }
  } finally {
    place.close()
  }
}

/** A tree, what is sought in it, and what is remembered of it. */
class Place {
  readonly #directory = realpathSync(mkdtempSync(join(tmpdir(), 'threecx-rescan-')))
  readonly #tree = join(this.#directory, 'tree')
  readonly #hunted: HuntedTree
  #indicators = sought

  constructor(engine: ScanEngine) {
    for (const one of folders) mkdirSync(join(this.#tree, one), { recursive: true })
    mkdirSync(join(this.#directory, 'state'))
    this.#hunted = new HuntedTree(engine, this.#tree, join(this.#directory, 'state'))
  }

  take(step: Exclude<Step, { kind: 'hunt' }>): void {
    if (step.kind === 'indicators') this.#indicators = sought.filter((_, at) => step.which[at])
    else tried(() => this.#change(step))
  }

  #change(step: Exclude<Step, { kind: 'hunt' | 'indicators' }>): void {
    if (step.kind === 'move') {
      renameSync(join(this.#tree, step.from), join(this.#tree, step.to))
      return
    }
    const path = join(this.#tree, step.folder, step.name)
    if (step.kind === 'write') writeFileSync(path, step.content)
    if (step.kind === 'set_back') utimesSync(path, 1_600_000_000, 1_600_000_000)
    if (step.kind === 'remove') rmSync(path)
  }

  hunt(remembers: boolean): Promise<Hunted> {
    return this.#hunted.hunt(this.#indicators, remembers)
  }

  close(): void {
    rmSync(this.#directory, { recursive: true })
  }
}

/** A step that means nothing in this tree is passed over. */
function tried(change: () => void): void {
  try {
    change()
  } catch {
    // it is not there, or something else is
  }
}
