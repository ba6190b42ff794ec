/**
 * Clients: what an extension asks of osquery's manager, and what osquery asks of an extension.
 *
 * Each call has a connection and a deadline of its own, so that calls can run side by side and one that hangs spoils
 * none after it. Requests are osquery's byte for byte: sequence number 0, a new connection each.
 */
import type { AnswerLimits } from './answer-limits.ts'
import extensionService from './generated/Extension.js'
import managerService from './generated/ExtensionManager.js'
import { type ExchangeOptions, exchange, exchangeWith } from './transport/exchange.ts'
import { AnswerReader, type LimitedAnswer } from './wire/answer-reader.ts'
import { messageTypes } from './wire/message.ts'
import { MemoryProtocol, MemoryTransport, MessageProtocol } from './wire/protocol.ts'
import { WireError } from './wire/refusal.ts'
import type { ExtensionInfo, OptionInfo, PluginCall, RegistryRoutes } from './wire/responder.ts'
import type { Status } from './wire/response.ts'

export type { ExchangeOptions } from './transport/exchange.ts'

/** A row as it travels: everything is text. */
export type TextRow = Readonly<Record<string, string>>

/** A status as it travels; `uuid` is the answering side's. */
export interface RemoteStatus extends Status {
  readonly uuid: bigint
}

/** What a plugin or a query answered. */
export interface RemoteAnswer {
  readonly status: RemoteStatus
  readonly response: readonly TextRow[]
}

/** A call, query or registration that the other side refused. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

/** A client of the generated code, in as far as it is the same for all methods. */
interface Generated {
  _seqid: number
  readonly [member: string]: unknown
}

/** Asks an extension. */
export class ExtensionClient {
  readonly address: string
  protected readonly defaults: ExchangeOptions

  /** `options` hold for every call that does not say otherwise. */
  constructor(address: string, options: ExchangeOptions = {}) {
    this.address = address
    this.defaults = options
  }

  async ping(options?: ExchangeOptions): Promise<RemoteStatus> {
    return wholeStatus(await this.ask('ping', [], options))
  }

  async call({ registry, item, request }: PluginCall, options?: ExchangeOptions): Promise<RemoteAnswer> {
    return wholeAnswer(await this.ask('call', [registry, item, request], options))
  }

  async shutdown(options?: ExchangeOptions): Promise<void> {
    await this.ask('shutdown', [], options)
  }

  /** Sends one request of the generated client and hands it the reply. */
  protected async ask<T>(method: string, args: readonly unknown[], options?: ExchangeOptions): Promise<T> {
    const { request, receive } = prepare<T>(this.service(), method, args)
    const reply = await exchange(this.address, request, { ...this.defaults, ...options })
    if (reply.method !== method || reply.seqid !== 0) {
      throw new WireError(`${this.address} replied to ${reply.method} #${reply.seqid}; expected ${method} #0`)
    }
    return await receive(new MessageProtocol(reply), reply.type, reply.seqid)
  }

  protected service(): {
    readonly Client: new (transport: MemoryTransport, protocol: typeof MemoryProtocol) => object
  } {
    return extensionService
  }
}

/** Asks osquery's manager. */
export class ManagerClient extends ExtensionClient {
  /** Registered extensions by uuid; osquery itself is 0. */
  async extensions(options?: ExchangeOptions): Promise<ReadonlyMap<bigint, ExtensionInfo>> {
    const found = await this.ask<Readonly<Record<string, ExtensionInfo>>>('extensions', [], options)
    return new Map(Object.entries(found).map(([uuid, info]) => [BigInt(uuid), info]))
  }

  async options(options?: ExchangeOptions): Promise<Readonly<Record<string, OptionInfo>>> {
    return await this.ask('options', [], options)
  }

  async registerExtension(
    info: ExtensionInfo,
    registry: RegistryRoutes,
    options?: ExchangeOptions,
  ): Promise<RemoteStatus> {
    return wholeStatus(await this.ask('registerExtension', [info, registry], options))
  }

  async deregisterExtension(uuid: bigint, options?: ExchangeOptions): Promise<RemoteStatus> {
    return wholeStatus(await this.ask('deregisterExtension', [uuid], options))
  }

  /** Rows of a query, all columns as text; throws StatusError with osquery's message. */
  async query(sql: string, options?: ExchangeOptions): Promise<readonly TextRow[]> {
    return rowsOf(wholeAnswer(await this.ask('query', [sql], options)))
  }

  /**
   * Rows of a query within limits, read as they come; the rest of the answer is not waited for. Throws StatusError with
   * osquery's message.
   */
  async queryWithin(
    sql: string,
    limits: AnswerLimits,
    options?: Omit<ExchangeOptions, 'maxBytes'>,
  ): Promise<Omit<LimitedAnswer, 'status'>> {
    const { request } = prepare(this.service(), 'query', [sql])
    const reader = new AnswerReader('query', limits)
    const { status, ...answer } = await exchangeWith(this.address, request, reader, { ...this.defaults, ...options })
    if (status.code !== 0) throw new StatusError(status.message, status.code)
    return answer
  }

  /** Columns a query would give: one row each, from name to type. */
  async getQueryColumns(sql: string, options?: ExchangeOptions): Promise<readonly TextRow[]> {
    return rowsOf(wholeAnswer(await this.ask('getQueryColumns', [sql], options)))
  }

  protected override service(): ReturnType<ExtensionClient['service']> {
    return managerService
  }
}

/** What the generated code read: a field that was not sent is null. */
type Sent<T> = { readonly [Key in keyof T]?: T[Key] | null }

/** A status as C++ would have it: what was not sent is empty. Some SDKs leave out what they do not know. */
function wholeStatus(sent: Sent<RemoteStatus> | null | undefined): RemoteStatus {
  return { code: sent?.code ?? 0, message: sent?.message ?? '', uuid: sent?.uuid ?? 0n }
}

function wholeAnswer(sent: { status?: Sent<RemoteStatus> | null; response?: readonly TextRow[] | null }): RemoteAnswer {
  return { status: wholeStatus(sent.status), response: sent.response ?? [] }
}

/** Rows of an answer whose status is good. */
export function rowsOf({ status, response }: RemoteAnswer): readonly TextRow[] {
  if (status.code !== 0) throw new StatusError(status.message, status.code)
  return response
}

interface Prepared<T> {
  readonly request: Buffer
  receive(input: MessageProtocol, type: number, seqid: number): Promise<T>
}

function prepare<T>(
  service: ReturnType<ManagerClient['service']>,
  method: string,
  args: readonly unknown[],
): Prepared<T> {
  const transport = new MemoryTransport()
  const client = new service.Client(transport, MemoryProtocol) as Generated
  client._seqid = -1 // the first request gets 0, as osquery's do
  const answered = invoke(client, method, args) as Promise<T>
  answered.catch(() => {}) // looked at by receive
  return {
    request: transport.take(),
    receive: async (input, type, seqid) => {
      if (type !== messageTypes.reply && type !== messageTypes.exception) {
        throw new WireError(`message type ${type} is no reply`)
      }
      invoke(client, `recv_${method}`, [input, type, seqid])
      return await answered.catch((reason: unknown) => {
        throw reason instanceof Error ? reason : new WireError(String(reason))
      })
    },
  }
}

function invoke(client: Generated, member: string, args: readonly unknown[]): unknown {
  const found = client[member]
  if (typeof found !== 'function') throw new Error(`the generated client has no ${member}`)
  return Reflect.apply(found, client, args)
}

/** A text as an SQL literal: for queries put together from values. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
