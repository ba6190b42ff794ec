/**
 * Which engine is opened, and why.
 */
import { describe, expect, it } from 'vitest'
import { openEngine } from '../../../extension/native/index.ts'
import { loadNative } from '../../../extension/native/native.ts'

const hasNative = !('problem' in loadNative())

describe('openEngine', () => {
  it('opens the native engine where it loads, else the portable one with the reason', async () => {
    const { engine, reason } = await openEngine({}, {})
    expect(engine.name).toBe(hasNative ? 'native' : 'portable')
    expect(reason === undefined).toBe(hasNative)
  })

  it('opens the portable engine when it is asked for, by argument or environment', async () => {
    expect((await openEngine({ prefer: 'portable' }, {})).engine.name).toBe('portable')
    expect(await openEngine({ prefer: 'native' }, { THREECX_ENGINE: 'portable' })).toMatchObject({
      engine: { name: 'portable' },
      reason: 'THREECX_ENGINE is "portable"',
    })
  })

  it('takes an empty variable for an absent one', async () => {
    expect((await openEngine({ prefer: 'portable' }, { THREECX_ENGINE: '' })).engine.name).toBe('portable')
  })

  it.runIf(hasNative)('lets the environment overrule the argument', async () => {
    expect((await openEngine({ prefer: 'portable' }, { THREECX_ENGINE: 'native' })).engine.name).toBe('native')
  })

  it.skipIf(hasNative)('fails instead of falling back when the environment demands the native engine', async () => {
    const opened = openEngine({}, { THREECX_ENGINE: 'native' })
    await expect(opened).rejects.toMatchObject({ code: 'engine_failed' })
  })

  it('refuses a word it does not know', async () => {
    await expect(openEngine({}, { THREECX_ENGINE: 'fast' })).rejects.toMatchObject({ code: 'usage' })
  })
})
