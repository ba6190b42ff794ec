/** Around every table: what osquery sends, what it gets, and the bounds of both. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ExtensionClient, type TextRow } from '../../../../extension/sdk/client.ts'
import { openInlineHost } from '../../../../extension/sdk/host/inline.ts'
import {
  bigint,
  bind,
  blob,
  defineTable,
  double,
  integer,
  type QueryContext,
  text,
  unsignedBigint,
} from '../../../../extension/sdk/index.ts'
import type { Answer } from '../../../../extension/sdk/plugin.ts'
import { type TableLimits, tablePlugin } from '../../../../extension/sdk/plugins/table.ts'
import { listenForOsquery } from '../../../../extension/sdk/server.ts'

const never = new AbortController().signal
const columns = {
  t: text('Text', { index: true }),
  i: integer('Integer'),
  b: bigint('Big'),
  u: unsignedBigint('Unsigned'),
  d: double('Double'),
  x: blob('Bytes'),
}
type Generate = (context: QueryContext<typeof columns>) => AsyncGenerator<{
  t: string
  i?: number
  b?: bigint
  u?: bigint
  d?: number
  x?: Uint8Array
}>

function plugin(generate: Generate, limits: Partial<TableLimits> = {}) {
  const table = defineTable({
    name: 'probe',
    description: 'Probe.',
    platforms: ['linux'],
    columns,
    identity: ['t'],
    examples: ['SELECT * FROM probe'],
    generate: (context) => generate(context),
  })
  return tablePlugin(bind(table, undefined), limits)
}

const ask = (context = '{}') => ({ action: 'generate', context })

/** The answer as osquery would read it, through a real socket. */
async function rowsOf(table: ReturnType<typeof plugin>, context?: string): Promise<readonly TextRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sdk-table-'))
  const manager = join(directory, 'em')
  const host = await openInlineHost(() => [table], { manager, log: () => {} })
  const listener = await listenForOsquery(host, manager, 7n, () => {})
  try {
    const client = new ExtensionClient(listener.address)
    const { status, response } = await client.call({ registry: 'table', item: 'probe', request: ask(context) })
    if (status.code !== 0) throw new Error(status.message)
    return response
  } finally {
    await listener.close(0)
    await host.close()
    rmSync(directory, { recursive: true })
  }
}

const messageOf = ({ status }: Answer) => `${status.code} ${status.message}`

describe('values', () => {
  it('travel exactly: no zeros in front, nothing cut, NULL is a key that is missing', async () => {
    const rows = await rowsOf(
      plugin(async function* () {
        yield { t: 'a', i: -2147483648, b: -(2n ** 63n), u: 2n ** 63n - 1n, d: 1e21, x: Uint8Array.of(104, 105) }
        yield { t: 'ü😀\ud800', i: 0, b: 2n ** 63n - 1n, d: -0.5 }
        yield { t: '' }
      }),
    )
    const [first, second, third] = rows.map(({ rowid: _, ...row }) => row)
    expect(first).toEqual({
      t: 'a',
      i: '-2147483648',
      b: '-9223372036854775808',
      u: '9223372036854775807',
      d: '1e+21',
      x: 'hi',
      _truncated: '0',
    })
    expect(second).toEqual({ t: 'ü😀\ufffd', i: '0', b: '9223372036854775807', d: '-0.5', _truncated: '0' })
    expect(third).toEqual({ t: '', _truncated: '0' })
    for (const { rowid = '' } of rows) expect(rowid).toMatch(/^[1-9]\d{0,18}$/)
  })
})

describe('a call', () => {
  it.each([
    ['{"constraints":[{"name":"t","list":[{"op":2,"expr":"v"}]}]}', ['v']],
    ['{"constraints":[{"name":"t","list":[{"op":"2","expr":"v"}]}]}', ['v']],
    ['{"constraints":[{"name":"t","list":""}],"colsUsedBitset":18446744073709551615}', undefined],
    ['{}', undefined],
    ['null', undefined],
  ])('reads the context %s', async (context, expected) => {
    const seen: unknown[] = []
    await rowsOf(
      plugin(async function* (given) {
        seen.push(given.equals('t'))
        yield { t: 'v' }
      }),
      context,
    )
    expect(seen).toEqual([expected])
  })

  it('refuses a context that is no JSON, and actions nobody knows, and goes on', async () => {
    const table = plugin(async function* () {
      yield { t: 'a' }
    })
    expect(messageOf(await table.call(ask('{"constraints":'), never))).toContain('1 cannot read the query context')
    expect(messageOf(await table.call({ action: 'explode' }, never))).toBe('1 Unknown table plugin action: explode')
    expect(messageOf(await table.call({}, never))).toBe('1 Unknown table plugin action: ')
    expect((await table.call(ask(), never)).rows.count).toBe(1)
    expect((await table.call({ action: 'columns' }, never)).rows.count).toBe(8) // six, the mark, the attributes
  })

  it('turns what a table throws into a status, with what to do', async () => {
    const table = plugin(async function* () {
      yield { t: 'a' }
      throw Object.assign(new Error('the disk is full'), { remedy: 'Make room.' })
    })
    expect(messageOf(await table.call(ask(), never))).toBe('1 the disk is full. Make room.')
    expect(table.metrics()).toMatchObject({ calls: 1, errors: 1, rows: 0 })
  })

  it('says that a read-only table may not be modified', async () => {
    const table = plugin(async function* () {})
    const { rows } = await table.call({ action: 'delete', id: '1' }, never)
    expect(Buffer.concat(rows.pieces).toString()).toContain('readonly')
  })
})

describe('bounds', () => {
  it('a table that does not hear its signal is late all the same', async () => {
    const gate = Promise.withResolvers<void>()
    const table = plugin(
      async function* () {
        await gate.promise
        yield { t: 'a' }
      },
      { deadlineMs: 50 },
    )
    expect(messageOf(await table.call(ask(), never))).toBe(
      '1 table probe did not answer within 0.05 s; ask for less at once',
    )
    expect(table.metrics()).toMatchObject({ late: 1, errors: 1 })
    gate.resolve()
  })

  it('calls run up to the limit, wait in order, and beyond that are refused', async () => {
    const gates: (() => void)[] = []
    const order: string[] = []
    const table = plugin(
      async function* (context) {
        const [name = ''] = context.equals('t') ?? []
        order.push(name)
        await new Promise<void>((resolve) => gates.push(resolve))
        yield { t: name }
      },
      { concurrency: 1, queue: 2 },
    )
    const named = (name: string) => ask(`{"constraints":[{"name":"t","list":[{"op":2,"expr":"${name}"}]}]}`)
    const leaving = new AbortController()
    const first = table.call(named('1'), never)
    const second = table.call(named('2'), leaving.signal)
    const third = table.call(named('3'), never)
    expect(messageOf(await table.call(named('4'), never))).toBe(
      '1 table probe is busy: 1 queries run and 2 wait; ask again later',
    )
    leaving.abort(new Error('gone'))
    expect(messageOf(await second)).toBe('1 gone')
    await expect.poll(() => gates.length).toBe(1)
    gates[0]?.()
    expect(messageOf(await first)).toBe('0 OK')
    await expect.poll(() => gates.length).toBe(2)
    gates[1]?.()
    expect(messageOf(await third)).toBe('0 OK')
    expect(order).toEqual(['1', '3'])
    expect(table.metrics()).toMatchObject({ calls: 4, refused: 1, errors: 2, rows: 2, running: 0 })
  })

  it.each([
    ['rows', { maxRows: 3 }, 3],
    ['bytes', { maxBytes: 100 }, 2],
    ['rows beyond one piece', { maxRows: 50_000 }, 50_000],
  ])('an answer is cut at its budget of %s, and says so in every row', async (_, limits, expected) => {
    const table = plugin(async function* () {
      for (let n = 0; n < 60_000; n++) yield { t: `row ${n}` }
    }, limits)
    const rows = await rowsOf(table)
    expect(rows.length).toBe(expected)
    expect(new Set(rows.map((row) => row['_truncated']))).toEqual(new Set(['1']))
    expect(rows.at(-1)?.['t']).toBe(`row ${expected - 1}`)
    expect(table.metrics()).toMatchObject({ truncated: 1, rows: expected })
  })

  it('a long answer lets others have their turn', async () => {
    const table = plugin(async function* () {
      for (let n = 0; n < 30_000; n++) yield { t: String(n) }
    })
    let turns = 0
    let isDone = false
    const count = () => {
      turns++
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    await table.call(ask(), never)
    isDone = true
    expect(turns).toBeGreaterThan(3)
  })
})
