/** Asking osquery while osquery asks: from a table, within bounds, and never what would wait for itself. */

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { quoted, runExtension } from '../../../extension/sdk/extension.ts'
import type { HostOptions, PluginHost, PluginServices } from '../../../extension/sdk/host/host.ts'
import { openInlineHost } from '../../../extension/sdk/host/inline.ts'
import { openThreadHost } from '../../../extension/sdk/host/threaded.ts'
import { bind, defineTable, text } from '../../../extension/sdk/index.ts'
import { type Core, startCore } from '../../../extension/sdk/testing/index.ts'
import asking from './host/asking-plugins.ts'

const closing: (() => Promise<unknown> | unknown)[] = []
const module = pathToFileURL(join(import.meta.dirname, 'host/asking-plugins.ts'))

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A table of the core whose calls end when they are let go. */
function slowTable() {
  const gate = Promise.withResolvers<void>()
  const seen = { running: 0, most: 0, calls: 0 }
  const table = defineTable({
    name: 'slow',
    description: 'Answers when it is let go.',
    platforms: ['linux'],
    columns: { word: text('A word') },
    identity: ['word'],
    examples: ['SELECT * FROM slow'],
    async *generate() {
      seen.calls++
      seen.most = Math.max(seen.most, ++seen.running)
      await gate.promise
      seen.running--
      yield { word: 'at last' }
    },
  })
  return { table: bind(table, undefined), gate, seen }
}

async function openCore(options: Parameters<typeof startCore>[0] = {}): Promise<Core> {
  const core = await startCore({ intervalMs: 200, ...options })
  closing.push(() => core.stop())
  return core
}

/** An extension whose table asks, in a thread of its own, registered with the core. */
async function serve(core: Core): Promise<void> {
  const controller = new AbortController()
  const ended = runExtension({
    name: 'asks',
    version: '1',
    plugins: module,
    argv: ['--socket', core.socket, '--interval', '0.2'],
    log: { debug() {}, info() {}, warn() {}, error() {} },
    signal: controller.signal,
  })
  closing.push(() => {
    controller.abort()
    return ended
  })
  await core.waitFor('asks')
}

async function services(options: HostOptions): Promise<{ host: PluginHost; query: PluginServices['query'] }> {
  const got = Promise.withResolvers<PluginServices>()
  const host = await openInlineHost((offered) => {
    got.resolve(offered)
    return asking(offered)
  }, options)
  closing.push(() => host.close())
  return { host, query: (await got.promise).query }
}

const silent = () => {}
const registered = { uuid: 5n, registrations: 1 }
const outcome = (asked: Promise<unknown>) =>
  asked.then(JSON.stringify, (error: Error) => `${error.name}: ${error.message}`)

async function answer(core: Core, question: string): Promise<string> {
  const [row] = await core.query(`SELECT answer FROM asking WHERE question = ${quoted(question)}`)
  return row?.['answer'] ?? ''
}

describe('a table that asks osquery', () => {
  it('gets its rows while osquery waits for it', async () => {
    const core = await openCore()
    await serve(core)
    expect(await answer(core, "SELECT name FROM osquery_extensions WHERE name = 'asks'")).toBe('[{"name":"asks"}]')
    expect(await answer(core, 'SELECT * FROM no_such_table')).toBe('StatusError: no such table: no_such_table')
  })

  it('gets them for many callers at once, two questions at a time', async () => {
    const slow = slowTable()
    const core = await openCore({ tables: [slow.table] })
    await serve(core)
    const answers = Promise.all(Array.from({ length: 6 }, (_, at) => answer(core, `SELECT word, ${at} FROM slow`)))
    await expect.poll(() => slow.seen.running, { timeout: 10_000 }).toBe(2)
    slow.gate.resolve()
    expect(await answers).toEqual(Array.from({ length: 6 }, (_, at) => `[{"${at}":"${at}","word":"at last"}]`))
    expect(slow.seen.most).toBe(2)
  })

  it('is told at once when osquery ends under its question', async () => {
    const slow = slowTable()
    const core = await openCore({ tables: [slow.table] })
    const { host, query } = await services({ manager: core.socket, log: silent })
    host.session(registered)
    const asked = outcome(query('SELECT word FROM slow'))
    await expect.poll(() => slow.seen.running, { timeout: 10_000 }).toBe(1)
    const killed = core.kill()
    expect(await asked).toMatch(/WireError: .* closed the connection/)
    slow.gate.resolve()
    await killed
    expect(await outcome(query('SELECT 1'))).toMatch(/ECONNREFUSED/)
  })
})

describe('a question', () => {
  it('is refused while the extension is not registered', async () => {
    const core = await openCore()
    const { host, query } = await services({ manager: core.socket, log: silent })
    expect(await outcome(query('SELECT 1'))).toMatch(/UnaskedError: .* not registered/)
    host.session(registered)
    expect(await outcome(query('SELECT 1 AS one'))).toBe('[{"one":"1"}]')
    host.session({ uuid: 0n, registrations: 1 })
    expect(await outcome(query('SELECT 1'))).toMatch(/UnaskedError: .* not registered/)
  })

  it.each([
    'SELECT * FROM asking',
    'select * from ASKING_TOO',
    'SELECT * FROM "asking"',
    "SELECT * FROM 'asking'",
    'SELECT * FROM `asking`',
    'SELECT * FROM main.[asking] JOIN osquery_info',
    "SELECT 'it''s' FROM/* nothing */asking-- nothing",
    'SELECT 1 WHERE EXISTS (SELECT 1 FROM(asking))',
  ])('that names a table of the extension is refused: %s', async (sql) => {
    const { host, query } = await services({ manager: '/nowhere', log: silent })
    host.session(registered)
    expect(await outcome(query(sql))).toMatch(/UnaskedError: .* it would wait for itself/)
  })

  it.each(["SELECT 'asking for it' AS a", 'SELECT 1 AS a -- asking', 'SELECT 1 AS masking /* asking */'])(
    'that only looks like one is asked: %s',
    async (sql) => {
      const core = await openCore()
      const { host, query } = await services({ manager: core.socket, log: silent })
      host.session(registered)
      expect(await outcome(query(sql))).toMatch(/^\[/)
    },
  )

  it('that gets no answer in time fails, and osquery gets a rest', async () => {
    const slow = slowTable()
    const core = await openCore({ tables: [slow.table] })
    const bounds = { timeoutMs: 150, restMs: 400 }
    const { host, query } = await services({ manager: core.socket, log: silent, questions: bounds })
    host.session(registered)
    expect(await outcome(query('SELECT word FROM slow'))).toMatch(/TimeoutError: no reply .* within 150 ms/)
    expect(await outcome(query('SELECT 1 AS one'))).toMatch(/UnaskedError: .* did not answer the last question in time/)
    slow.gate.resolve()
    await expect.poll(() => outcome(query('SELECT 1 AS one')), { timeout: 5_000 }).toBe('[{"one":"1"}]')
  })

  it('beyond the queue is refused as busy, and one that leaves makes room', async () => {
    const slow = slowTable()
    const core = await openCore({ tables: [slow.table] })
    const bounds = { concurrency: 1, queue: 1 }
    const { host, query } = await services({ manager: core.socket, log: silent, questions: bounds })
    host.session(registered)
    const leaving = new AbortController()
    const first = outcome(query('SELECT word FROM slow'))
    const second = outcome(query('SELECT 2 AS two', { signal: leaving.signal }))
    expect(await outcome(query('SELECT 3'))).toMatch(/BusyError: osquery is busy: 1 queries run and 1 wait/)
    leaving.abort(new Error('the caller left'))
    expect(await second).toBe('Error: the caller left')
    const third = outcome(query('SELECT 3 AS three'))
    await expect.poll(() => slow.seen.running, { timeout: 10_000 }).toBe(1)
    slow.gate.resolve()
    expect(await Promise.all([first, third])).toEqual(['[{"word":"at last"}]', '[{"three":"3"}]'])
  })

  it('with too large an answer fails, and ends with the host', async () => {
    const slow = slowTable()
    const core = await openCore({ tables: [slow.table] })
    const { host, query } = await services({ manager: core.socket, log: silent, questions: { maxBytes: 1000 } })
    host.session(registered)
    expect(await outcome(query(`SELECT '${'x'.repeat(2000)}' AS long`))).toMatch(/Error/)
    const asked = outcome(query('SELECT word FROM slow'))
    await host.close()
    expect(await asked).toMatch(/shutting down/)
    slow.gate.resolve()
  })

  it('is bounded as the thread of the plugins was told', async () => {
    const host = await openThreadHost({
      module: module.href,
      manager: '/nowhere',
      log: silent,
      questions: { concurrency: 0, queue: 0 },
    })
    closing.push(() => host.close())
    host.session(registered)
    const context = JSON.stringify({
      constraints: [{ name: 'question', list: [{ op: 2, expr: 'SELECT 1' }], affinity: 'TEXT' }],
    })
    const { rows } = await host.call(
      { registry: 'table', item: 'asking', request: { action: 'generate', context } },
      new AbortController().signal,
    )
    expect(Buffer.concat(rows.pieces).toString()).toContain('BusyError: osquery is busy')
  })
})
