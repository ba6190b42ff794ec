/** The check of packs: what ships is sound, and each thing that can be wrong is named with file and line. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkPacks } from '../../../extension/packs/check-packs.ts'
import { loadPackFolder, shippedPacks } from '../../../extension/packs/load-packs.ts'

const head = (platforms: string, title: string) => `-- title: ${title}
-- description: D
-- platforms: ${platforms}
-- schedule: every 60 s
-- mode: differential
-- level: low
-- references: https://example.org/
-- false positives: none
-- resolution: none
-- budget: 1 row, 1 s
-- attack: none

`
const pack = '{"title":"T","description":"D"}'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-check-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

async function problemsOf(name: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = join(directory, name)
  mkdirSync(folder)
  for (const [file, text] of Object.entries({ 'pack.json': pack, ...files })) writeFileSync(join(folder, file), text)
  const found = await checkPacks(loadPackFolder(folder))
  return found.map(({ file, line, message }) => `${file.replace(`${folder}/`, '')}:${line}: ${message}`)
}

describe('the check of packs', () => {
  it('finds nothing wrong with what ships', async () => {
    expect(await checkPacks(shippedPacks())).toEqual([])
  })

  it.each([
    [
      'an unknown table',
      'linux',
      'SELECT 1 AS one\nFROM threecx_artefacts',
      'q.sql:14: on linux: no such table: threecx_artefacts',
    ],
    [
      'an unknown column',
      'linux',
      '-- path\nSELECT pid,\n  pat\nFROM processes',
      'q.sql:15: on linux: no such column: pat',
    ],
    [
      'a table of another platform',
      'windows, darwin, linux',
      'SELECT name\nFROM dns_cache',
      'q.sql:14: on darwin, linux: no such table: dns_cache; osquery has it on windows',
    ],
    [
      'a column of another platform',
      'darwin',
      'SELECT product_version FROM file',
      'q.sql:13: on darwin: no such column: product_version',
    ],
    ['a column without a name', 'linux', 'SELECT count(*) FROM users', 'q.sql:13: a column is called "count(*)"'],
    [
      'two columns of one name',
      'linux',
      'SELECT u.uid, p.uid FROM users u JOIN processes p',
      'q.sql:13: a column is called "uid:1"',
    ],
    ['a statement that does not parse', 'linux', 'SELECT 1 AS one\nFORM users', 'q.sql:14: on linux: near "FORM"'],
  ])('names %s with file and line', async (what, platforms, sql, problem) => {
    const [found = '', ...others] = await problemsOf(what.replaceAll(' ', '-'), {
      'q.sql': `${head(platforms, what)}${sql};\n`,
    })
    expect(found).toContain(problem)
    expect(others).toEqual([])
  })

  it('names a header that lacks a key, beside the problems of other files', async () => {
    const good = head('linux', 'Good')
    const found = await problemsOf('header', {
      'a.sql': `${head('linux', 'Bad').replace('-- level: low\n', '')}SELECT 1 AS one;`,
      'b.sql': `${good}SELECT x FROM users;`,
    })
    expect(found).toEqual([
      'a.sql:1: the header has no "level:"; every query has one',
      'b.sql:13: on linux: no such column: x',
    ])
  })

  it.each(['main', 'team-1', 'rendered', 'Two_Words'])('refuses %s as the name of a pack', async (name) => {
    const found = await problemsOf(name, { 'q.sql': `${head('linux', name)}SELECT uid FROM users;` })
    expect(found.join()).toMatch(/pack\.json:1: .*(reserved|kebab-case)/)
  })

  it('refuses two queries of one title, discovery that cannot run, and accepted rows of no query or column', async () => {
    const found = await problemsOf('several', {
      'pack.json': '{\n"title":"T","description":"D",\n"discovery":["SELECT 1 FROM nowhere"]}',
      'a.sql': `${head('linux', 'Same')}SELECT uid FROM users;`,
      'a.known.json': '[{"reason":"because","columns":{"colour":"red"}}]',
      'b.sql': `${head('linux', 'Same')}SELECT uid FROM users;`,
      'c.known.json': '[]',
    })
    expect(found.sort()).toEqual([
      'a.sql:13: accepted rows name "colour", which is no column of the answer',
      'b.sql:1: the title is that of several/a too; it names the query in Fleet',
      'pack.json:3: discovery, on linux: no such table: nowhere',
      'several/c.known.json:1: there is no query c.sql to it',
    ])
  })

  it.each([
    ['{}', 'expected a list'],
    ['[{"columns":{"uid":"1"}}]', '[0].reason'],
    ['[{"reason":"r","columns":{}}]', '[0].columns'],
    ['[{"reason":"r","columns":{"uid":1}}]', '[0].columns'],
    ['[{"reason":"r","columns":{"uid":"1"},"until":"x"}]', '"until" is unknown'],
  ])('refuses accepted rows like %s', async (text, message) => {
    const found = await problemsOf(`known-${message.replace(/\W+/g, '-').toLowerCase()}${text.length}x`, {
      'q.sql': `${head('linux', 'Q')}SELECT uid FROM users;`,
      'q.known.json': text,
    })
    expect(found.join()).toContain(message)
  })
})
