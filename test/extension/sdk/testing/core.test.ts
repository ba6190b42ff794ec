/**
 * The core that extensions are tested against does what a real osquery was seen to do.
 */
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ManagerClient } from '../../../../extension/sdk/client.ts'
import { type Core, startCore } from '../../../../extension/sdk/testing/index.ts'
import { columns, testExtension } from './extension.ts'

const sample = { table: { sample: columns('id INTEGER', 'name TEXT', 'score DOUBLE', 'big BIGINT') } }
const sampleRows = [
  { id: '0', name: 'alpha', score: '0.0', big: '1099511627776' },
  { id: '1', name: 'beta', score: '1.5', big: '1099511627777' },
  { id: '2', name: 'gamma', score: '3.0', big: '1099511627778' },
]

function manager(core: Core): ManagerClient {
  return new ManagerClient(core.socket, { timeoutMs: 10_000 })
}

describe('a core', () => {
  it('answers pings, shows its flags and lists nobody at first', async () => {
    await using core = await startCore()
    expect(await manager(core).ping()).toEqual({ code: 0, message: 'pong', uuid: 0n })
    expect(await manager(core).extensions()).toEqual(new Map())
    expect((await manager(core).options())['extensions_socket']?.value).toBe(core.socket)
  })

  it('runs SQL over the tables of an extension, with osquery’s requests', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'one', sample, () => sampleRows)
    expect(await core.query("SELECT * FROM sample WHERE name = 'beta' OR score = 3.0")).toEqual([
      { big: '1099511627777', id: '1', name: 'beta', score: '1.5' },
      { big: '1099511627778', id: '2', name: 'gamma', score: '3.0' },
    ])
    expect(extension.calls.map(({ request }) => request['context'])).toContain(
      '{"constraints":[{"name":"big","list":[],"affinity":"BIGINT"},{"name":"id","list":[],"affinity":"INTEGER"},' +
        '{"name":"name","list":[{"op":2,"expr":"beta"}],"affinity":"TEXT"},' +
        '{"name":"score","list":[],"affinity":"DOUBLE"}],"colsUsed":["id","name","score","big"],"colsUsedBitset":15}',
    )
  })

  it('forgets an extension at the first ping that is not answered', async () => {
    await using core = await startCore({ intervalMs: 200, timeoutMs: 100 })
    const extension = await testExtension(core.socket, 'one', sample)
    await core.checkHealth()
    expect([...core.extensions.keys()]).toEqual(['one'])
    await extension.close()
    await core.checkHealth()
    expect([...core.extensions.keys()]).toEqual([])
    await expect(core.query('SELECT * FROM sample')).rejects.toThrow('no such table: sample')
  })

  it('tells extensions when it ends, and nobody when it is killed', async () => {
    const core = await startCore()
    const told = await testExtension(core.socket, 'told', {})
    await core.stop()
    expect(told.isShutDown).toBe(true)
    expect(existsSync(core.socket)).toBe(false)
    await core.restart()
    const untold = await testExtension(core.socket, 'untold', {})
    await core.kill()
    expect([untold.isShutDown, existsSync(core.socket), existsSync(`${core.socket}.${untold.uuid}`)]).toEqual([
      false,
      true,
      true,
    ])
    await expect(manager(core).ping()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await core.restart()
    expect(core.extensions.size).toBe(0)
    expect(existsSync(`${core.socket}.${untold.uuid}`)).toBe(false)
    await Promise.all([told.close(), untold.close(), core.stop()])
  })
})
