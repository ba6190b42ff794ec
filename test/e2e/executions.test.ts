/** Past executions, from the command line: exactly the planted ones of every image. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { executionReaders } from '../../extension/executions/index.ts'
import { threecx } from '../support/command.ts'
import { executionFiles } from '../support/image/execution-files.ts'
import { type ImageForm, imageForms } from '../support/image/planned-file.ts'
import { plantImage } from '../support/sample-image.ts'

let directory: string
const image = (platform: Platform, form: ImageForm) => join(directory, `${platform}-${form}`)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-executions-'))
  for (const platform of platforms) {
    for (const form of imageForms) {
      plantImage(platform, image(platform, form), { clean: form === 'clean', variant: form === 'variant' })
    }
  }
})

afterAll(() => rmSync(directory, { recursive: true }))

async function rows(sql: string, root: string): Promise<Record<string, unknown>[]> {
  const args = ['query', sql, '--root', root, '--format', 'json']
  const ended = await threecx(join(directory, 'state'), args)
  if (ended.exit !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

const columns = 'source, source_path, path, proof, verdict, user, time, last_time, count'
const cases = platforms.flatMap((platform) => imageForms.map((form) => ({ platform, form })))
const inOrder = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort()

describe.each(cases)('executions of a $form $platform image', ({ platform, form }) => {
  it('are exactly the planted ones', async () => {
    const { executions } = executionFiles(platform, form)
    const expected = executions.map(({ source, path, program, proof, verdict, user, time, lastTime, count }) => ({
      source,
      source_path: join(image(platform, form), path),
      path: program,
      proof,
      verdict,
      user,
      time,
      last_time: lastTime,
      count,
    }))
    const found = await rows(`SELECT ${columns} FROM threecx_executions`, image(platform, form))
    expect(inOrder(found)).toEqual(inOrder(expected))
  })
})

describe('the images', () => {
  it('carry a record of every source', () => {
    const planted = platforms.flatMap((platform) => executionFiles(platform, 'compromised').executions)
    const carried = new Set(planted.map(({ source }) => source))
    expect(executionReaders.map(({ name }) => name).filter((name) => !carried.has(name))).toEqual([])
  })
})

describe('a file that somebody names', () => {
  it('is read alone, wherever it lies', async () => {
    const root = join(directory, 'elsewhere')
    mkdirSync(join(root, 'evidence'), { recursive: true })
    const [planned] = executionFiles('windows', 'compromised').executions.filter(({ source }) => source === 'prefetch')
    const path = join(root, 'evidence', 'one.pf')
    copyFileSync(join(image('windows', 'compromised'), planned?.path ?? ''), path)
    const sql = `SELECT source, verdict FROM threecx_executions WHERE source_path = '${path}'`
    expect(await rows(sql, root), 'no install tells the version').toEqual([
      { source: 'prefetch', verdict: 'suspicious' },
    ])
    expect(await rows('SELECT * FROM threecx_executions', root), 'it lies in no place').toEqual([])
  })
})

describe('a hunt', () => {
  it('tells when the app ran, in its words and in the timeline', async () => {
    const root = image('windows', 'compromised')
    const ended = await threecx(join(directory, 'state'), ['hunt', '--root', root])
    expect(ended.stdout).toMatch(
      /ran: .*3CXDESKTOPAPP\.EXE as ALICE, 17 times, 2023-03-22T14:00:00Z to 2023-03-29T09:30:00Z/,
    )
    const [verdict] = await rows('SELECT executions FROM threecx_verdict', root)
    expect(verdict?.['executions']).toBe(executionFiles('windows', 'compromised').executions.length)
    const events = await rows("SELECT event, time FROM threecx_timeline WHERE source = 'prefetch' ORDER BY time", root)
    expect(events.map(({ event }) => event)).toEqual(['executed', 'last_executed'])
    const findings = await rows("SELECT indicator FROM threecx_findings WHERE source = 'prefetch'", root)
    expect(findings).not.toEqual([])
  })
})
