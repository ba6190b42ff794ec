/**
 * The plugins' own thread: makes them, answers calls, and leaves the serving thread nothing to do but serve.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type Answer, failed, messageOf } from '../plugin.ts'
import type { PluginFactory, PluginHost } from './host.ts'
import { openInlineHost } from './inline.ts'
import type { FromPlugins, ThreadSetup, ToPlugins } from './messages.ts'

/** Serves plugins in this thread until it is told to close. */
export async function servePlugins(factory: PluginFactory): Promise<void> {
  if (!parentPort) throw new Error('plugins are served in a thread of their own; start one with openThreadHost')
  const port: MessagePort = parentPort
  const post = (message: FromPlugins, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const { manager, questions } = workerData as ThreadSetup
  const host = await openInlineHost(factory, {
    manager,
    ...(questions && { questions }),
    log: (severity, message) => post({ kind: 'log', severity, message }),
  })
  const running = new Map<number, AbortController>()

  async function answer(message: ToPlugins & { kind: 'call' }): Promise<void> {
    const controller = new AbortController()
    running.set(message.id, controller)
    const found = await answerOf(host, message, controller.signal)
    running.delete(message.id)
    post({ kind: 'answer', id: message.id, answer: found }, buffersOf(found))
  }

  port.on('message', (message: ToPlugins) => {
    switch (message.kind) {
      case 'call':
        void answer(message)
        return
      case 'cancel':
        running.get(message.id)?.abort(new Error(message.reason))
        return
      case 'session':
        host.session(message.view)
        return
      case 'beat':
        post({ kind: 'beat' })
        return
      case 'close':
        void host.close().finally(() => {
          post({ kind: 'closed' })
          port.close()
        })
    }
  })
  const plugins = host.plugins.map(({ registry, name, routes }) => ({ registry, name, routes }))
  post({ kind: 'ready', plugins })
}

async function answerOf(
  host: PluginHost,
  { call }: ToPlugins & { kind: 'call' },
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return await host.call(call, signal)
  } catch (error) {
    return failed(messageOf(error))
  }
}

/** Pieces that are the only view of their memory; a pooled one would take others along. */
function buffersOf(answer: Answer): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const { buffer } of answer.rows.pieces) if (buffer instanceof ArrayBuffer) buffers.add(buffer)
  return [...buffers]
}
