/**
 * Peers that share no code with us: the clients of osquery's Python SDK and of osquery-go ask our extension, a real
 * process registered with a core, and ours ask an extension of the Python SDK.
 *
 * They come from their registries (test/support/peers/install.ts); a test whose peer cannot be had is skipped and says why.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ExtensionClient, rowsOf, type TextRow } from 'osquery-extension-sdk/extension'
import { type Core, type LaunchedExtension, launchExtension, startCore } from 'osquery-extension-sdk/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { extensionName } from '../../extension/main.ts'
import { tables } from '../../extension/tables/index.ts'
import { row } from '../bench/serving/table.ts'
import { threecx } from '../support/command.ts'
import { goPeer, type Peer, pythonPeer } from '../support/peers/install.ts'

const run = promisify(execFile)
const installMs = 260_000

/** What the peers' `ask` programs print. */
interface Asked {
  readonly ping: { readonly code: number; readonly message: string; readonly uuid: string }
  readonly tables: Readonly<Record<string, { readonly columns: readonly TextRow[]; readonly rows: readonly TextRow[] }>>
}

/** Text of a cell of each type, as osquery reads it; empty where there is no value. */
const cellTexts: Readonly<Record<string, RegExp>> = {
  TEXT: /^/,
  INTEGER: /^(0|-?[1-9]\d{0,9})$/,
  BIGINT: /^(0|-?[1-9]\d{0,18})$/,
  DOUBLE: /^-?\d+(\.\d+)?(e[+-]\d+)?$/,
}

let state: string
let core: Core
let extension: LaunchedExtension
let uuid: bigint
let python: Peer<{ python: string; ask: string; extension: string }>
let go: Peer<{ ask: string }>

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'peers-'))
  core = await startCore()
  const file = join(import.meta.dirname, '../support/hunter-process.ts')
  extension = launchExtension({
    file,
    socket: core.socket,
    respawnMs: Number.POSITIVE_INFINITY,
    env: { THREECX_STATE: state },
  })
  uuid = await core.waitFor(extensionName, { timeoutMs: 30_000 })
  ;[python, go] = await Promise.all([pythonPeer(), goPeer()])
}, installMs)

afterAll(async () => {
  await extension.stop()
  await core.stop()
  rmSync(state, { recursive: true, force: true })
})

const names = tables.map(({ name }) => name)
const address = () => `${core.socket}.${uuid}`

async function asked(command: string, args: readonly string[]): Promise<Asked> {
  const { stdout } = await run(command, [...args, address(), ...names], { maxBuffer: 1 << 28, timeout: 60_000 })
  return JSON.parse(stdout) as Asked
}

/** What any client must have got. */
async function expectWhole({ ping, tables: got }: Asked): Promise<void> {
  expect(ping).toEqual({ code: 0, message: 'pong', uuid: String(uuid) })
  expect(Object.keys(got).sort()).toEqual([...names].sort())
  for (const table of tables) {
    const { columns = [], rows = [] } = got[table.name] ?? {}
    const declared = columns.filter(({ id }) => id === 'column').map(({ name, type }) => ({ name, type }))
    const expected = Object.entries(table.columns).map(([name, { type }]) => ({ name, type }))
    expect(declared).toEqual([...expected, { name: '_truncated', type: 'INTEGER' }])
    const types = new Map([...declared.map(({ name, type }) => [name, type] as const), ['rowid', 'BIGINT']])
    for (const one of rows) {
      for (const [name, text] of Object.entries(one))
        expect({ name, text }).toEqual({
          name,
          text: expect.stringMatching(cellTexts[types.get(name) ?? ''] ?? /^\b$/),
        })
      expect(one['rowid']).toMatch(/^[1-9]\d*$/)
      expect(one['_truncated']).toBe('0')
    }
    expect(new Set(rows.map((one) => one['rowid'])).size).toBe(rows.length)
  }
  expect(got['threecx_verdict']?.rows).toHaveLength(1)
  expect(got['threecx_extension']?.rows).toMatchObject([{ uuid: String(uuid), registrations: '1' }])
  const list = await threecx(state, ['indicators', 'list', '--format', 'json'])
  const ids = (JSON.parse(list.stdout) as { id: string }[]).map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(100)
  expect(got['threecx_indicators']?.rows.map(({ id }) => id).sort()).toEqual(ids.sort())
}

describe('our extension, asked by independent clients', () => {
  it("answers osquery's Python SDK", async ({ skip }) => {
    if (python.missing !== undefined) return skip(python.missing)
    await expectWhole(await asked(python.ready.python, [python.ready.ask]))
  })

  it('answers osquery-go', async ({ skip }) => {
    if (go.missing !== undefined) return skip(go.missing)
    await expectWhole(await asked(go.ready.ask, []))
  })
})

describe('an extension of the Python SDK, asked by us', () => {
  it('is pinged, described and read', async ({ skip }) => {
    if (python.missing !== undefined) return skip(python.missing)
    const rows = 250
    await using other = await startCore()
    const args = [python.ready.extension, '--socket', other.socket, '--timeout', '10', '--interval', '3']
    const child = spawn(python.ready.python, args, {
      env: { ...process.env, BENCH_ROWS: String(rows) },
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    try {
      const client = new ExtensionClient(`${other.socket}.${await other.waitFor('bench_python')}`)
      expect(await client.ping()).toMatchObject({ code: 0, message: 'OK' })
      const ask = async (action: string) =>
        rowsOf(await client.call({ registry: 'table', item: 'bench_rows', request: { action, context: '{}' } }))
      const columns = await ask('columns')
      expect(columns).toHaveLength(16)
      expect(columns[0]).toEqual({ id: 'column', name: 'path', op: '0', type: 'TEXT' })
      const expected = Array.from({ length: rows }, (_, number) => texts(row(number)))
      expect(await ask('generate')).toEqual(expected)
      const sql = "SELECT count(*) AS n, max(score) AS score FROM bench_rows WHERE owner = '山田'"
      expect(await other.query(sql)).toEqual([{ n: '62', score: String((2 * 247 + 1) / 8) }])
    } finally {
      child.kill('SIGKILL') // it hears nothing else while it serves
      await ended
    }
  })
})

function texts(values: object): TextRow {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}
