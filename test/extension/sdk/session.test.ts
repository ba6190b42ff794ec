/** The registration with osquery survives what happens to osquery, in the same process. */
import { rmSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { runExtension, type SessionLog, tablePlugin } from '../../../extension/sdk/extension.ts'
import type { PluginFactory } from '../../../extension/sdk/host/host.ts'
import { openInlineHost } from '../../../extension/sdk/host/inline.ts'
import { bind, defineTable, text } from '../../../extension/sdk/index.ts'
import { Session, type SessionEnd } from '../../../extension/sdk/session.ts'
import { type Core, startCore } from '../../../extension/sdk/testing/index.ts'
import { extensionAddress } from '../../../extension/sdk/transport/address.ts'

const intervalMs = 200
const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function openCore(): Promise<Core> {
  const core = await startCore({ intervalMs, timeoutMs: 500 })
  stops.push(() => core.stop())
  return core
}

/** A table whose calls end when they are let go. */
function gatedTable(name: string) {
  const gate = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const table = defineTable({
    name,
    description: 'Words.',
    platforms: ['linux'],
    columns: { word: text('A word', { index: true }) },
    identity: ['word'],
    examples: [`SELECT * FROM ${name}`],
    async *generate(context) {
      if (context.equals('word')?.includes('slow')) {
        entered.resolve()
        await gate.promise
      }
      yield { word: 'quick' }
      yield { word: 'slow' }
    },
  })
  return { table, gate, entered: entered.promise }
}

interface Started {
  readonly session: Session
  readonly ended: Promise<SessionEnd>
  readonly lines: readonly string[]
  stop(): Promise<SessionEnd>
}

async function start(
  socket: string,
  options: { name?: string; factory?: PluginFactory; isOrphan?: () => boolean } = {},
): Promise<Started> {
  const { name = 'words', isOrphan } = options
  const factory = options.factory ?? (() => [tablePlugin(bind(gatedTable(name).table, undefined))])
  const host = await openInlineHost(factory, { manager: socket, log: () => {} })
  const lines: string[] = []
  const write = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log: SessionLog = { debug: write, info: write, warn: write, error: write }
  const info = { name, version: '1', sdk_version: '5.0.0', min_sdk_version: '1.8.0' }
  const session = new Session({
    manager: socket,
    info,
    host,
    intervalMs,
    timeoutMs: 100,
    drainMs: 2_000,
    log,
    ...(isOrphan ? { isOrphan } : {}),
  })
  const controller = new AbortController()
  const ended = session.run(controller.signal)
  const stop = async () => {
    controller.abort()
    const end = await ended
    await host.close()
    return end
  }
  stops.push(stop)
  return { session, ended, lines, stop }
}

const words = (core: Core) => core.query('SELECT word FROM words ORDER BY word')
const bothWords = [{ word: 'quick' }, { word: 'slow' }]

describe('a session', () => {
  it('registers, answers, and deregisters when it is stopped', async () => {
    const core = await openCore()
    const { session, stop } = await start(core.socket)
    expect(await core.waitFor('words')).toBe(session.uuid)
    expect(await words(core)).toEqual(bothWords)
    expect(await stop()).toBe('stopped')
    expect([...core.extensions.keys()]).toEqual([])
    expect(core.events.past.at(-1)).toMatchObject({ type: 'removed', reason: 'deregistered' })
  })

  it('waits for an osquery that starts later', async () => {
    const core = await openCore()
    await core.kill()
    const { lines } = await start(core.socket)
    await expect.poll(() => lines.join()).toContain('waiting for it')
    await core.restart()
    await core.waitFor('words')
    expect(await words(core)).toEqual(bothWords)
  })

  it('is back within two intervals after osquery dropped it', async () => {
    const core = await openCore()
    await start(core.socket)
    const first = await core.waitFor('words')
    core.drop('words')
    const droppedAt = performance.now()
    const second = await core.waitFor('words')
    expect(second).not.toBe(first)
    expect(performance.now() - droppedAt).toBeLessThan(2 * intervalMs + 500)
    expect(await words(core)).toEqual(bothWords)
  })

  it('registers with an osquery that was killed and came back', async () => {
    const core = await openCore()
    await start(core.socket)
    await core.waitFor('words')
    await core.kill()
    await core.restart()
    await core.waitFor('words')
    expect(await words(core)).toEqual(bothWords)
  })

  it('stays through an orderly end of osquery when it is a service', async () => {
    const core = await openCore()
    const { lines } = await start(core.socket)
    await core.waitFor('words')
    await core.stop()
    await expect.poll(() => lines.join()).toContain('osquery is shutting down')
    await core.restart()
    await core.waitFor('words')
    expect(await words(core)).toEqual(bothWords)
  })

  it('ends with the process that started it', async () => {
    const core = await openCore()
    let isOrphan = false
    const { ended } = await start(core.socket, { isOrphan: () => isOrphan })
    await core.waitFor('words')
    isOrphan = true
    expect(await ended).toBe('osquery_ended')
  })

  it('waits on while its parent lives, and ends when it dies without osquery', async () => {
    const core = await openCore()
    let isOrphan = false
    const { ended, lines } = await start(core.socket, { isOrphan: () => isOrphan })
    await core.waitFor('words')
    await core.kill()
    await expect.poll(() => lines.join()).toContain('registration lost')
    isOrphan = true
    expect(await ended).toBe('osquery_ended')
  })

  it('registers again when its socket was removed', async () => {
    const core = await openCore()
    await start(core.socket)
    const first = await core.waitFor('words')
    const removed = core.events.next((event) => event.type === 'removed')
    rmSync(extensionAddress(core.socket, first))
    await removed
    expect(await core.waitFor('words')).not.toBe(first)
  })

  it('backs off while osquery lists a namesake, and takes its place', async () => {
    const core = await openCore()
    const first = await start(core.socket)
    await core.waitFor('words')
    const second = await start(core.socket)
    await expect.poll(() => second.lines.join()).toContain('Duplicate extension registered')
    await first.stop()
    await expect.poll(() => second.session.uuid, { timeout: 10_000 }).not.toBe(0n)
    expect(await words(core)).toEqual(bothWords)
  })

  it('keeps trying, ever more slowly, when a table of that name is there', async () => {
    const core = await openCore()
    await start(core.socket)
    await core.waitFor('words')
    const factory = () => [tablePlugin(bind(gatedTable('words').table, undefined))]
    const { lines, session } = await start(core.socket, { name: 'other', factory })
    await expect.poll(() => lines.filter((line) => line.includes('conflicts with another')).length).toBeGreaterThan(1)
    expect(session.uuid).toBe(0n)
    expect(lines.join()).toMatch(/"retry_ms":500.*"retry_ms":1000/s)
    expect(await words(core)).toEqual(bothWords)
  })

  it('lets running calls end when it is stopped', async () => {
    const core = await openCore()
    const { table, gate, entered } = gatedTable('words')
    const { stop } = await start(core.socket, { factory: () => [tablePlugin(bind(table, undefined))] })
    await core.waitFor('words')
    const answer = core.query("SELECT word FROM words WHERE word = 'slow'")
    await entered
    const stopped = stop()
    await core.events.next((event) => event.type === 'removed')
    gate.resolve()
    expect(await answer).toEqual([{ word: 'slow' }])
    expect(await stopped).toBe('stopped')
  })

  it('tells plugins of its uuid and its registrations', async () => {
    const core = await openCore()
    const views: string[] = []
    const factory: PluginFactory = ({ session }) => {
      const table = defineTable({
        name: 'words',
        description: 'The registration.',
        platforms: ['linux'],
        columns: { word: text('uuid and registrations') },
        identity: ['word'],
        examples: ['SELECT * FROM words'],
        async *generate() {
          const { uuid, registrations } = session()
          views.push(`${uuid} ${registrations}`)
          yield { word: `${uuid} ${registrations}` }
        },
      })
      return [tablePlugin(bind(table, undefined))]
    }
    await start(core.socket, { factory })
    const first = await core.waitFor('words')
    expect(await words(core)).toEqual([{ word: `${first} 1` }])
    core.drop('words')
    const second = await core.waitFor('words')
    expect(await words(core)).toEqual([{ word: `${second} 2` }])
    expect(views).toEqual([`${first} 1`, `${second} 2`])
  })

  it('asks osquery from inside a table, for its own tables too', async () => {
    const core = await openCore()
    const factory: PluginFactory = ({ manager }) => {
      const nested = defineTable({
        name: 'nested',
        description: 'Asks again.',
        platforms: ['linux'],
        columns: { word: text('From words') },
        identity: ['word'],
        examples: ['SELECT * FROM nested'],
        async *generate(context) {
          for (const { word = '' } of await manager.query('SELECT word FROM words', { signal: context.signal })) {
            yield { word }
          }
        },
      })
      return [tablePlugin(bind(gatedTable('words').table, undefined)), tablePlugin(bind(nested, undefined))]
    }
    await start(core.socket, { factory })
    await core.waitFor('words')
    expect(await core.query('SELECT word FROM nested ORDER BY word')).toEqual(bothWords)
  })
})

describe('an extension', () => {
  const silent: SessionLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const plugins = () => [tablePlugin(bind(gatedTable('words').table, undefined))]

  it('refuses to start without a socket, or with one osquery could not use', async () => {
    const said: string[] = []
    const log = { ...silent, error: (_: object, message: string) => said.push(message) }
    const options = { name: 'words', version: '1', plugins, log }
    expect(await runExtension({ ...options, argv: [] })).toBe(2)
    expect(await runExtension({ ...options, argv: ['--socket', `/${'long/'.repeat(30)}em`] })).toBe(2)
    expect(said).toEqual([
      "give --socket with the path of osquery's extension socket",
      expect.stringContaining('has 153 bytes; 101 are the most'),
    ])
  })

  it('ends with an error when its plugins cannot be made', async () => {
    const said: string[] = []
    const log = { ...silent, error: (_: object, message: string) => said.push(message) }
    const broken = () => {
      throw new Error('the plugins are broken')
    }
    expect(await runExtension({ name: 'x', version: '1', plugins: broken, argv: ['--socket=/tmp/x'], log })).toBe(1)
    expect(said).toEqual(['the plugins are broken'])
  })

  it('forwards its warnings to the loggers osquery uses', async () => {
    const core = await startCore({ intervalMs, flags: { logger_plugin: 'sink' } })
    stops.push(() => core.stop())
    const controller = new AbortController()
    const lines: string[] = []
    const { loggerPlugin } = await import('../../../extension/sdk/extension.ts')
    const factory: PluginFactory = ({ log }) => {
      setTimeout(() => log('warn', 'something is odd'), 50)
      const sink = loggerPlugin({
        name: 'sink',
        string: () => {},
        status: (got) => {
          lines.push(...got.map((line) => `${line.severity} ${line.file} ${line.message}`))
        },
        failed: () => {},
      })
      return [sink]
    }
    const argv = ['--socket', core.socket, '--interval', '0.2']
    const ended = runExtension({
      name: 'words',
      version: '1',
      plugins: factory,
      argv,
      log: silent,
      forwardLogs: true,
      signal: controller.signal,
    })
    await core.waitFor('words')
    await expect.poll(() => lines.join('\n'), { timeout: 5_000 }).toContain('1 words something is odd')
    controller.abort()
    expect(await ended).toBe(0)
  })
})
