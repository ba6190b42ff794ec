/**
 * The core answers recorded requests with the recorded bytes: over a real socket, uuids aside.
 */
import { describe, expect, it } from 'vitest'
import type { TextRow } from '../../../../extension/sdk/client.ts'
import { type Core, startCore } from '../../../../extension/sdk/testing/index.ts'
import { tell } from '../wire/peer.ts'
import { type Body, field, message } from '../wire/recorded.ts'
import { columns, testExtension } from './extension.ts'

/** Sends recorded bytes; hears as many as were answered then. */
async function replay(core: Core, name: string, reply = name.replace(/-call$/, '-reply')): Promise<void> {
  const expected = message(reply).bytes
  const heard = await tell(core.socket, [message(name).bytes], expected.length)
  expect(heard.bytes.toString('latin1')).toBe(expected.toString('latin1'))
}

function rowsOf(name: string): readonly TextRow[] {
  return field(field<Body>(message(name).body, '0:struct'), '2:list')
}

/** The registry part of a recorded registration. */
function registryOf(name: string) {
  return field<Record<string, Record<string, readonly TextRow[]>>>(message(name).body, '2:map')
}

describe('a core answers byte for byte', () => {
  it.each([
    'cpp-manager-ping',
    'cpp-manager-call-database-default-scan',
    'cli9-manager-deregisterExtension',
    'cli9-manager-call-table-nosuch-generate',
    'cli9-manager-call-nosuch-x-generate',
    'cli9-manager-getQueryColumns',
    'cli9-manager-query',
    'cli9-manager-call-config-filesystem-genConfig',
    'cli9-manager-call-sql-sql-query',
    'dupcore-manager-registerExtension',
    'raw-manager-query',
  ])('%s', async (name) => {
    await using core = await startCore()
    await replay(core, `${name}-call`)
  })

  it('an unknown method', async () => {
    await using core = await startCore()
    await replay(core, 'raw-manager-nosuch-call', 'raw-manager-nosuch-exception')
  })

  it('shutdown, and goes on', async () => {
    await using core = await startCore()
    await replay(core, 'cpp-extension-shutdown-call')
    await replay(core, 'cpp-manager-ping-call')
  })

  it('a pushed configuration, and keeps it', async () => {
    await using core = await startCore()
    await replay(core, 'cli9-manager-call-config-update-update-call', 'cpp-manager-call-database-default-scan-reply')
    expect(core.pushedConfigs).toEqual([{ source: 'x', data: '{"options":{}}' }])
  })

  it('a name that is taken, and a plugin that is taken', async () => {
    await using core = await startCore()
    const taken = { table: { f_dup: columns('a TEXT') } }
    await using _ = await testExtension(core.socket, 'extA', taken)
    await replay(core, 'dup-manager-registerExtension-call')
    await replay(core, 'dupname-manager-registerExtension-call')
    expect([...core.extensions.keys()]).toEqual(['extA'])
  })

  it.each(['cpp', 'py9', 'plug', 'restart', 'raw'])('a registration, its list and its end: %s', async (name) => {
    await using core = await startCore()
    const expected = message(`${name}-manager-registerExtension-reply`).bytes
    const { bytes } = await tell(
      core.socket,
      [message(`${name}-manager-registerExtension-call`).bytes],
      expected.length,
    )
    const uuidAt = expected.length - 10 // i64, then the ends of two structures
    expect(bytes.subarray(0, uuidAt)).toEqual(expected.subarray(0, uuidAt))
    expect(bytes.subarray(-2)).toEqual(Buffer.of(0, 0))
    const uuid = bytes.readBigInt64BE(uuidAt)
    expect([...core.extensions.values()]).toEqual([uuid])
    const bye = Buffer.from(message('py9-manager-deregisterExtension-call').bytes)
    bye.writeBigInt64BE(uuid, bye.length - 9)
    const gone = message('py9-manager-deregisterExtension-reply').bytes
    expect((await tell(core.socket, [bye], gone.length)).bytes).toEqual(gone)
    expect(core.extensions.size).toBe(0)
  })

  it('the list of extensions', async () => {
    await using core = await startCore()
    const expected = message('cpp-manager-extensions-reply').bytes
    await tell(core.socket, [message('cpp-manager-registerExtension-call').bytes], 61)
    const { bytes } = await tell(core.socket, [message('cpp-manager-extensions-call').bytes], expected.length)
    const uuidAt = expected.indexOf(Buffer.of(0x0d, 0, 0)) + 3 + 6 // a map: its types, its size
    const [uuid = 0n] = core.extensions.values()
    const same = Buffer.from(expected)
    same.writeBigInt64BE(uuid, uuidAt)
    expect(bytes.toString('hex')).toBe(same.toString('hex'))
  })
})

describe('a core in front of the recorded C++ extension', () => {
  const registry = { table: registryOf('cpp-manager-registerExtension-call')['table'] ?? {} }
  const rows = rowsOf('cpp-extension-call-table-cpp-opts-generate-reply')

  it('answers a query over its rows byte for byte', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'cppext', registry, () => rows)
    await replay(core, 'cli-manager-query-call')
    await replay(core, 'cli-manager-getQueryColumns-call')
    expect(extension.calls.map(({ item, request }) => [item, request['action']])).toEqual([['cpp_opts', 'generate']])
  })

  it('asks it as osquery did', async () => {
    await using core = await startCore()
    await using extension = await testExtension(core.socket, 'cppext', registry, () => rows)
    await core.query('select * from cpp_opts')
    const recorded = field<Record<string, string>>(
      message('cpp-extension-call-table-cpp-opts-generate-call').body,
      '3:map',
    )
    // osquery lists the used columns in the order of a hash table.
    const comparable = (context = '') => {
      const [constraints, used = ''] = context.split('"colsUsed":')
      return { constraints, used: used.replace(/\[(.*)\]/, (_, names: string) => names.split(',').sort().join()) }
    }
    expect(extension.calls.map(({ request }) => comparable(request['context']))).toEqual([
      comparable(recorded['context']),
    ])
  })
})

describe('messages at the edge', () => {
  const pong = (seqid: string) =>
    `800100020000000470696e67${seqid}0c0000080001000000000b000200000004706f6e670a000300000000000000000000`

  it.each([
    ['a sequence number', ['800100010000000470696e670102030400'], pong('01020304')],
    ['no version word', ['0000000470696e67010000000700'], pong('00000007')],
    [
      'two at once',
      ['800100010000000470696e670000000000800100010000000470696e670000000000'],
      pong('00000000').repeat(2),
    ],
    ['one cut in two', ['800100010000', '000470696e670000000000'], pong('00000000')],
    ['a field nobody knows', ['800100010000000470696e67000000000b006300000002686900'], pong('00000000')],
    ['one way', ['800100040000000470696e670000000000'], pong('00000000')],
  ])('are answered: %s', async (_what, sent, expected) => {
    await using core = await startCore()
    const pieces = sent.map((hex) => Buffer.from(hex, 'hex'))
    expect((await tell(core.socket, pieces, expected.length / 2)).bytes.toString('hex')).toBe(expected)
  })

  it.each([
    ['another version', '800200010000000470696e670000000000'],
    ['text', '474554202f20485454502f312e310d0a0d0a'],
    ['a negative length', '80010001ffffffff7878787878787878'],
    ['a length of 2 GiB, where osquery goes on waiting', '800100017fffffff7878787878787878'],
  ])('end the connection: %s', async (_what, hex) => {
    await using core = await startCore()
    expect(await tell(core.socket, [Buffer.from(hex, 'hex')], 1)).toEqual({ bytes: Buffer.alloc(0), isClosed: true })
  })
})
