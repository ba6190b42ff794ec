/**
 * What a core does when extensions fail, hang, lie, ask back, are written to, or are gone.
 */
import { describe, expect, it, vi } from 'vitest'
import { ManagerClient } from '../../../../extension/sdk/client.ts'
import { configPlugin, distributedPlugin, loggerPlugin, pushConfig } from '../../../../extension/sdk/extension.ts'
import type { Plugin } from '../../../../extension/sdk/plugin.ts'
import type { StatusLine } from '../../../../extension/sdk/plugins/status-lines.ts'
import { type Core, startCore } from '../../../../extension/sdk/testing/index.ts'
import { extensionAddress } from '../../../../extension/sdk/transport/address.ts'
import { Listener } from '../../../../extension/sdk/transport/listener.ts'
import { extensionResponder } from '../../../../extension/sdk/wire/responder.ts'
import { tell } from '../wire/peer.ts'
import { message } from '../wire/recorded.ts'
import { columns, testExtension } from './extension.ts'

const table = (name: string, ...lines: string[]) => ({ table: { [name]: columns(...lines) } })

/** Registers plugins and serves them; for those of the SDK. */
async function serve(core: Core, plugins: readonly Plugin[]): Promise<AsyncDisposable> {
  const registry: Record<string, Record<string, readonly Record<string, string>[]>> = {}
  for (const { registry: kind, name } of plugins) registry[kind] = { ...registry[kind], [name]: [] }
  const info = { name: 'plugins', version: '1', sdk_version: '5.0.0', min_sdk_version: '0.0.0' }
  const { uuid } = await new ManagerClient(core.socket).registerExtension(info, registry)
  const listener = await Listener.open(
    extensionAddress(core.socket, uuid),
    extensionResponder({
      uuid,
      ping: () => ({ code: 0, message: 'pong' }),
      shutdown: () => {},
      call: async ({ registry: kind, item, request }, signal) => {
        const plugin = plugins.find((one) => one.registry === kind && one.name === item)
        if (!plugin) throw new Error(`no ${kind} ${item}`)
        return await plugin.call(request, signal)
      },
    }),
  )
  return { [Symbol.asyncDispose]: () => listener.abandon() }
}

describe('a query over a failing extension', () => {
  it('shows the message of its status, whole', async () => {
    await using core = await startCore()
    const refusal = { code: 1, message: 'permission denied on "/x"' }
    await using _ = await testExtension(core.socket, 'e', table('t', 'a TEXT'), () => refusal)
    await expect(core.query('SELECT * FROM t')).rejects.toThrow(/^permission denied on "\/x"$/)
  })

  it('says that the call failed when the connection closes', async () => {
    await using core = await startCore()
    await using _ = await testExtension(core.socket, 'e', table('t', 'a TEXT'), () => {
      throw new Error('a handler of the listener that throws')
    })
    await expect(core.query('SELECT * FROM t')).rejects.toThrow(/^Extension call failed: No more data to read\.$/)
  })

  it('says that it took too long', async () => {
    await using core = await startCore({ thriftTimeoutMs: 100 })
    await using _ = await testExtension(core.socket, 'e', table('t', 'a TEXT'), (_call, signal) => {
      const { promise, resolve } = Promise.withResolvers<[]>()
      signal.addEventListener('abort', () => resolve([]))
      return promise
    })
    await expect(core.query('SELECT * FROM t')).rejects.toThrow(/^Extension call failed: THRIFT_EAGAIN \(timed out\)$/)
    expect(core.extensions.has('e')).toBe(true)
  })

  it('says that the socket is not there', async () => {
    await using core = await startCore()
    const { uuid } = await testExtension(core.socket, 'e', table('t', 'a TEXT'), () => [], { listen: false })
    await expect(core.query('SELECT * FROM t')).rejects.toThrow(
      `Extension socket not available: ${core.socket}.${uuid}`,
    )
  })

  it('says which column it needs', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'e', table('t', 'q TEXT 2'), ({ request }) => [
      { q: /"expr":"(\w+)"/.exec(request['context'] ?? '')?.[1] ?? '' },
    ])
    await expect(core.query('SELECT * FROM t')).rejects.toThrow(
      /^Table t was queried without a required column in the WHERE clause$/,
    )
    expect(extension.calls).toEqual([])
    expect(await core.query("SELECT * FROM t WHERE q IN ('a', 'b')")).toEqual([{ q: 'a' }, { q: 'b' }])
  })
})

describe('queries at the same time', () => {
  it('may come from a table that is being asked, which is asked for its columns first, twice', async () => {
    await using core = await startCore()
    const manager = new ManagerClient(core.socket, { timeoutMs: 10_000 })
    const registry = { table: { outer_table: columns('a TEXT'), inner_table: columns('b TEXT') } }
    await using extension = await testExtension(core.socket, 'e', registry, async ({ item }) =>
      item === 'inner_table'
        ? [{ b: 'deep' }]
        : [{ a: JSON.stringify(await manager.query('SELECT b FROM inner_table')) }],
    )
    expect(await core.query('SELECT * FROM outer_table')).toEqual([{ a: '[{"b":"deep"}]' }])
    const called = extension.calls.map(({ item, request }) => `${item} ${request['action']}`)
    expect(called.toSorted()).toEqual([
      'inner_table columns',
      'inner_table columns',
      'inner_table generate',
      'outer_table columns',
      'outer_table columns',
      'outer_table generate',
    ])
  })
})

describe('health', () => {
  it('is code 1 in a ping: removed, and not told; other codes are healthy', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'e', table('t', 'a TEXT'))
    for (const code of [0, 2, -1]) {
      extension.pingCode = code
      await core.checkHealth()
      expect(core.extensions.has('e')).toBe(true)
    }
    extension.pingCode = 1
    await core.checkHealth()
    expect(core.extensions.has('e')).toBe(false)
    expect(extension.isShutDown).toBe(false)
    expect(core.events.past.at(-1)).toEqual({ type: 'removed', uuid: extension.uuid, name: 'e', reason: 'gone' })
  })

  it('is looked at every interval, without being asked', async () => {
    await using core = await startCore({ intervalMs: 1 }) // raised to osquery's least, 200
    await using _ = await testExtension(core.socket, 'e', {})
    const pings: number[] = []
    for (let count = 0; count < 3; count++) {
      await core.events.next(({ type }) => type === 'pinged')
      pings.push(performance.now())
    }
    expect((pings[2] ?? 0) - (pings[0] ?? 0)).toBeGreaterThan(390)
  })

  it('waits for the socket at the first look, and only then', async () => {
    await using core = await startCore({ timeoutMs: 5000 })
    const { uuid } = await testExtension(core.socket, 'late', {}, () => [], { listen: false })
    const looked = core.checkHealth()
    const service = {
      uuid,
      ping: () => ({ code: 0, message: 'pong' }),
      shutdown: () => {},
      call: async () => ({}) as never,
    }
    const listener = await Listener.open(extensionAddress(core.socket, uuid), extensionResponder(service))
    await looked
    expect(core.extensions.has('late')).toBe(true)
    await listener.abandon()
    const before = performance.now()
    await core.checkHealth()
    expect(core.extensions.has('late')).toBe(false)
    expect(performance.now() - before).toBeLessThan(4000)
  })

  it('can be taken away by a test, and names are free then', async () => {
    await using core = await startCore()
    await using one = await testExtension(core.socket, 'e', table('t', 'a TEXT'))
    expect(await core.waitFor('e')).toBe(one.uuid)
    core.drop('e')
    await using two = await testExtension(core.socket, 'e', table('t', 'a TEXT'), () => [{ a: 'second' }])
    expect(await core.waitFor('e')).toBe(two.uuid)
    expect(await core.query('SELECT * FROM t')).toEqual([{ a: 'second' }])
    await expect(core.waitFor('nobody', { timeoutMs: 30 })).rejects.toThrow(
      'extension "nobody" is not there after 30 ms',
    )
  })
})

describe('the core’s own tables', () => {
  it('list extensions, the core among them, and plugins with their owners', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'e', table('t', 'a TEXT'))
    expect(await core.query('SELECT uuid, name, path, type FROM osquery_extensions ORDER BY uuid')).toEqual([
      { uuid: '0', name: 'core', path: core.socket, type: 'core' },
      { uuid: String(extension.uuid), name: 'e', path: `${core.socket}.${extension.uuid}`, type: 'extension' },
    ])
    expect(
      await core.query(
        "SELECT registry, owner_uuid FROM osquery_registry WHERE name IN ('t', 'time') ORDER BY name = 't'",
      ),
    ).toEqual([
      { registry: 'table', owner_uuid: '0' },
      { registry: 'table', owner_uuid: String(extension.uuid) },
    ])
    expect(await core.query("SELECT value FROM osquery_flags WHERE name = 'extensions_socket'")).toEqual([
      { value: core.socket },
    ])
  })
})

describe('a change of a table', () => {
  const rw = table('rw', 'text TEXT', 'integer INTEGER')

  it('is sent as osquery sends it', async () => {
    await using core = await startCore()
    const rows = [{ rowid: '1', text: 'one', integer: '1' }]
    await using extension = await testExtension(core.socket, 'e', rw, ({ request }) =>
      request['action'] === 'generate' ? rows : [{ status: 'success', id: '2' }],
    )
    await core.query("INSERT INTO rw(text, integer) VALUES ('two', 2)")
    await core.query("UPDATE rw SET text = 'uno' WHERE integer = 1")
    await core.query("DELETE FROM rw WHERE text = 'one'")
    const context = '{"constraints":[]}'
    const changes = extension.calls.map(({ request }) => request).filter(({ action }) => action !== 'generate')
    expect(changes.map((change) => Object.keys(change).join())).toEqual([
      'action,auto_rowid,context,json_value_array',
      'action,context,id,json_value_array',
      'action,context,id',
    ])
    expect(changes).toEqual([
      { action: 'insert', auto_rowid: 'false', context, json_value_array: '["two",2]' },
      { action: 'update', context, id: '1', json_value_array: '["uno",1]' },
      { action: 'delete', context, id: '1' },
    ])
  })

  it.each([
    ['readonly', '', 'table rw may not be modified'],
    ['constraint', 'text must be unique', 'text must be unique'],
    ['failure', 'the disk is full', 'the disk is full'],
  ])('that the extension answers with %s fails', async (status, said, expected) => {
    await using core = await startCore()
    await using _ = await testExtension(core.socket, 'e', rw, () => [{ status, message: said }])
    await expect(core.query("INSERT INTO rw(text, integer) VALUES ('a', 1)")).rejects.toThrow(expected)
  })

  it('of another type never reaches the extension', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'e', rw)
    await expect(core.query("INSERT INTO rw(text, integer) VALUES (5, 'str')")).rejects.toThrow('datatype mismatch')
    expect(extension.calls).toEqual([])
  })
})

describe('plugins of other kinds', () => {
  it('are called as osquery calls them: a logger', async () => {
    await using core = await startCore()
    const heard: unknown[] = []
    const note = (kind: string) => async (value: unknown, more?: unknown) => {
      heard.push([kind, value, more])
    }
    const logger = loggerPlugin({
      name: 'log',
      string: note('string'),
      snapshot: note('snapshot'),
      init: note('init'),
      status: note('status'),
      failed: note('failed'),
    })
    await using _ = await serve(core, [logger])
    const line: StatusLine = {
      severity: 1,
      file: 'init.cpp',
      line: 410,
      message: 'a "line"',
      host: 'vm',
      calendarTime: 'Mon Nov 23 15:36:39 2026 UTC',
      unixTime: 1795448199,
    }
    const caller = core.logger('log')
    expect(await caller.features()).toBe(1)
    await caller.init('osqueryd')
    await caller.status([line])
    await caller.string({ name: 'q', action: 'added' })
    await caller.snapshot('{"snapshot":[]}')
    expect(heard).toEqual([
      ['init', 'osqueryd', []],
      ['status', [line], undefined],
      ['string', '{"name":"q","action":"added"}', 'event'],
      ['snapshot', '{"snapshot":[]}', undefined],
    ])
  })

  it('are called as osquery calls them: a config, which can also push', async () => {
    await using core = await startCore()
    const config = configPlugin({
      name: 'conf',
      genConfig: () => ({ main: { options: {} } }),
      genPack: (name, value) => ({ queries: { [name]: { query: value } } }),
    })
    await using _ = await serve(core, [config])
    expect(await core.config('conf').genConfig()).toEqual({ main: '{"options":{}}' })
    expect(await core.config('conf').genPack('p', 'v')).toBe('{"queries":{"p":{"query":"v"}}}')
    await pushConfig(new ManagerClient(core.socket), 'main', { schedule: {} })
    expect(core.pushedConfigs).toEqual([{ source: 'main', data: '{"schedule":{}}' }])
  })

  it('are called as osquery calls them: distributed questions', async () => {
    await using core = await startCore()
    const results: unknown[] = []
    const distributed = distributedPlugin({
      name: 'dist',
      getQueries: () => ({ queries: { q1: 'SELECT 1' }, accelerate: 60 }),
      writeResults: (given) => void results.push(...given),
    })
    await using _ = await serve(core, [distributed])
    const caller = core.distributed('dist')
    expect(await caller.getQueries()).toEqual({ queries: { q1: 'SELECT 1' }, accelerate: 60 })
    const stats = { wallTimeMs: 1, userTime: 2, systemTime: 3, memory: 4096 }
    const result = { name: 'q1', status: 0, message: '', rows: [{ a: '1' }], stats }
    await caller.writeResults([result])
    expect(results).toEqual([result])
  })

  it('have requests as they were recorded', async () => {
    await using core = await startCore()
    const registry = { logger: { pylog: [] }, config: { pyconf: [] }, distributed: { pydist: [] } }
    await using extension = await testExtension(core.socket, 'e', registry, ({ registry: kind }) =>
      kind === 'distributed' ? [{ results: '{}' }] : [],
    )
    await core.logger('pylog').init()
    await core.logger('pylog').features()
    await core.config('pyconf').genConfig()
    await core.config('pyconf').genPack('extpack', 'pack-resource-name')
    await core.distributed('pydist').getQueries()
    const recorded = [
      'logger-pylog-init',
      'logger-pylog-features',
      'config-pyconf-genConfig',
      'config-pyconf-genPack',
      'distributed-pydist-getQueries',
    ]
    expect(extension.calls.map(({ request }) => request)).toEqual(
      recorded.map((name) => message(`plug-extension-call-${name}-call`).body?.['3:map']),
    )
  })
})

describe('events', () => {
  it('come to readers in order, until they leave', async () => {
    await using core = await startCore()
    const seen: string[] = []
    const reading = (async () => {
      for await (const event of core.events) {
        seen.push(event.type)
        if (event.type === 'removed') break
      }
    })()
    await vi.waitFor(async () => {
      await using _ = await testExtension(core.socket, 'e', {})
      core.drop('e')
    })
    await tell(core.socket, [message('dupcore-manager-registerExtension-call').bytes], 1)
    await reading
    expect(seen).toEqual(['registered', 'removed'])
    expect(core.events.past.map(({ type }) => type)).toEqual(['started', 'registered', 'removed', 'refused'])
  })
})
