/**
 * One process of an extension outlives what happens to osquery: every way a core can end, or forget.
 */
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type Core, launchExtension, startCore } from '../../../../extension/sdk/testing/index.ts'

const file = join(import.meta.dirname, 'plugin-process.ts')
const intervalMs = 200

/** Lets something happen to the core; the same process is there again afterwards. */
async function outlives(happen: (core: Core, output: readonly string[]) => Promise<void> | void): Promise<void> {
  await using core = await startCore({ intervalMs })
  const output: string[] = []
  const extension = launchExtension({
    file,
    socket: core.socket,
    intervalMs,
    respawnMs: Infinity,
    output: (text) => output.push(text),
  })
  try {
    const first = await core.waitFor('from_process', { timeoutMs: 30_000 })
    const { pid } = extension
    await happen(core, output)
    expect(core.extensions.get('from_process')).not.toBe(first)
    await core.waitFor('from_process', { timeoutMs: 30_000 })
    expect(await core.query('SELECT n FROM from_process')).toEqual([{ n: '7' }])
    expect([extension.pid, extension.starts, extension.exits]).toEqual([pid, 1, []])
    await extension.stop()
    expect(extension.exits).toEqual([0])
    expect(core.extensions.has('from_process')).toBe(false)
  } catch (error) {
    throw new Error(`the extension said: ${output.join('')}`, { cause: error })
  } finally {
    await extension.stop()
  }
}

describe('an extension outlives', () => {
  it('a core that forgets it', async () => {
    await outlives((core) => core.drop('from_process'))
  })

  it('a core that is killed and started again', async () => {
    await outlives(async (core) => {
      await core.kill()
      await core.restart()
    })
  })

  it('a core that ends in order and is started again', async () => {
    await outlives((core) => core.restart())
  })

  it('a core that is missed before it is started again', async () => {
    await outlives(async (core, output) => {
      await core.kill()
      await vi.waitFor(() => expect(output.join('')).toContain('registration lost'), { timeout: 30_000 })
      await core.restart()
    })
  })
})
