/**
 * osquery's rules of where a query runs.
 */
import { describe, expect, it } from 'vitest'
import { allowedPlatforms, hostShard, isAtLeast } from '../../../daemon/schedule/restrictions.ts'

describe('a platform', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['null', undefined],
    ['all', undefined],
    ['any', undefined],
    ['darwin', ['darwin']],
    ['darwin,windows', ['windows', 'darwin']],
    ['linux', ['linux']],
    ['ubuntu', ['linux']],
    ['centos', ['linux']],
    ['posix', ['darwin', 'linux']],
    ['freebsd', []],
    ['Windows', []],
    ['windows;linux', ['windows', 'linux']],
    // Substrings, as in osquery: `all` is found inside other words.
    ['smalltalk', undefined],
  ])('%j allows %j', (restriction, allowed) => {
    expect(allowedPlatforms(restriction)).toEqual(allowed)
  })
})

describe('a version', () => {
  it.each([
    ['5.23.0', '5.10.0', true],
    ['5.9.0', '5.10.0', false],
    ['5.23.0', '5.23.0', true],
    ['5.23.0', '5.23', true],
    ['5.23', '5.23.1', true], // osquery looks no further than its own parts
    ['5.23.0', '6', false],
    ['0.0.0', '9.9.9', true],
    ['5.23.0', '0.0.0', true],
    ['5.23.0-dirty', '5.23.1', false],
    ['5.23.1-5-gabc', '5.23.1', true],
  ])('%s is at least %s: %j', (version, required, is) => {
    expect(isAtLeast(version, required)).toBe(is)
  })
})

it('the shard of a host is a hundredth of the first byte of SHA-1 over its name', () => {
  // SHA-1 of nothing begins with da, that of "abc" (FIPS 180) with a9.
  expect(hostShard('')).toBe(Math.floor((0xda * 100) / 255))
  expect(hostShard('abc')).toBe(Math.floor((0xa9 * 100) / 255))
})
