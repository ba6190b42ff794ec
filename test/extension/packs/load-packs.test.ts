import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadPackFolder, shippedPacks } from '../../../extension/packs/load-packs.ts'

const query = `-- title: T
-- description: D
-- platforms: linux
-- schedule: every 60 s
-- mode: snapshot
-- level: low
-- references: https://example.org/
-- false positives: none
-- resolution: none
-- budget: 1 row, 1 s
-- attack: none
SELECT 1;
`

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-packs-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(directory, name)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

describe('packs', () => {
  it('ship without a problem, and every query has its pack', () => {
    const { packs, problems } = shippedPacks()
    expect(problems).toEqual([])
    expect(packs.map(({ name, isDefault }) => [name, isDefault])).toContainEqual(['threecx-hunt', true])
    for (const { name, queries } of packs) for (const one of queries) expect(one.pack).toBe(name)
  })

  it('keep their good queries beside a broken one, which is named with its place', () => {
    const path = folder('mixed', {
      'pack.json': '{"title":"T","description":"D"}',
      'good.sql': query,
      'bad.sql': query.replace('level: low', 'level: lo'),
      'notes.txt': 'not a query',
    })
    const { packs, problems } = loadPackFolder(path)
    expect(packs[0]?.queries.map(({ name }) => name)).toEqual(['good'])
    expect(problems).toEqual([
      {
        file: join(path, 'bad.sql'),
        line: 6,
        message: 'level: "lo"; expected informational, low, medium, high, critical',
      },
    ])
  })

  it.each([
    ['no pack.json', { 'good.sql': query }, 'there is no usable pack.json'],
    ['a pack.json that is no JSON', { 'pack.json': '{', 'good.sql': query }, 'JSON'],
    ['an unknown member', { 'pack.json': '{"title":"T","description":"D","color":1}' }, '"color" is unknown'],
  ])('are refused with %s', (what, files, message) => {
    const { packs, problems } = loadPackFolder(folder(what, files))
    expect(packs).toEqual([])
    expect(problems.map((problem) => problem.message).join()).toContain(message)
  })

  it('that are not there are a problem, not a crash', () => {
    expect(loadPackFolder(join(directory, 'absent')).problems[0]?.message).toContain('ENOENT')
  })
})
