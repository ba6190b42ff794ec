/** Packs run over an answerer made of answers: budgets, accepted rows, failures, discovery, platforms. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LoadedPacks, loadPackFolder } from '../../../extension/packs/load-packs.ts'
import { type Answerer, type AnswerRow, type QueryRun, runPacks } from '../../../extension/packs/run-packs.ts'

const query = (name: string, platforms: string) => `-- title: ${name}
-- description: D
-- platforms: ${platforms}
-- schedule: every 60 s
-- mode: differential
-- level: low
-- references: https://example.org/
-- false positives: none
-- resolution: none
-- budget: 2 rows, 60 s
-- attack: none

SELECT uid FROM ${name};
`

let directory: string
let loaded: LoadedPacks
beforeAll(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'threecx-run-')), 'mine')
  mkdirSync(directory)
  const files = {
    'pack.json': '{"title":"T","description":"D","discovery":["SELECT 1 FROM here"]}',
    'a.sql': query('a', 'linux'),
    'a.known.json': '[{"reason":"the build account","columns":{"uid":"7"}}]',
    'b.sql': query('b', 'windows, linux'),
    'c.sql': query('c', 'darwin'),
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text)
  loaded = loadPackFolder(directory)
})
afterAll(() => rmSync(join(directory, '..'), { recursive: true }))

function answers(tables: Readonly<Record<string, readonly AnswerRow[] | Error>>): Answerer {
  return {
    ask: async (sql, { maxRows }) => {
      const found = tables[/FROM (\w+)/.exec(sql)?.[1] ?? ''] ?? []
      if (found instanceof Error) throw found
      return { rows: found.slice(0, maxRows) }
    },
    hasDiscovery: true,
    refusal: () => undefined,
  }
}

async function all(answerer: Answerer, signal = new AbortController().signal): Promise<QueryRun[]> {
  const runs: QueryRun[] = []
  for await (const run of runPacks(loaded, answerer, 'linux', signal)) runs.push(run)
  return runs
}

const here = [{ 1: '1' }]
const uids = (...values: (string | number)[]) => values.map((uid) => ({ uid }))

describe('packs that run', () => {
  it('load without a problem', () => {
    expect(loaded.problems).toEqual([])
  })

  it('give rows without those that are accepted, and skip queries for another platform', async () => {
    const runs = await all(answers({ here, a: uids(7, '8'), b: [] }))
    expect(runs.map(({ query, outcome, rows, known }) => [query.name, outcome, rows, known])).toEqual([
      ['a', 'rows', [{ uid: '8' }], 1],
      ['b', 'nothing', [], 0],
      ['c', 'skipped', [], 0],
    ])
  })

  it('have nothing to tell when every row is accepted', async () => {
    const [first] = await all(answers({ here, a: uids(7, 7) }))
    expect([first?.outcome, first?.known]).toEqual(['nothing', 2])
  })

  it('name a query that goes over its rows, and keep its rows', async () => {
    const [, second] = await all(answers({ here, b: uids(1, 2, 3, 4, 5) }))
    expect([second?.outcome, second?.rows.length]).toEqual(['over_budget', 3])
    expect(second?.message).toBe(`more than 2 rows (${join(directory, 'b.sql')}:10)`)
  })

  it('lose nothing to a query that fails', async () => {
    const runs = await all(answers({ here, a: new Error('no such table: a'), b: uids(1) }))
    expect(runs.map(({ outcome, message }) => [outcome, message])).toEqual([
      ['failed', 'no such table: a'],
      ['rows', undefined],
      ['skipped', 'not for linux'],
    ])
  })

  it.each([
    ['gives no row', [], 'gave no row'],
    ['fails', new Error('no such table: here'), 'failed: no such table: here'],
  ])('are not in force where discovery %s', async (_what, found, message) => {
    const runs = await all(answers({ here: found, a: uids(1) }))
    expect(runs.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped'])
    expect(runs[0]?.message).toContain(message)
  })

  it('end with the reason of an abort', async () => {
    await expect(all(answers({ here }), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})
