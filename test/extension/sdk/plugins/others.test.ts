/** Loggers, configurations and distributed questions: every request of osquery, and what must never reach it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ManagerClient } from '../../../../extension/sdk/client.ts'
import type { Answer, Plugin } from '../../../../extension/sdk/plugin.ts'
import { configPlugin, pushConfig } from '../../../../extension/sdk/plugins/config.ts'
import { distributedPlugin } from '../../../../extension/sdk/plugins/distributed.ts'
import { loggerPlugin } from '../../../../extension/sdk/plugins/logger.ts'
import { parseStatusLines } from '../../../../extension/sdk/plugins/status-lines.ts'
import { startCore } from '../../../../extension/sdk/testing/index.ts'

const never = new AbortController().signal
const ask = (plugin: Plugin, request: Record<string, string>): Promise<Answer> => plugin.call(request, never)
const textOf = ({ rows }: Answer) => Buffer.concat(rows.pieces).toString()

describe('status lines', () => {
  const line = (message: string) => ({
    severity: 2,
    file: 'a.cpp',
    line: 7,
    message,
    host: 'vm',
    calendarTime: '',
    unixTime: 9,
  })
  const json = (message: string) => JSON.stringify({ s: 2, f: 'a.cpp', i: 7, m: message, h: 'vm', u: 9 })

  it.each([
    ['an array', `[${json('one')},${json('two')}]`],
    ['a property tree of old versions', `{"":${json('one')},"":${json('two')}}`],
    ['numbers as text', `[${json('one')},${json('two')}]`.replaceAll(/:(\d)/g, ':"$1"')],
  ])('are read from %s', (_, log) => {
    expect(parseStatusLines(log)).toEqual([line('one'), line('two')])
  })

  it('keep braces, quotes and colons in messages', () => {
    const odd = 'a {"":{ "\\" }: "": {'
    expect(parseStatusLines(`{"":${json(odd)}}`)).toEqual([line(odd)])
  })

  it.each(['', '[]', ' '])('are none in %j', (log) => {
    expect(parseStatusLines(log)).toEqual([])
  })

  it('are kept as one line when they cannot be read', () => {
    expect(parseStatusLines('{"": {broken')).toMatchObject([{ severity: 1, message: '{"": {broken' }])
    expect(parseStatusLines('[1, null, "x"]')).toEqual([])
  })
})

describe('a logger', () => {
  it('answers features in the status code, by what it handles', async () => {
    const bare = { name: 'l', string: () => {}, failed: () => {} }
    const code = async (plugin: Plugin) => (await ask(plugin, { action: 'features' })).status.code
    expect(await code(loggerPlugin(bare))).toBe(0)
    expect(await code(loggerPlugin({ ...bare, status: () => {} }))).toBe(1)
    expect(await code(loggerPlugin({ ...bare, event: () => {} }))).toBe(2)
    expect(await code(loggerPlugin({ ...bare, status: () => {}, event: () => {} }))).toBe(3)
  })

  it('hands every kind of request to its handler, once', async () => {
    const got: string[] = []
    const plugin = loggerPlugin({
      name: 'l',
      string: (one, category) => void got.push(`string ${one} ${category}`),
      snapshot: (one) => void got.push(`snapshot ${one}`),
      init: (process, lines) => void got.push(`init ${process} ${lines.length}`),
      status: (lines) => void got.push(`status ${lines.length}`),
      event: (one) => void got.push(`event ${one}`),
      failed: (error) => void got.push(`failed ${String(error)}`),
    })
    for (const request of [
      { string: 'a', category: 'event' },
      { string_batch: '["b",{"c":1}]' },
      { string_batch: 'd\ne\n' },
      { snapshot: 'f' },
      { init: 'osqueryd', log: '[]' },
      { status: 'true', log: '[{"s":0,"m":"x"}]' },
      { event: 'g' },
      { health: 'h' },
    ]) {
      expect((await ask(plugin, request)).status).toEqual({ code: 0, message: 'OK' })
    }
    expect(got).toEqual([
      'string a event',
      'string b ',
      'string {"c":1} ',
      'string d ',
      'string e ',
      'snapshot f',
      'init osqueryd 0',
      'status 1',
      'event g',
      'failed Error: a logger was called with health; none of it is known',
    ])
  })

  it('never fails upward', async () => {
    const failures: unknown[] = []
    const plugin = loggerPlugin({
      name: 'l',
      string: () => Promise.reject(new Error('the sink is down')),
      failed: (error, request) => failures.push([String(error), request]),
    })
    expect((await ask(plugin, { string: 'x' })).status.code).toBe(0)
    expect((await ask(plugin, { snapshot: 'y' })).status.code).toBe(0)
    expect(failures).toEqual([
      ['Error: the sink is down', { string: 'x' }],
      ['Error: the sink is down', { snapshot: 'y' }],
    ])
  })
})

describe('a config', () => {
  it('gives its last good answer while its source fails, and before that the failure', async () => {
    let state: 'bad' | 'good' | 'text' = 'bad'
    const stale: string[] = []
    const plugin = configPlugin({
      name: 'c',
      genConfig: () => {
        if (state === 'bad') throw new Error('no network')
        return state === 'good' ? { main: { options: {} }, more: '// a comment\n{}' } : { main: 'no JSON' }
      },
      stale: (error) => stale.push(String(error)),
    })
    expect((await ask(plugin, { action: 'genConfig' })).status).toEqual({ code: 1, message: 'config c: no network' })
    state = 'good'
    const good = textOf(await ask(plugin, { action: 'genConfig' }))
    expect(good).toContain('{"options":{}}')
    expect(good).toContain('// a comment\n{}')
    for (state of ['bad', 'text'] as const) expect(textOf(await ask(plugin, { action: 'genConfig' }))).toBe(good)
    expect(stale).toEqual(['Error: no network', 'Error: "main" is "no JSON"; expected a JSON object'])
    expect((await ask(plugin, { action: 'genPack', name: 'p', value: 'v' })).status.message).toContain('has no packs')
    expect((await ask(plugin, { action: 'x' })).status.message).toBe('Unknown config plugin action: x')
  })

  it('is pushed to osquery', async () => {
    await using core = await startCore()
    await pushConfig(new ManagerClient(core.socket), 'x', { options: {} })
    expect(core.pushedConfigs).toEqual([{ source: 'x', data: '{"options":{}}' }])
  })
})

describe('a distributed plugin', () => {
  it('reads what a real osquery wrote', async () => {
    const golden = join(import.meta.dirname, '../../../golden/sdk/wire/recorded.json')
    const recorded = readFileSync(golden, 'utf8')
    expect(recorded).toContain('writeResults')
    const got: unknown[] = []
    const plugin = distributedPlugin({
      name: 'd',
      getQueries: () => ({ queries: { a: 'SELECT 1' }, discovery: { a: 'SELECT 2' }, accelerate: 60 }),
      writeResults: (results) => void got.push(...results),
    })
    const queries = textOf(await ask(plugin, { action: 'getQueries' }))
    expect(queries).toContain('{"queries":{"a":"SELECT 1"},"discovery":{"a":"SELECT 2"},"accelerate":60}')
    const results =
      '{"queries":{"q1":[{"seven":"7"}],"q2":[]},"statuses":{"q1":0,"q2":1},"messages":{"q1":"","q2":"no such table: nosuch"},' +
      '"stats":{"q1":{"wall_time_ms":0,"user_time":0,"system_time":0,"memory":4096}}}'
    expect((await ask(plugin, { action: 'writeResults', results })).status.code).toBe(0)
    expect(got).toEqual([
      {
        name: 'q1',
        status: 0,
        message: '',
        rows: [{ seven: '7' }],
        stats: { wallTimeMs: 0, userTime: 0, systemTime: 0, memory: 4096 },
      },
      { name: 'q2', status: 1, message: 'no such table: nosuch', rows: [], stats: undefined },
    ])
    expect((await ask(plugin, { action: 'writeResults', results: '[' })).status.code).toBe(1)
    expect((await ask(plugin, { action: 'x' })).status.message).toBe('Unknown distributed plugin action: x')
  })
})
