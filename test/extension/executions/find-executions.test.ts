/** A search for executions over a tree: what is read and judged, what is remembered, what a bad file costs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Install } from '../../../extension/domain/install.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { ExecutionFinder } from '../../../extension/executions/find-executions.ts'
import type { ExecutionReader } from '../../../extension/executions/reader.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import { imageVolume } from '../../../extension/sweep/volume.ts'

const indicators = loadBundledSets().flatMap((set) => set.indicators)
const never = new AbortController().signal
const app = 'C:\\3cx\\3CXDesktopApp.exe'

let root: string
let read: string[]
/** Bytes of a file that the reader takes. */
let longest: number

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'threecx-find-executions-'))
  read = []
  longest = 1000
  plant('var/log/runs.log', `${app}\n/usr/bin/true\n${app}\n`)
  plant('etc/passwd', 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n')
})
afterEach(() => rmSync(root, { recursive: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A line is a program of Windows that uid 1000 ran. */
const reader = (name: string): ExecutionReader => ({
  name,
  about: { reads: 'tests', blind: 'all else', platforms: ['linux'] },
  recognises: (_, head) => Buffer.from(head).includes('3CX'),
  async *read(file, access, needles) {
    read.push(`${name}:${file.name}`)
    if (file.name === 'broken.log') throw new Error('it is broken')
    const text = Buffer.from(await access.read(0, longest)).toString()
    for (const path of text.split('\n').filter((line) => needles.mayHold(line))) {
      const user = access.account(1000)
      yield { platform: 'windows', proof: 'ran', record: '', path, cmdline: '', user, time: 1_680_000_000, count: 1 }
    }
  },
})

async function finder(sources = ['runs']): Promise<ExecutionFinder> {
  const place = { id: 'logs', platform: 'linux', pattern: 'var/log/*.log', what: 'logs' } as const
  return new ExecutionFinder({
    engine: portableEngine(),
    limits: defaultLimits,
    mounts: 'same',
    volumes: [await imageVolume(root, 'linux')],
    sourcePlaces: sources.map((source) => ({ ...place, source })),
    executionReaders: sources.map(reader),
    indicators,
    matcher: matcher(indicators),
    indicatorsVersion: 'v',
    clock: { nowMs: () => 1_680_000_000_000 },
  })
}

const installed = { platform: 'windows', home: 'C:\\3cx', state: 'present', version: '18.12.416' } as Install

describe('a search', () => {
  it('judges records with the installs they belong to, and joins those of one program', async () => {
    const search = await finder()
    const unknown = await search.find([], never)
    expect(unknown.executions.map(({ path, user, count, verdict }) => ({ path, user, count, verdict }))).toEqual([
      { path: app, user: 'alice', count: 2, verdict: 'suspicious' },
    ])
    const known = await search.find([installed], never)
    expect(read, 'the file has not changed').toEqual(['runs:runs.log'])
    expect(known.executions.map(({ version }) => version)).toEqual(['18.12.416'])
  })

  it('reads a file once for every source that has it among its places', async () => {
    const { executions } = await (await finder(['one', 'two'])).find([], never)
    expect(read).toEqual(['one:runs.log', 'two:runs.log'])
    expect(executions.map(({ source }) => source).sort()).toEqual(['one', 'two'])
  })

  it('that finds more than is kept says that it was cut', async () => {
    plant('var/log/runs.log', Array.from({ length: 10_001 }, (_, at) => `C:\\${at}\\3CXDesktopApp.exe`).join('\n'))
    longest = 1_000_000
    const { executions, scans } = await (await finder()).find([], never)
    expect(executions).toHaveLength(10_000)
    expect(scans[0]?.truncated).toBe(true)
  })

  it('goes on after a file that cannot be read, and says so', async () => {
    plant('var/log/broken.log', '3CX')
    const { executions, scans } = await (await finder()).find([], never)
    expect(executions).toHaveLength(1)
    const errors = scans.flatMap(({ errors }) => errors)
    expect(errors).toMatchObject([{ path: join(root, 'var/log/broken.log'), code: 'io', message: 'it is broken' }])
  })
})
