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

  it.each([
    ['aarch64-apple-darwin', '2.28', /^--glibc is for Linux, not for "aarch64-apple-darwin"/],
    ['windows', '2.28', /^--glibc is for Linux, not for "windows"/],
    ['x86_64-unknown-linux-gnu', '2.28; rm', /^--glibc is "2.28; rm"; expected a version such as 2.28/],
  ])('is refused for %s with glibc %s', (target, glibc, reason) => {
    expect(buildNative(target, glibc)).toEqual({ state: 'failed', reason: expect.stringMatching(reason) })
  })
})
