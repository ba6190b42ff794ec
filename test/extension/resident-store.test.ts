/**
 * What a resident hunt keeps: the last complete pass, replaced whole or not at all, bounded, and never in the way of a
 * start. The schedule's arithmetic and the bounded list are here, too.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Verdict } from '../../extension/domain/finding.ts'
import type { Indicator } from '../../extension/domain/indicator.ts'
import { loadBundledSets } from '../../extension/indicators/index.ts'
import { ArtifactList, type FoundArtifact } from '../../extension/resident/artifact-list.ts'
import { maxRecordLength } from '../../extension/resident/artifact-record.ts'
import { PassStore } from '../../extension/resident/pass-store.ts'
import { defaultResidence } from '../../extension/resident/residence.ts'
import { firstRun, nextRun, retryDelay } from '../../extension/resident/schedule.ts'
import type { Logger } from '../../extension/runtime/log.ts'

const [indicator] = loadBundledSets().flatMap((set) => set.indicators) as [Indicator]
const inForce = new Map([[indicator.id, indicator]])
const pass = { startedMs: 1, finishedMs: 2, scans: [], indicatorsVersion: 'v' }

let directory: string
let path: string
let warnings: string[]
const log = { warn: (_: unknown, message: string) => warnings.push(message) } as unknown as Logger

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-store-'))
  path = join(directory, 'sweep.db')
  warnings = []
})

afterEach(() => rmSync(directory, { recursive: true }))

function found(name: string, verdict: Verdict = 'malicious'): FoundArtifact {
  const observable = { type: 'filename' as const, value: name }
  const evidence = { source: 'file', path: `/x/${name}`, time: 3, observables: [observable] }
  return {
    artifact: {
      path: `/x/${name}`,
      imagePath: `/x/${name}`,
      size: 1,
      mode: 0o644,
      uid: 0,
      gid: 0,
      owner: 'root',
      btime: 0,
      atime: 1,
      mtime: 3,
      ctime: 3,
      platform: undefined,
      digests: { sha256: 'ab' },
      product: undefined,
      payloads: [],
      notes: [],
      verdict,
      level: 'high',
      findings: [{ evidence, observable, indicator }],
    },
    file: { root: '/', path: `x/${name}`, dev: 2n ** 64n - 1n, ino: 7n, size: 1, mtimeNs: -1n, ctimeNs: 2n ** 62n },
  }
}

function opened<T>(work: (store: PassStore) => T): T {
  const store = new PassStore(path, log)
  try {
    return work(store)
  } finally {
    store.close()
  }
}

describe('a store', () => {
  it('gives back what it was given, in the next process too', () => {
    opened((store) => store.replace(pass, [found('a'), found('\\xff')], 0))
    opened((store) => {
      expect(store.header()).toEqual({ ...pass, dropped: 0 })
      const artifacts = [...store.artifacts(inForce)].sort((a, b) => a.file.path.localeCompare(b.file.path))
      expect(artifacts).toEqual([found('\\xff'), found('a')].map((one) => ({ ...one, isCurrent: true })))
    })
    expect(warnings).toEqual([])
  })

  it('knows no pass before the first', () => {
    opened((store) => {
      expect(store.header()).toBeUndefined()
      expect(store.artifacts(inForce)).toEqual([])
    })
  })

  it('replaces the whole pass', () => {
    opened((store) => {
      store.replace(pass, [found('a'), found('b')], 0)
      store.replace({ ...pass, finishedMs: 9 }, [found('c')], 4)
      expect(store.header()).toMatchObject({ finishedMs: 9, dropped: 4 })
      expect(store.artifacts(inForce).map(({ artifact }) => artifact.path)).toEqual(['/x/c'])
    })
  })

  it('keeps the pass before when the next cannot be written', () => {
    opened((store) => store.replace(pass, [found('a')], 0))
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    opened((store) => {
      store.replace({ ...pass, finishedMs: 9 }, [found('b')], 0)
      expect(store.header()).toMatchObject({ finishedMs: 2 })
      expect(store.artifacts(inForce)).toHaveLength(1)
    })
    other.exec('ROLLBACK')
    other.close()
    expect(warnings).toEqual(['sweep results could not be used for once'])
  })

  it('tells which artifacts rest on an indicator that is no longer in force', () => {
    opened((store) => {
      store.replace(pass, [found('a')], 0)
      expect(store.artifacts(new Map())).toMatchObject([{ isCurrent: false, artifact: { findings: [] } }])
    })
  })

  it('leaves out a record of absurd length and counts it', () => {
    opened((store) => {
      store.replace(pass, [found('a'), found('b'.repeat(maxRecordLength))], 0)
      expect(store.header()?.dropped).toBe(1)
      expect(store.artifacts(inForce)).toHaveLength(1)
    })
  })

  it('counts passes that were begun and did not end, across processes', () => {
    opened((store) => store.noteBegun())
    opened((store) => {
      store.noteBegun()
      expect(store.begun()).toBe(2)
      store.forgetBegun()
      expect(store.begun()).toBe(0)
      store.noteBegun()
      store.replace(pass, [], 0)
      expect(store.begun()).toBe(0)
    })
  })

  it('does not grow with the number of passes', () => {
    const many = Array.from({ length: 500 }, (_, at) => found(`${at}`))
    const sizes = Array.from({ length: 6 }, () => {
      opened((store) => store.replace(pass, many, 0))
      return statSync(path).size
    })
    expect(sizes.at(-1)).toBeLessThanOrEqual(2 * (sizes[0] ?? 0))
  })

  it.for([
    ['is no database', () => writeFileSync(path, 'nonsense'.repeat(1000))],
    ['was cut', () => truncateSync(path, 5000)],
    ['is of a future version', () => change('PRAGMA user_version = 99')],
    ['lacks a table', () => change('DROP TABLE pass; CREATE TABLE pass (other)')],
  ] as const)('that %s is set aside and said so', ([, damage]) => {
    opened((store) => store.replace(pass, [found('a')], 0))
    damage()
    opened((store) => {
      store.artifacts(inForce)
      expect(store.header()).toBeUndefined()
      store.replace(pass, [found('b')], 0)
    })
    expect(warnings).toEqual(['sweep results were damaged and start anew'])
    expect(existsSync(`${path}.damaged`)).toBe(true)
    expect(opened((store) => store.artifacts(inForce))).toHaveLength(1)
  })

  it.for([
    ['no JSON', "UPDATE artifact SET record = '{'"],
    ['of another shape', "UPDATE artifact SET record = '{}'"],
    ['a number', "UPDATE artifact SET record = '7'"],
  ] as const)('whose record is %s is set aside when it is read', ([, sql]) => {
    opened((store) => store.replace(pass, [found('a')], 0))
    change(sql)
    opened((store) => {
      expect(store.artifacts(inForce)).toEqual([])
      expect(store.header()).toBeUndefined()
    })
    expect(warnings).toEqual(['sweep results were damaged and start anew'])
  })

  it('goes on in memory where nothing can be written', () => {
    path = join(directory, 'missing', 'sweep.db')
    opened((store) => {
      store.replace(pass, [found('a')], 0)
      expect(store.artifacts(inForce)).toHaveLength(1)
    })
    expect(warnings.at(-1)).toBe('sweep results cannot be kept, keeping them in memory')
  })

  function change(sql: string): void {
    const db = new DatabaseSync(path)
    db.exec(sql)
    db.close()
    expect(readFileSync(path).length).toBeGreaterThan(0)
  }
})

describe('a bounded list', () => {
  it('keeps one artifact per path, the latest', () => {
    const list = new ArtifactList(10)
    list.add(found('a', 'suspicious'))
    list.add(found('a', 'benign'))
    expect(list.all().map(({ artifact }) => artifact.verdict)).toEqual(['benign'])
  })

  it('keeps the gravest when it is full, and counts what was left out', () => {
    const list = new ArtifactList(3)
    const verdicts: Verdict[] = ['benign', 'suspicious', 'benign', 'malicious', 'affected', 'malicious', 'benign']
    for (const [at, verdict] of verdicts.entries()) list.add(found(`${at}`, verdict))
    expect(list.all().map(({ artifact }) => artifact.verdict)).toEqual(['malicious', 'malicious', 'suspicious'])
    expect(list.dropped).toBe(4)
  })

  it('stays quick when a hostile tree offers a hundred thousand', () => {
    const list = new ArtifactList(100)
    for (let at = 0; at < 100_000; at++) list.add(found(`${at}`, 'suspicious'))
    expect(list.all()).toHaveLength(100)
    expect(list.dropped).toBe(99_900)
  })
})

describe('the schedule', () => {
  const times = defaultResidence()
  const start = { nowMs: 1e12, lastMs: undefined, hasPass: false, begun: 0, random: 0.5 }

  it('waits the short while without a pass, at random with one that is due', () => {
    expect(firstRun(times, start)).toBe(1e12 + 5_000)
    expect(firstRun(times, { ...start, hasPass: true, lastMs: 1e12 - times.intervalMs })).toBe(1e12 + 150_000)
  })

  it('does not wait for longer than an interval when the clock was set back', () => {
    expect(firstRun(times, { ...start, hasPass: true, lastMs: 2e12 })).toBe(1e12 + times.intervalMs)
    expect(nextRun(times, 2e12, 1e12)).toBe(1e12 + times.intervalMs)
  })

  it('forgives one pass that did not end, and grows patient with more', () => {
    const waits = [1, 2, 3, 50].map((begun) => firstRun(times, { ...start, begun }) - start.nowMs)
    expect(waits).toEqual([5_000, 600_000, 1_200_000, times.intervalMs])
  })

  it('doubles the wait after each failure, up to the interval', () => {
    expect([1, 2, 3, 1000].map((failures) => retryDelay(times, failures))).toEqual([
      600_000,
      1_200_000,
      2_400_000,
      times.intervalMs,
    ])
  })
})
