/**
 * The smallest extension there can be, for tests of the core: plugins as functions, no lifecycle.
 */
import { ManagerClient, type TextRow } from '../../../../extension/sdk/client.ts'
import { extensionAddress } from '../../../../extension/sdk/transport/address.ts'
import { Listener } from '../../../../extension/sdk/transport/listener.ts'
import { extensionResponder, type PluginCall } from '../../../../extension/sdk/wire/responder.ts'
import { encodeMaps } from '../../../../extension/sdk/wire/rows.ts'

/** What a plugin answers: rows, or a status with rows. */
export type Reply = readonly TextRow[] | { code: number; message: string; rows?: readonly TextRow[] }

/** An extension of a test. */
export interface TestExtension extends AsyncDisposable {
  readonly uuid: bigint
  readonly calls: PluginCall[]
  /** Code of the answer to a ping. */
  pingCode: number
  isShutDown: boolean
  close(): Promise<void>
}

/** Routes of a table from `name TYPE op` lines. */
export function columns(...lines: readonly string[]): TextRow[] {
  return lines.map((line) => {
    const [name = '', ...rest] = line.split(' ')
    const op = /^\d+$/.test(rest.at(-1) ?? '') ? (rest.pop() ?? '0') : '0'
    return { id: 'column', name, op, type: rest.join(' ') }
  })
}

/** Registers and listens. */
export async function testExtension(
  manager: string,
  name: string,
  registry: Readonly<Record<string, Readonly<Record<string, readonly TextRow[]>>>>,
  answer: (call: PluginCall, signal: AbortSignal) => Reply | Promise<Reply> = () => [],
  { listen = true } = {},
): Promise<TestExtension> {
  const info = { name, version: '1.0.0', sdk_version: '5.23.0', min_sdk_version: '0.0.0' }
  const { code, message, uuid } = await new ManagerClient(manager).registerExtension(info, registry)
  if (code !== 0) throw new Error(message)
  const calls: PluginCall[] = []
  let listener: Listener | undefined
  const extension: TestExtension = {
    uuid,
    calls,
    pingCode: 0,
    isShutDown: false,
    close: async () => await listener?.abandon(),
    [Symbol.asyncDispose]: () => extension.close(),
  }
  const service = {
    uuid,
    ping: () => ({ code: extension.pingCode, message: 'pong' }),
    shutdown: () => {
      extension.isShutDown = true
    },
    call: async (call: PluginCall, signal: AbortSignal) => {
      calls.push(call)
      const routes = registry[call.registry]?.[call.item] ?? []
      const reply = call.request['action'] === 'columns' ? routes : await answer(call, signal)
      const { code = 0, message = 'OK', rows = [] } = 'code' in reply ? reply : { rows: reply }
      return { status: { code, message }, rows: encodeMaps(rows) }
    },
  }
  if (listen) listener = await Listener.open(extensionAddress(manager, uuid), extensionResponder(service))
  return extension
}
