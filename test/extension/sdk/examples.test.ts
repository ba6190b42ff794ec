/** Every example of an extension runs, as its own process, and does with a core what its first lines say. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Core, type LaunchedExtension, launchExtension, startCore } from '../../../extension/sdk/testing/index.ts'

const examples = join(import.meta.dirname, '../../../extension/sdk/examples')
let core: Core
let directory: string

beforeAll(async () => {
  core = await startCore({ intervalMs: 200 })
  directory = mkdtempSync(join(tmpdir(), 'sdk-examples-'))
  process.env['LINES'] = join(directory, 'lines.jsonl')
  process.env['CONFIGS'] = join(directory, 'configs')
  process.env['QUESTIONS'] = join(directory, 'questions.json')
  process.env['ANSWERS'] = join(directory, 'answers.jsonl')
  mkdirSync(join(directory, 'configs', 'packs'), { recursive: true })
})

afterAll(async () => {
  for (const name of ['LINES', 'CONFIGS', 'QUESTIONS', 'ANSWERS']) delete process.env[name]
  await core.stop()
  rmSync(directory, { recursive: true })
})

/** Runs an example while something is asked of it; it must then end in order. */
async function withExample(name: string, file: string, ask: (output: string[]) => Promise<void>): Promise<void> {
  const output: string[] = []
  const extension: LaunchedExtension = launchExtension({
    file: join(examples, file),
    socket: core.socket,
    intervalMs: 200,
    respawnMs: Infinity,
    output: (text) => output.push(text),
  })
  try {
    await core.waitFor(name, { timeoutMs: 30_000 })
    await ask(output)
  } finally {
    await extension.stop()
  }
  expect(extension.exits, output.join('')).toEqual([0])
}

const linesOf = (file: string) =>
  readFileSync(join(directory, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the example', () => {
  it('table.ts is a table', async () => {
    await withExample('hours', 'table.ts', async () => {
      expect(await core.query('SELECT hour FROM hours WHERE hour > 21 OR hour = 3 ORDER BY hour')).toEqual([
        { hour: '3' },
        { hour: '22' },
        { hour: '23' },
      ])
    })
  })

  it('logger.ts keeps what osquery writes', async () => {
    await withExample('lines', 'logger.ts', async () => {
      const request = (request: Record<string, string>) => core.call({ registry: 'logger', item: 'lines', request })
      const status = '[{"s":1,"f":"init.cpp","i":7,"m":"hello","h":"vm","c":"Mon Nov 23 15:51:37 2026 UTC","u":9}]'
      expect((await request({ action: 'features' })).status.code).toBe(1)
      for (const one of [
        { init: 'osqueryd', log: status },
        { string: '{"name":"q","action":"added"}', category: 'event' },
        { snapshot: '{"snapshot":[]}' },
        { status: 'true', log: status },
        { string: 'this is no JSON' }, // the handler fails; osquery must not hear of it
      ]) {
        expect((await request(one)).status.code).toBe(0)
      }
    })
    expect(linesOf('lines.jsonl')).toEqual([
      { kind: 'init', value: { process: 'osqueryd', earlier: 1 } },
      { kind: 'result', value: { name: 'q', action: 'added' } },
      { kind: 'snapshot', value: { snapshot: [] } },
      {
        kind: 'status',
        value: [
          {
            severity: 1,
            file: 'init.cpp',
            line: 7,
            message: 'hello',
            host: 'vm',
            calendarTime: 'Mon Nov 23 15:51:37 2026 UTC',
            unixTime: 9,
          },
        ],
      },
    ])
  })

  it('config.ts gives every source, packs, and pushes a change', async () => {
    const main = join(directory, 'configs', 'main.json')
    writeFileSync(main, '{"schedule":{}}')
    writeFileSync(join(directory, 'configs', 'packs', 'hunt.json'), '{"queries":{}}')
    await withExample('directory', 'config.ts', async () => {
      const ask = async (request: Record<string, string>) =>
        (await core.call({ registry: 'config', item: 'directory', request })).response
      expect(await ask({ action: 'genConfig' })).toEqual([{ 'main.json': '{"schedule":{}}' }])
      expect(await ask({ action: 'genPack', name: 'p', value: 'hunt' })).toEqual([{ p: '{"queries":{}}' }])
      writeFileSync(main, '{"options":{}}')
      await expect
        .poll(() => core.pushedConfigs, { timeout: 10_000 })
        .toContainEqual({ source: 'main.json', data: '{"options":{}}' })
    })
  })

  it('distributed.ts asks once and keeps the answers', async () => {
    writeFileSync(join(directory, 'questions.json'), '{"seven":"SELECT 7 AS n"}')
    await withExample('files', 'distributed.ts', async () => {
      const ask = (request: Record<string, string>) => core.call({ registry: 'distributed', item: 'files', request })
      const questions = async () => JSON.parse((await ask({ action: 'getQueries' })).response[0]?.['results'] ?? '')
      expect(await questions()).toEqual({ queries: { seven: 'SELECT 7 AS n' } })
      expect(await questions()).toEqual({ queries: {} })
      const results =
        '{"queries":{"seven":[{"n":"7"}]},"statuses":{"seven":0,"bad":1},"messages":{"bad":"no such table: x"},' +
        '"stats":{"seven":{"wall_time_ms":3,"user_time":1,"system_time":2,"memory":4096}}}'
      expect((await ask({ action: 'writeResults', results })).status.code).toBe(0)
      expect((await ask({ action: 'writeResults', results: 'no JSON' })).status.code).toBe(1)
    })
    expect(existsSync(join(directory, 'questions.json'))).toBe(false)
    expect(linesOf('answers.jsonl')).toEqual([
      {
        name: 'seven',
        status: 0,
        message: '',
        rows: [{ n: '7' }],
        stats: { wallTimeMs: 3, userTime: 1, systemTime: 2, memory: 4096 },
      },
      { name: 'bad', status: 1, message: 'no such table: x', rows: [] },
    ])
  })

  it('several.ts has several plugins of several kinds', async () => {
    await withExample('several', 'several.ts', async (output) => {
      await core.query("INSERT INTO words (word) VALUES ('two'), ('three')")
      await core.query("DELETE FROM words WHERE word = 'one'")
      expect(await core.query('SELECT word FROM words ORDER BY word')).toEqual([{ word: 'three' }, { word: 'two' }])
      await expect(core.query("INSERT INTO words (word) VALUES ('two')")).rejects.toThrow()
      const [{ calls = '' } = {}] = await core.query("SELECT calls FROM calls WHERE name = 'words'")
      expect(Number(calls)).toBeGreaterThan(3)
      for (const item of ['first', 'second']) {
        await core.call({ registry: 'logger', item, request: { string: `{"to":"${item}"}` } })
      }
      await expect.poll(() => output.join('')).toContain('second {"to":"second"}')
      expect(output.join('')).toContain('first {"to":"first"}')
    })
  })
})
