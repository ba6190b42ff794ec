/** Which systems the native engine can be built for. */
import { describe, expect, it } from 'vitest'
import { buildNative, platforms } from '../../scripts/build-native.mjs'
import { targets } from '../../scripts/executable/target.ts'

describe('a build of the native engine', () => {
  it('is possible for every platform of the executable', () => {
    expect(new Set(platforms.values())).toEqual(new Set(targets.map((target) => target.platform)))
  })

  it('is refused, with the names, for a target that is none', () => {
    expect(buildNative('windows')).toEqual({
      state: 'failed',
      reason: expect.stringMatching(/^--target is "windows"; expected .*x86_64-pc-windows-gnu/),
    })
  })
})
