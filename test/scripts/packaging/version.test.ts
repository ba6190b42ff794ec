/** Versions as packaging systems order them. */
import { describe, expect, it } from 'vitest'
import { numericVersion, tildeVersion } from '../../../scripts/packaging/version.ts'

describe('a semantic version', () => {
  it.each([
    ['1.2.0', '1.2.0', '1.2.0'],
    ['1.2.0-rc.1', '1.2.0~rc.1', '1.2.0'],
    ['1.2.0-rc-1+build.5', '1.2.0~rc.1+build.5', '1.2.0'],
  ])('%s is %s for dpkg and rpm and %s for Windows Installer', (version, tilde, numeric) => {
    expect([tildeVersion(version), numericVersion(version)]).toEqual([tilde, numeric])
  })

  it.each(['1.2', 'v1.2.3', '1.2.3\nDepends: x', ''])('is wanted, and not %j', (version) => {
    expect(() => tildeVersion(version)).toThrow('expected a semantic version')
  })

  it('has a form in Windows Installer only within its fields', () => {
    expect(() => numericVersion('256.0.0')).toThrow('at most 255.255.65535')
    expect(numericVersion('255.255.65535')).toBe('255.255.65535')
  })
})
