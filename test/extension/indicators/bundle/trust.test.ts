/** Which keys are trusted: files of root or of us, on a path that nobody else can change. */
import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultTrustDirectory, readTrust, trustPaths } from '../../../../extension/indicators/bundle/trust.ts'
import { BundleHost, newSigner } from '../../../support/bundles.ts'

const isRoot = process.getuid?.() === 0
const acme = newSigner()
const other = newSigner()
let host: BundleHost

beforeEach(() => {
  host = new BundleHost()
})

afterEach(() => host.remove())

const names = () => [...host.trust.keys.values()].map(({ name }) => name)

describe('trusted keys', () => {
  it('are the .pub files of a directory, and files that are named', () => {
    host.trusts(acme, 'acme')
    const second = host.trusts(other, 'zenith')
    host.file('trusted-keys/README', 'not a key')
    expect(names()).toEqual(['acme', 'zenith'])
    expect(host.trust.problems).toEqual([])
    expect([...readTrust([second]).keys.keys()]).toEqual([other.id])
  })

  it('are none where there is no directory, and a named file that is not there is told', () => {
    expect(readTrust([join(host.directory, 'nowhere')])).toEqual({ keys: new Map(), problems: [] })
    expect(readTrust([join(host.directory, 'nowhere.pub')]).problems[0]).toMatch(/cannot trust .*nowhere\.pub: ENOENT/)
  })

  it('are not what others can write to, and the sound ones beside it go on', () => {
    host.trusts(other, 'zenith')
    chmodSync(host.trusts(acme), 0o666)
    expect(names()).toEqual(['zenith'])
    expect(host.trust.problems[0]).toMatch(/acme\.pub can be written to by everybody \(mode 100666|\(mode 666\)/)
  })

  it('are not what lies behind a symbolic link', () => {
    const path = host.trusts(acme)
    renameSync(path, join(host.directory, 'elsewhere.pub'))
    symlinkSync(join(host.directory, 'elsewhere.pub'), path)
    expect(names()).toEqual([])
    expect(host.trust.problems[0]).toMatch(/acme\.pub is a symbolic link/)
  })

  it('are not what lies in a directory that is a link, or that others can write to', () => {
    host.trusts(acme)
    const link = join(host.directory, 'link')
    symlinkSync(host.trustDirectory, link)
    const behind = readTrust([join(link, 'acme.pub')])
    expect([behind.keys.size, behind.problems[0]]).toEqual([0, expect.stringMatching(/link is a symbolic link/)])
    chmodSync(host.trustDirectory, 0o777)
    expect(names()).toEqual([])
    expect(host.trust.problems[0]).toMatch(/trusted-keys can be written to by everybody/)
  })

  it.runIf(isRoot)('are not what belongs to somebody else, or what such a one could exchange', () => {
    const path = host.trusts(acme)
    chownSync(path, 1234, 0)
    expect(names()).toEqual([])
    expect(host.trust.problems[0]).toMatch(/acme\.pub belongs to uid 1234, neither root nor us/)
    chownSync(path, 0, 0)
    chownSync(host.directory, 1234, 0)
    expect(host.trust.problems[0]).toMatch(/belongs to uid 1234/)
    chownSync(host.directory, 0, 4321)
    chmodSync(host.directory, 0o775)
    expect(host.trust.problems[0]).toMatch(/can be written to by group 4321/)
  })

  it('are told when they are no keys: private ones, other kinds, too large, directories', () => {
    writeFileSync(join(host.trustDirectory, 'a.pub'), acme.privatePem)
    writeFileSync(join(host.trustDirectory, 'b.pub'), 'x'.repeat(100_000))
    mkdirSync(join(host.trustDirectory, 'c.pub'))
    expect(names()).toEqual([])
    expect(host.trust.problems).toEqual([
      expect.stringMatching(/a\.pub: it is a private key/),
      expect.stringMatching(/b\.pub has 100000 bytes; expected at most 1024/),
      expect.stringMatching(/c\.pub is no regular file/),
    ])
  })

  it('are looked for where they were named, then in the environment, then in the directory of the platform', () => {
    expect(trustPaths(['a.pub'], { THREECX_TRUST: 'x' }, 'linux')).toEqual(['a.pub'])
    expect(trustPaths([], { THREECX_TRUST: '/x:/y' }, 'linux')).toEqual(['/x', '/y'])
    expect(trustPaths([], {}, 'linux')).toEqual(['/etc/threecx-hunter/trusted-keys'])
    expect(defaultTrustDirectory({}, 'darwin')).toBe('/private/etc/threecx-hunter/trusted-keys')
    expect(defaultTrustDirectory({}, 'win32')).toMatch(/^C:\\Program Files/)
  })
})
