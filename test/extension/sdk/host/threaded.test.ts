/** Plugins in a thread of their own: what they do to it stays there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { ExtensionClient } from '../../../../extension/sdk/client.ts'
import type { PluginHost } from '../../../../extension/sdk/host/host.ts'
import { openThreadHost, type ThreadOptions } from '../../../../extension/sdk/host/threaded.ts'
import { listenForOsquery } from '../../../../extension/sdk/server.ts'

const never = new AbortController().signal
const plugins = pathToFileURL(join(import.meta.dirname, 'wild-plugins.ts')).href
const closing: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(options: Partial<ThreadOptions> = {}): Promise<{ host: PluginHost; lines: string[] }> {
  const lines: string[] = []
  const log = (severity: string, message: string) => lines.push(`${severity} ${message}`)
  const host = await openThreadHost({ module: plugins, manager: '/nowhere', log, closeMs: 500, ...options })
  closing.push(() => host.close())
  return { host, lines }
}

const generate = (host: PluginHost, item: string) =>
  host.call({ registry: 'table', item, request: { action: 'generate', context: '{}' } }, never)

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sdk-threaded-'))
  closing.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

describe('a thread of plugins', () => {
  it('answers, logs, and knows the registration', async () => {
    const { host, lines } = await open()
    expect(host.plugins.map(({ name }) => name)).toEqual(['calm', 'spinning', 'greedy', 'throwing'])
    host.session({ uuid: 77n, registrations: 2 })
    const { status, rows } = await generate(host, 'calm')
    expect(status.code).toBe(0)
    expect(Buffer.concat(rows.pieces).toString()).toContain('77 2')
    await expect.poll(() => lines).toContain('info calm was asked')
  })

  it('that spins for ever is replaced; ping and columns are answered meanwhile', async () => {
    const { host, lines } = await open({ stuckMs: 800 })
    const listener = await listenForOsquery(host, join(scratch(), 'em'), 5n, () => {})
    closing.push(() => listener.close(0))
    const client = new ExtensionClient(listener.address)
    const spinning = generate(host, 'spinning').catch((error: Error) => error.message)
    let answered = 0
    let isOver = false
    void spinning.then(() => {
      isOver = true
    })
    while (!isOver) {
      expect((await client.ping()).message).toBe('pong')
      const columns = { registry: 'table', item: 'spinning', request: { action: 'columns' } }
      expect((await client.call(columns)).response).toHaveLength(3)
      answered++
    }
    expect(answered).toBeGreaterThan(10)
    expect(await spinning).toBe(
      'plugins were restarted while this ran: table spinning held its thread for more than 0.8 s',
    )
    expect(lines).toContain('error plugins are restarted: table spinning held its thread for more than 0.8 s')
    await expect.poll(() => generate(host, 'calm').catch(() => undefined), { timeout: 10_000 }).toBeDefined()
  })

  it('that fills its heap is replaced', async () => {
    const { host } = await open({ heapMb: 24 })
    await expect(generate(host, 'greedy')).rejects.toThrow('a plugin used up the memory it may have')
    await expect(generate(host, 'calm')).rejects.toThrow('plugins are being restarted')
    await expect.poll(() => generate(host, 'calm').catch(() => undefined), { timeout: 10_000 }).toBeDefined()
  })

  it('that dies of an exception nobody caught is replaced', async () => {
    const { host } = await open()
    await expect(generate(host, 'throwing')).rejects.toThrow('nobody catches this')
    await expect.poll(() => generate(host, 'calm').catch(() => undefined), { timeout: 10_000 }).toBeDefined()
  })

  it('is told when a caller leaves, and ends when it is closed', async () => {
    const { host } = await open()
    const leaving = new AbortController()
    const call = host.call({ registry: 'table', item: 'spinning', request: {} }, leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    const spinning = generate(host, 'spinning').catch((error: Error) => error.message)
    await host.close()
    expect(await spinning).toBe('the extension is shutting down')
    await expect(generate(host, 'calm')).rejects.toThrow()
  })

  it.each([
    ['throws', "throw new Error('no such luck')", 'plugins could not be made: no such luck'],
    ['makes nothing', 'export const x = 1', 'has no default export that makes plugins'],
    [
      'makes two of a name',
      "const p = { registry: 'logger', name: 'a', routes: [], call() {} }; export default () => [p, { ...p }]",
      'two plugins of the registry logger are called "a"',
    ],
  ])('whose module %s cannot be opened, and says why', async (_, source, message) => {
    const file = join(scratch(), 'plugins.mjs')
    writeFileSync(file, source)
    await expect(open({ module: pathToFileURL(file).href })).rejects.toThrow(message)
  })
})
