/** One look for everybody who asks within its time. */
import { describe, expect, it } from 'vitest'
import { Remembered } from '../../extension/remembered.ts'

const never = new AbortController().signal
const times = { rememberMs: 1000, timeoutMs: 60_000 }

/** Looks that count, at a clock that the test sets. */
function counted(look: (count: number, signal: AbortSignal) => Promise<string>, closing?: AbortSignal) {
  const state = { count: 0, nowMs: 0 }
  const clock = { nowMs: () => state.nowMs }
  const remembered = new Remembered((signal) => look(++state.count, signal), clock, closing, times)
  return { remembered, state }
}

describe('a remembered look', () => {
  it('is made once for callers at the same time, and again when its time is over or it is forgotten', async () => {
    const { remembered, state } = counted(async (count) => `answer ${count}`)
    expect(await Promise.all([remembered.get(never), remembered.get(never)])).toEqual(['answer 1', 'answer 1'])
    state.nowMs = 999
    expect(await remembered.get(never)).toBe('answer 1')
    state.nowMs = 1000
    expect(await remembered.get(never)).toBe('answer 2')
    remembered.forget()
    expect(await remembered.get(never)).toBe('answer 3')
  })

  it('is made again after a clock that went back', async () => {
    const { remembered, state } = counted(async (count) => `answer ${count}`)
    state.nowMs = 5000
    await remembered.get(never)
    state.nowMs = 4000
    expect(await remembered.get(never)).toBe('answer 2')
  })

  it('lets one caller go without stopping the others', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const { remembered, state } = counted(() => promise)
    const patient = remembered.get(never)
    await expect(remembered.get(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    resolve('done')
    expect(await patient).toBe('done')
    expect(state.count).toBe(1)
  })

  it('that fails is tried again by the next caller', async () => {
    const { remembered } = counted(async (count) => {
      if (count === 1) throw new Error('not now')
      return 'answer'
    })
    await expect(remembered.get(never)).rejects.toThrow('not now')
    expect(await remembered.get(never)).toBe('answer')
  })

  it('ends when the hunt closes', async () => {
    const closing = new AbortController()
    const { remembered } = counted(async (_, signal) => {
      signal.throwIfAborted()
      return 'answer'
    }, closing.signal)
    closing.abort(new Error('closing'))
    await expect(remembered.get(never)).rejects.toThrow('closing')
  })
})
