/** The main job, from the command line: planted images are found whole, their clean twins are clean, on both engines. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { threecx } from '../support/command.ts'
import { type PlantedFile, plantImage } from '../support/sample-image.ts'

let directory: string
const planted = new Map<Platform, readonly PlantedFile[]>()
const variants = new Map<Platform, readonly PlantedFile[]>()
const state = () => join(directory, 'state')
const image = (platform: Platform) => join(directory, platform)
const rebuilt = (platform: Platform) => join(directory, `${platform}-variant`)
const twin = (platform: Platform) => join(directory, `${platform}-clean`)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-e2e-'))
  for (const platform of platforms) {
    planted.set(platform, plantImage(platform, image(platform), { clean: false }))
    plantImage(platform, twin(platform), { clean: true })
    variants.set(platform, plantImage(platform, rebuilt(platform), { clean: false, variant: true }))
  }
})

afterAll(() => rmSync(directory, { recursive: true }))

interface Row {
  readonly path: string
  readonly verdict: string
  readonly matched_by: string
  readonly sha256: string
  readonly size: number
  readonly image_path: string
}

const cases = platforms.flatMap((platform) =>
  ['native', 'portable'].flatMap((engine) => ['places', 'full'].map((scope) => ({ platform, engine, scope }))),
)

/** The files that a hunt with an engine must tell of: the portable engine opens no installers. */
function told(files: readonly PlantedFile[] = [], engine: string): readonly PlantedFile[] {
  return files.filter((file) => file.verdict !== undefined && (engine === 'native' || !file.isInside))
}

/** What it told, without what a rule happens to see in the bytes of an installer that was not opened. */
function rowsOf(stdout: string, files: readonly PlantedFile[] = [], engine: string): Row[] {
  const unopened = files.filter((file) => engine !== 'native' && file.isInside).map(({ path }) => path)
  return (JSON.parse(stdout) as Row[]).filter((row) => !unopened.some((path) => row.path.endsWith(`/${path}`)))
}

/** What rows say beside times, which a look may move. */
function judged(stdout: string): string[] {
  const rows = JSON.parse(stdout) as Row[]
  return rows.map(({ path, verdict, matched_by, sha256 }) => [path, verdict, matched_by, sha256].join(' ')).sort()
}

describe.each(cases)('a $platform image, $engine engine, $scope', ({ platform, engine, scope }) => {
  const flags = scope === 'full' ? ['--full'] : []

  it('gives every planted file with its verdict and reason, and exit code 1', async () => {
    const args = ['hunt', '--root', image(platform), '--format', 'json', ...flags]
    const ended = await threecx(state(), args, { THREECX_ENGINE: engine })
    expect(ended.exit).toBe(1)
    const rows = rowsOf(ended.stdout, planted.get(platform), engine)
    const expected = told(planted.get(platform), engine)
    expect(rows.length).toBe(expected.length)
    for (const file of expected) {
      const row = rows.find((one) => one.path === join(image(platform), file.path))
      expect(row, file.path).toMatchObject({ verdict: file.verdict, sha256: file.sha256, size: file.size })
      expect(row?.matched_by.split(',')[0], file.path).toBe(file.matchedBy[0])
    }
    expect(ended.stderr).toContain('verdict: compromised')
  })

  it.runIf(scope === 'full')('gives the same again when it knows the image, and when it goes gently', async () => {
    const args = ['hunt', '--root', image(platform), '--format', 'json', ...flags]
    const first = await threecx(state(), args, { THREECX_ENGINE: engine })
    for (const more of [[], ['--cpu', '100'], ['--no-cache', '--cpu', '100', '--read-rate', '500']]) {
      const again = await threecx(state(), [...args, ...more], { THREECX_ENGINE: engine })
      expect(judged(again.stdout)).toEqual(judged(first.stdout))
    }
  })

  it('has a rebuilt form, of which nothing is listed and everything is found by structure', async () => {
    const args = ['hunt', '--root', rebuilt(platform), '--format', 'json', ...flags]
    const ended = await threecx(state(), args, { THREECX_ENGINE: engine })
    const rows = rowsOf(ended.stdout, variants.get(platform), engine)
    const expected = told(variants.get(platform), engine)
    expect(rows.map((row) => row.path).sort()).toEqual(
      expected.map((file) => join(rebuilt(platform), file.path)).sort(),
    )
    for (const file of expected) {
      const row = rows.find((one) => one.path === join(rebuilt(platform), file.path))
      expect(row?.verdict, file.path).toBe(file.verdict)
      expect(row?.matched_by.split(','), file.path).toEqual(expect.arrayContaining([...file.matchedBy]))
      expect(row?.matched_by, file.path).not.toMatch(/sha|md5|version/)
    }
  })

  it('has a clean twin in which nothing is found, exit code 0', async () => {
    const args = ['hunt', '--root', twin(platform), '--format', 'json', ...flags]
    const ended = await threecx(state(), args, { THREECX_ENGINE: engine })
    expect({ exit: ended.exit, rows: JSON.parse(ended.stdout) }).toEqual({ exit: 0, rows: [] })
    expect(ended.stderr).toContain('verdict: clean')
  })
})

describe('a hunt', () => {
  it('says what it searched and what to do next, for people', async () => {
    const { stdout } = await threecx(state(), ['hunt', '--root', image('windows')])
    expect(stdout).toMatch(/verdict: compromised/)
    expect(stdout).toMatch(/searched: .* files seen, .* read .* files\/s/)
    expect(stdout).toMatch(/next: +isolate the host/)
    expect(stdout).toContain('sample-image/windows')
  })

  it('writes a file whole or not at all', async () => {
    const output = join(directory, 'found.csv')
    const { exit, stdout } = await threecx(state(), [
      'hunt',
      '--root',
      image('darwin'),
      '--format',
      'csv',
      '--output',
      output,
    ])
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' })
    expect(readFileSync(output, 'utf8').split('\r\n')[0]).toMatch(
      /^path,directory,filename,image_path,size,type,sha256/,
    )
  })

  it('names files as the image does', async () => {
    const { stdout } = await threecx(state(), ['hunt', '--root', image('windows'), '--format', 'jsonl'])
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
    expect(rows.map((row) => row.image_path)).toContain('C:\\Windows\\System32\\krwve.jat')
  })

  it('writes nothing below the image', async () => {
    const { readdirSync } = await import('node:fs')
    const before = readdirSync(image('linux'), { recursive: true }).sort()
    await threecx(state(), ['hunt', '--root', image('linux'), '--full'])
    expect(readdirSync(image('linux'), { recursive: true }).sort()).toEqual(before)
  })
})
