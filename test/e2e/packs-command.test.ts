/** `threecx packs` as a user runs it: list, check, build, and run over an image and over a core on a socket. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../extension/domain/errors.ts'
import { osqueryTables } from '../../extension/packs/osquery-schema.ts'
import { startCore } from '../../extension/sdk/testing/index.ts'
import { threecx } from '../support/command.ts'
import { plantImage } from '../support/sample-image.ts'

const header = `-- title: Programs named after a bird
-- description: D
-- platforms: windows, darwin, linux
-- schedule: every 60 s
-- mode: differential
-- level: low
-- references: https://example.org/
-- false positives: none
-- resolution: none
-- budget: 5 rows, 60 s
-- attack: none

`

let directory: string
let mine: string
const packs = async (...args: string[]) => await threecx(join(directory, 'state'), ['packs', ...args])

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-packs-command-'))
  plantImage('windows', join(directory, 'bad'), { clean: false })
  plantImage('windows', join(directory, 'clean'), { clean: true })
  mine = join(directory, 'birds')
  mkdirSync(mine)
  writeFileSync(join(mine, 'pack.json'), '{"title":"T","description":"D","discovery":["SELECT 1 FROM processes"]}')
  writeFileSync(join(mine, 'programs.sql'), `${header}SELECT name FROM processes WHERE name LIKE '%finch';\n`)
})
afterAll(() => rmSync(directory, { recursive: true }))

describe('threecx packs', () => {
  it('lists every query', async () => {
    const { exit, stdout } = await packs('list', '--format', 'json')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ pack: 'threecx-hunt', query: 'artifacts' }))
  })

  it('checks what ships, and names what is wrong in a folder with its line', async () => {
    expect(await packs('check')).toMatchObject({ exit: 0, stdout: expect.stringContaining('no problems') })
    const wrong = join(directory, 'wrong')
    mkdirSync(wrong)
    writeFileSync(join(wrong, 'pack.json'), '{"title":"T","description":"D"}')
    writeFileSync(join(wrong, 'q.sql'), `${header}SELECT feathers\nFROM users;`)
    const { exit, stdout } = await packs('check', wrong)
    expect(exit).toBe(errorCodes.packs_invalid.exit)
    expect(stdout).toContain(`${join(wrong, 'q.sql')}:13: on windows, darwin, linux: no such column: feathers`)
  })

  it('builds a pack of your own, and nothing where a target or a pack is not known', async () => {
    const out = join(directory, 'out')
    expect((await packs('build', '--target', 'osquery', '--out', out, mine)).exit).toBe(0)
    expect(JSON.parse(readFileSync(join(out, 'birds.conf'), 'utf8')).queries).toHaveProperty('programs')
    const nowhere = join(directory, 'nowhere')
    for (const args of [
      ['--target', 'splunk', '--out', nowhere],
      ['--target', 'osquery', '--out', nowhere, join(directory, 'absent')],
    ]) {
      expect((await packs('build', ...args)).exit).toBeGreaterThan(1)
    }
    expect(existsSync(nowhere)).toBe(false)
  })

  it('runs hunts over an image: exit code 1 with rows, 0 on the clean twin', async () => {
    const bad = await packs('run', 'sophos-2023-03', '--root', join(directory, 'bad'), '--no-cache', '--format', 'json')
    expect(bad.exit).toBe(1)
    const rows: Record<string, unknown>[] = JSON.parse(bad.stdout)
    const found = new Set(rows.filter((row) => row['outcome'] === 'rows').map((row) => row['query']))
    expect([...found].sort()).toEqual(['affected_versions', 'c2_contact', 'malicious_files'])
    const clean = await packs(
      'run',
      'threecx-hunt',
      '--root',
      join(directory, 'clean'),
      '--no-cache',
      '--format',
      'json',
    )
    expect([clean.exit, clean.stderr]).toEqual([0, ''])
  })

  it('asks an osquery by its socket, takes accepted rows out, and says when nothing listens', async () => {
    const tables = osqueryTables('linux', { processes: [{ name: 'bullfinch' }, { name: 'init' }] })
    await using core = await startCore({ tables: tables.filter(({ name }) => name === 'processes') })
    const found = await packs('run', mine, '--socket', core.socket, '--format', 'json')
    expect(found.exit).toBe(1)
    expect(JSON.parse(found.stdout)).toMatchObject([{ outcome: 'rows', row: '{"name":"bullfinch"}' }])
    const accepted = [{ reason: 'the night watch', columns: { name: 'bullfinch' } }]
    writeFileSync(join(mine, 'programs.known.json'), JSON.stringify(accepted))
    const quiet = await packs('run', mine, '--socket', core.socket, '--format', 'json')
    expect(quiet.exit).toBe(0)
    expect(JSON.parse(quiet.stdout)).toMatchObject([{ outcome: 'nothing', known: 1 }])
    const nobody = await packs('run', mine, '--socket', join(directory, 'no.em'), '--format', 'json')
    expect(nobody).toMatchObject({ exit: errorCodes.sql_failed.exit, stderr: expect.stringContaining('no.em') })
  })

  it('does not pass when nothing could be asked', async () => {
    const apples = join(directory, 'apples')
    mkdirSync(apples)
    writeFileSync(join(apples, 'pack.json'), '{"title":"T","description":"D"}')
    writeFileSync(
      join(apples, 'q.sql'),
      `${header.replace('windows, darwin, linux', 'darwin')}SELECT name FROM apps;\n`,
    )
    const { exit, stdout } = await packs('run', apples, '--root', join(directory, 'clean'), '--no-cache')
    expect(exit).toBe(errorCodes.usage.exit)
    expect(stdout).toContain("asks osquery's tables of darwin; this is windows")
  })
})
