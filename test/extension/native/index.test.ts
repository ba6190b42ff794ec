/**
 * Which engine is opened, and why.
 */
import { describe, expect, it } from 'vitest'
import { openEngine } from '../../../extension/native/index.ts'
import { loadNative } from '../../../extension/native/native.ts'

const hasNative = !('problem' in loadNative())

describe('openEngine', () => {
  it('opens the native engine where it loads, else the portable one with the reason', () => {
    const { engine, reason } = openEngine({}, {})
    expect(engine.name).toBe(hasNative ? 'native' : 'portable')
    expect(reason === undefined).toBe(hasNative)
  })

  it('opens the portable engine when it is asked for, by argument or environment', () => {
    expect(openEngine({ prefer: 'portable' }, {}).engine.name).toBe('portable')
    expect(openEngine({ prefer: 'native' }, { THREECX_ENGINE: 'portable' })).toMatchObject({
      engine: { name: 'portable' },
      reason: 'THREECX_ENGINE is "portable"',
    })
  })

  it('takes an empty variable for an absent one', () => {
    expect(openEngine({ prefer: 'portable' }, { THREECX_ENGINE: '' }).engine.name).toBe('portable')
  })

  it.runIf(hasNative)('lets the environment overrule the argument', () => {
    expect(openEngine({ prefer: 'portable' }, { THREECX_ENGINE: 'native' }).engine.name).toBe('native')
  })

  it.skipIf(hasNative)('fails instead of falling back when the environment demands the native engine', () => {
    expect(() => openEngine({}, { THREECX_ENGINE: 'native' })).toThrow(
      expect.objectContaining({ code: 'engine_failed' }),
    )
  })

  it('refuses a word it does not know', () => {
    expect(() => openEngine({}, { THREECX_ENGINE: 'fast' })).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})
