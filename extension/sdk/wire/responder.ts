/**
 * From a request's bytes to its reply's: the generated code reads and dispatches, rows go around it.
 */
import extensionService from '../generated/Extension.js'
import managerService from '../generated/ExtensionManager.js'
import generatedTypes from '../generated/osquery_types.js'
import { type Message, messageTypes } from './message.ts'
import { MemoryProtocol, MemoryTransport, MessageProtocol } from './protocol.ts'
import { WireError } from './refusal.ts'
import { type Answer, exceptionMessage, responsePieces, type Status } from './response.ts'

/** Structures the generated code fills; a field that was not sent is null. */
const { ExtensionCall, ExtensionQuery } = generatedTypes as unknown as {
  ExtensionCall: new () => Reader & { registry: string | null; item: string | null; request: Texts | null }
  ExtensionQuery: new () => Reader & { sql: string | null }
}
type Reader = { read(input: MemoryProtocol): void }
type Texts = Readonly<Record<string, string>>

/** A call of a plugin. */
export interface PluginCall {
  readonly registry: string
  readonly item: string
  readonly request: Readonly<Record<string, string>>
}

/** What both sides serve. An answer may be long in coming; the signal aborts when nobody waits for it any more. */
export interface ExtensionService {
  readonly uuid: bigint
  ping(): Status
  call(call: PluginCall, signal: AbortSignal): Promise<Answer>
  shutdown(): void
}

/** An extension as it introduces itself. */
export interface ExtensionInfo {
  readonly name: string
  readonly version: string
  readonly sdk_version: string
  readonly min_sdk_version: string
}

/** A flag of osquery as it is set. */
export interface OptionInfo {
  readonly value: string
  readonly default_value: string
  readonly type: string
}

/** Plugins by registry and name, each with its routes. */
export type RegistryRoutes = Readonly<
  Record<string, Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>>
>

/** What osquery serves besides. */
export interface ManagerService extends ExtensionService {
  extensions(): Readonly<Record<string, ExtensionInfo>>
  options(): Readonly<Record<string, OptionInfo>>
  registerExtension(info: ExtensionInfo, registry: RegistryRoutes): Status & { readonly uuid: bigint }
  deregisterExtension(uuid: bigint): Status
  query(sql: string, signal: AbortSignal): Promise<Answer>
  getQueryColumns(sql: string, signal: AbortSignal): Promise<Answer>
}

/** Answers one message. Throws WireError when the message cannot be answered at all. */
export type Respond = (message: Message, signal: AbortSignal) => Promise<readonly Uint8Array[]>

/** Answers for an extension. */
export function extensionResponder(service: ExtensionService): Respond {
  return responder(service, new extensionService.Processor(statusHandler(service)), {
    call: (message, signal) => service.call(readCall(message), signal),
  })
}

/** Answers for osquery itself; for cores to test against. */
export function managerResponder(service: ManagerService): Respond {
  const handler = {
    ...statusHandler(service),
    extensions: () => service.extensions(),
    options: () => service.options(),
    registerExtension: (info: Partial<Nullable<ExtensionInfo>> | null, registry: RegistryRoutes | null) =>
      service.registerExtension(whole(info), registry ?? {}),
    deregisterExtension: (uuid: bigint) => ({ ...service.deregisterExtension(uuid), uuid: service.uuid }),
  }
  return responder(service, new managerService.Processor(handler), {
    call: (message, signal) => service.call(readCall(message), signal),
    query: (message, signal) => service.query(readSql(message), signal),
    getQueryColumns: (message, signal) => service.getQueryColumns(readSql(message), signal),
  })
}

/** Thrift's number for a method nobody serves. */
const unknownMethod = 1

type Raw = Readonly<Record<string, (message: Message, signal: AbortSignal) => Promise<Answer>>>

/** What the generated processors have in common. */
interface Processor {
  process(input: MemoryProtocol, output: MemoryProtocol): void
}

function responder(service: ExtensionService, processor: Processor, raw: Raw): Respond {
  return async (message, signal) => {
    if (message.type !== messageTypes.call && message.type !== messageTypes.oneway) {
      throw new WireError(`message type ${message.type} is no request`)
    }
    const { method, seqid } = message
    if (Object.hasOwn(raw, method)) {
      const answer = await raw[method]?.(message, signal)
      if (answer) return responsePieces(method, seqid, answer, service.uuid)
    }
    if (!(`process_${method}` in processor)) {
      return [exceptionMessage(method, seqid, `Invalid method name: '${method}'`, unknownMethod)]
    }
    return [await processed(processor, message)]
  }
}

function processed(processor: Processor, message: Message): Promise<Buffer> {
  const transport = new MemoryTransport()
  return new Promise((resolve) => {
    transport.onFlush = () => resolve(transport.take())
    processor.process(new MessageProtocol(message), new MemoryProtocol(transport))
  })
}

function statusHandler(service: ExtensionService) {
  return {
    ping: () => ({ ...service.ping(), uuid: service.uuid }),
    shutdown: () => service.shutdown(),
  }
}

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null }

/** A field that was not sent is empty, as in C++. */
function whole(info: Partial<Nullable<ExtensionInfo>> | null): ExtensionInfo {
  return {
    name: info?.name ?? '',
    version: info?.version ?? '',
    sdk_version: info?.sdk_version ?? '',
    min_sdk_version: info?.min_sdk_version ?? '',
  }
}

function readCall(message: Message): PluginCall {
  const call = new ExtensionCall()
  call.read(new MessageProtocol(message))
  return { registry: call.registry ?? '', item: call.item ?? '', request: call.request ?? {} }
}

function readSql(message: Message): string {
  const query = new ExtensionQuery()
  query.read(new MessageProtocol(message))
  return query.sql ?? ''
}
