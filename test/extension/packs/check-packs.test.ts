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
      'q.sql:14: on linux: no such table: threecx_artefacts; ours are threecx_verdict, ',
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
    [
      'a table that osquery has not',
      'linux',
      'SELECT 1 AS one\nFROM proceses',
      'q.sql:14: on linux: no such table: proceses; osquery 5.',
    ],
    [
      'a column that osquery has elsewhere',
      'linux',
      'SELECT p.translated FROM processes AS p',
      'q.sql:13: on linux: no such column: p.translated; osquery 5.23.1 fills it on darwin alone',
    ],
    [
      'files without a path',
      'linux',
      "SELECT f.path FROM users AS u\nJOIN file AS f ON f.filename = 'x'",
      'q.sql:14: on linux: "f" is read without a condition on a column that osquery requires for it',
    ],
    [
      'a hidden column by a former name',
      'linux',
      "SELECT path FROM yara WHERE path = '/a' AND sigrule = 'r'",
      'q.sql:13: on linux: no such column: sigrule; osquery 5.23.1 hides it in yara, a former name of yara_file',
    ],
    ['a title beyond ascii', 'linux', 'SELECT uid FROM users', 'q.sql:1: the title has "é"'],
    ['a statement that does not parse', 'linux', 'SELECT 1 AS one\nFORM users', 'q.sql:14: on linux: near "FORM"'],
  ])('names %s with file and line', async (what, platforms, sql, problem) => {
    const title = what.endsWith('ascii') ? 'Caf\u00e9' : what
    const [found = '', ...others] = await problemsOf(what.replaceAll(' ', '-'), {
      'q.sql': `${head(platforms, title)}${sql};\n`,
    })
    expect(found).toContain(problem)
    expect(others).toEqual([])
  })

  it.each([
    ['a join on the path', "SELECT p.pid FROM processes AS p JOIN hash AS h ON h.path = p.path WHERE h.sha256 = 'x'"],
    ['one path or another', "SELECT path FROM file WHERE path LIKE '/a/%' OR directory = '/b'"],
    ['a former name', "SELECT path FROM yara WHERE path = '/a' AND sig_group = 'g'"],
    [
      'functions of osquery',
      "SELECT split(path, '/', 1) AS a, regex_match(path, 'b', 0) AS b, version_compare('1', '2') AS c FROM processes",
    ],
    ['a hidden column', 'SELECT uid FROM users WHERE include_remote = 1'],
    ['tables that few ask', 'SELECT s.id, c.path FROM crontab AS c JOIN systemd_units AS s ON s.user = c.command'],
  ])('finds nothing wrong with %s', async (what, sql) => {
    expect(await problemsOf(`good-${what.replaceAll(' ', '-')}`, { 'q.sql': `${head('linux', what)}${sql};` })).toEqual(
      [],
    )
  })

  it('names a header that lacks a key, beside the problems of other files', async () => {
    const good = head('linux', 'Good')
    const found = await problemsOf('header', {
      'a.sql': `${head('linux', 'Bad').replace('-- level: low\n', '')}SELECT 1 AS one;`,
      'b.sql': `${good}SELECT x FROM users;`,
    })
    expect(found).toEqual([
      'a.sql:1: the header has no "level:"; every query has one',
      'b.sql:13: on linux: no such column: x; looked for in users',
    ])
  })

  it('names a cron expression that the scheduler refuses, and a pack without a query', async () => {
    const folder = join(directory, 'cron')
    mkdirSync(folder)
    writeFileSync(join(folder, 'pack.json'), pack)
    const cron = head('linux', 'Cron').replace('every 60 s', 'cron 99 * * * *')
    writeFileSync(join(folder, 'q.sql'), `${cron}SELECT uid FROM users;`)
    const found = await checkPacks(loadPackFolder(folder), (expression) => `${expression} is refused`)
    expect(found).toMatchObject([{ line: 4, message: 'schedule: 99 * * * * is refused' }])
    expect(await problemsOf('without', {})).toEqual(['pack.json:1: there is no query beside it'])
  })

  it('names the line of JSON that does not parse', async () => {
    const found = await problemsOf('json', { 'pack.json': '{\n"title": "T",\n"description" "D"\n}' })
    expect(found[0]).toMatch(/^json\/pack\.json:3: /)
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
