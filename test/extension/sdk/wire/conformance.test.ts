/**
 * Our bytes are osquery's: held to what a real osqueryd and the C++ SDK wrote.
 */
import { describe, expect, it } from 'vitest'
import { ExtensionClient, ManagerClient, type TextRow } from '../../../../extension/sdk/client.ts'
import { MessageScan, messageTypes } from '../../../../extension/sdk/wire/message.ts'
import {
  type ExtensionInfo,
  extensionResponder,
  type ManagerService,
  managerResponder,
  type OptionInfo,
  type PluginCall,
  type RegistryRoutes,
} from '../../../../extension/sdk/wire/responder.ts'
import type { Answer } from '../../../../extension/sdk/wire/response.ts'
import { encodeMaps, noRows } from '../../../../extension/sdk/wire/rows.ts'
import { withPeer } from './peer.ts'
import { type Body, field, message, type RecordedMessage, recorded } from './recorded.ts'

const limit = 1 << 20

function scanned(bytes: Buffer) {
  const found = new MessageScan(limit).find(bytes)
  if (!found) throw new Error('the message is incomplete')
  return found
}

/** What a manager was asked, as `method` and arguments. */
type Asked = readonly [method: string, ...args: unknown[]]

/** A manager that notes what it is asked and answers as told. */
function manager(asked: Asked[], answers: Partial<ManagerService> = {}): ManagerService {
  const note =
    <A extends unknown[], R>(method: string, answer: (...args: A) => R) =>
    (...args: A): R => {
      asked.push([method, ...args])
      return answer(...args)
    }
  const empty: Answer = { status: { code: 0, message: 'OK' }, rows: noRows }
  const { uuid = 0n } = answers
  return {
    uuid,
    ping: note('ping', answers.ping ?? (() => ({ code: 0, message: 'pong' }))),
    call: note('call', answers.call ?? (async () => empty)),
    shutdown: note('shutdown', answers.shutdown ?? (() => {})),
    extensions: note('extensions', answers.extensions ?? (() => ({}))),
    options: note('options', answers.options ?? (() => ({}))),
    registerExtension: note(
      'registerExtension',
      answers.registerExtension ?? (() => ({ code: 0, message: 'OK', uuid: 1n })),
    ),
    deregisterExtension: note(
      'deregisterExtension',
      answers.deregisterExtension ?? (() => ({ code: 0, message: 'OK' })),
    ),
    query: note('query', answers.query ?? (async () => empty)),
    getQueryColumns: note('getQueryColumns', answers.getQueryColumns ?? (async () => empty)),
  }
}

async function askedBy(bytes: Buffer): Promise<Asked> {
  const asked: Asked[] = []
  await managerResponder(manager(asked))(scanned(bytes), new AbortController().signal)
  const [only] = asked
  if (!only || asked.length > 1) throw new Error(`asked ${asked.length} times`)
  return only
}

async function ask(client: ManagerClient, [method, ...args]: Asked): Promise<unknown> {
  switch (method) {
    case 'call':
      return await client.call(args[0] as PluginCall)
    case 'registerExtension':
      return await client.registerExtension(args[0] as ExtensionInfo, args[1] as RegistryRoutes)
    case 'deregisterExtension':
      return await client.deregisterExtension(args[0] as bigint)
    case 'query':
      return await client.query(String(args[0]))
    case 'getQueryColumns':
      return await client.getQueryColumns(String(args[0]))
    case 'ping':
      return await client.ping()
    case 'shutdown':
      return await client.shutdown()
    case 'extensions':
      return await client.extensions()
    default:
      return await client.options()
  }
}

describe('the end of a message', () => {
  it.each(recorded.map((one) => [one.name, one] as const))('%s', (_name, { bytes, method, seqid }) => {
    const whole = scanned(Buffer.concat([bytes, Buffer.from('what follows')]))
    expect([whole.length, whole.method, whole.seqid]).toEqual([bytes.length, method, seqid])
    const byByte = new MessageScan(limit)
    for (let length = 0; length < bytes.length; length++) {
      if (byByte.find(bytes.subarray(0, length))) throw new Error(`complete at ${length} of ${bytes.length}`)
      if (length < 1000 && new MessageScan(limit).find(bytes.subarray(0, length)))
        throw new Error(`a prefix of ${length}`)
    }
    expect(byByte.find(bytes)?.length).toBe(bytes.length)
  })
})

/** The raw edge cases leave fields out, and npm's old client counts its requests: nobody of us does. */
const requests = recorded.filter(({ type, name }) => type === 'CALL' && !/^(raw|npm)-manager/.test(name))

describe('a request', () => {
  it('is recorded for every method', () => {
    expect(new Set(requests.map(({ method }) => method)).size).toBe(9)
  })

  it.each(requests.map((one) => [one.name, one] as const))(
    '%s is written as it was',
    async (_name, { bytes, body }) => {
      const asked = await askedBy(bytes)
      if (body)
        expect(asked.slice(1).filter((one) => !(one instanceof AbortSignal))).toEqual(argumentsOf(asked[0], body))
      const heard: Buffer[] = []
      const answer = (request: Buffer) => {
        heard.push(request)
        return undefined
      }
      await withPeer(answer, async (address) => {
        await expect(ask(new ManagerClient(address, { timeoutMs: 5000 }), asked)).rejects.toThrow(
          'without a complete reply',
        )
      })
      expect(heard.map((one) => one.toString('hex'))).toEqual([bytes.toString('hex')])
    },
  )
})

/** Arguments as the independent decoder read them. */
function argumentsOf(method: string, body: Body): unknown[] {
  switch (method) {
    case 'call':
      return [{ registry: body['1:string'], item: body['2:string'], request: body['3:map'] }]
    case 'registerExtension':
      return [infoOf(field(body, '1:struct')), body['2:map']]
    case 'deregisterExtension':
      return [BigInt(field<number>(body, '1:i64'))]
    case 'query':
    case 'getQueryColumns':
      return [body['1:string']]
    default:
      return []
  }
}

function infoOf(body: Body): ExtensionInfo {
  const [name = '', version = '', sdk_version = '', min_sdk_version = ''] = ['1', '2', '3', '4'].map((number) =>
    field<string>(body, `${number}:string`),
  )
  return { name, version, sdk_version, min_sdk_version }
}

/** A field that was not sent is empty. */
function statusOf(body: Body): { code: number; message: string; uuid: bigint } {
  return {
    code: field<number | undefined>(body, '1:i32') ?? 0,
    message: field<string | undefined>(body, '2:string') ?? '',
    uuid: BigInt(field<number | undefined>(body, '3:i64') ?? 0),
  }
}

function answerOf(body: Body): { status: ReturnType<typeof statusOf>; response: readonly TextRow[] } {
  const reply = field<Body>(body, '0:struct')
  return { status: statusOf(field(reply, '1:struct')), response: field(reply, '2:list') }
}

const replies = recorded.filter(({ type }) => type === 'REPLY')

/** npm's old extension leaves fields out; we do not. */
const ours = replies.filter(
  ({ method, body, name }) => body && method !== 'options' && !name.startsWith('npm-extension'),
)

describe('a reply', () => {
  it.each(replies.filter(({ body }) => body).map((one) => [one.name, one] as const))(
    '%s is read as it was meant',
    async (_name, { method, bytes, seqid, body }) => {
      if (seqid !== 0) return // only npm's old client counts
      const expected = body ?? {}
      await withPeer(
        () => bytes,
        async (address) => {
          const client = new ManagerClient(address, { timeoutMs: 5000 })
          if (['call', 'query', 'getQueryColumns'].includes(method)) {
            // The three have one shape; `call` is the one that does not throw on a status.
            expect(await rawAnswer(client, method)).toEqual(answerOf(expected))
          } else if (method === 'extensions') {
            const listed = Object.entries(field<Record<string, Body>>(expected, '0:map'))
            expect(await client.extensions()).toEqual(
              new Map(listed.map(([uuid, info]) => [BigInt(uuid), infoOf(info)])),
            )
          } else if (method === 'shutdown') expect(await client.shutdown()).toBeUndefined()
          else {
            const asked: Asked = method === 'registerExtension' ? [method, infoOf({}), {}] : [method, 0n]
            expect(await ask(client, asked)).toEqual(statusOf(field(expected, '0:struct')))
          }
        },
      )
    },
  )

  it('of options has every flag with its type', async () => {
    const { bytes } = message('cpp-manager-options-reply')
    const options = await withPeer(
      () => bytes,
      (address) => new ManagerClient(address).options(),
    )
    expect(options['alarm_timeout']).toEqual({ value: '15', default_value: '15', type: 'uint64' })
    expect(await reencoded('options', 0, { options: () => options })).toEqual(bytes)
  })

  it.each(ours.map((one) => [one.name, one] as const))('%s is written as it was', async (_name, one) => {
    expect((await written(one)).toString('hex')).toBe(one.bytes.toString('hex'))
  })

  it.each(recorded.filter(({ type }) => type === 'EXCEPTION').map((one) => [one.name, one] as const))(
    '%s rejects with its message',
    async (_name, { bytes, body, method }) => {
      if (method !== 'call') return
      await withPeer(
        () => bytes,
        async (address) => {
          const call = new ExtensionClient(address).call({ registry: 'table', item: 'x', request: {} })
          await expect(call).rejects.toThrow(field<string>(body, '1:string'))
        },
      )
    },
  )
})

/** A status and rows, whatever the status says. */
async function rawAnswer(client: ManagerClient, method: string): Promise<unknown> {
  if (method === 'call') return await client.call({ registry: 'r', item: 'i', request: {} })
  class Open extends ManagerClient {
    all(): Promise<unknown> {
      return this.ask(method, ['select 1'])
    }
  }
  return await new Open(client.address, { timeoutMs: 5000 }).all()
}

async function reencoded(method: string, seqid: number, answers: Partial<ManagerService>): Promise<Buffer> {
  const service = manager([], answers)
  const request = { method, type: messageTypes.call, seqid, body: Buffer.of(0), length: 1 }
  const respond = method === 'call' && service.uuid !== 0n ? extensionResponder(service) : managerResponder(service)
  return Buffer.concat(await respond(request, new AbortController().signal))
}

/** The reply of a service that has the same to say. */
function written({ method, seqid, body = {} }: RecordedMessage): Promise<Buffer> {
  switch (method) {
    case 'call':
    case 'query':
    case 'getQueryColumns': {
      const { status, response } = answerOf(body)
      const answer = async () => ({ status, rows: encodeMaps(response) })
      return reencoded(method, seqid, { uuid: status.uuid, [method]: answer })
    }
    case 'extensions': {
      const listed = Object.entries(field<Record<string, Body>>(body, '0:map'))
      return reencoded(method, seqid, {
        extensions: () => Object.fromEntries(listed.map(([uuid, info]) => [uuid, infoOf(info)])),
      })
    }
    case 'shutdown':
      return reencoded(method, seqid, {})
    case 'registerExtension':
      return reencoded(method, seqid, { registerExtension: () => statusOf(field(body, '0:struct')) })
    default: {
      const { uuid, ...status } = statusOf(field(body, '0:struct'))
      return reencoded(method, seqid, { uuid, [method]: () => status })
    }
  }
}

describe('the types of recorded options', () => {
  it('are osquery’s', async () => {
    const options = await withPeer(
      () => message('cpp-manager-options-reply').bytes,
      (address) => new ManagerClient(address).options(),
    )
    const types = new Set(Object.values(options).map(({ type }: OptionInfo) => type))
    expect([...types].sort()).toEqual(['bool', 'int32', 'string', 'uint32', 'uint64'])
  })
})
