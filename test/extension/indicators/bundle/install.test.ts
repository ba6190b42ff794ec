/** Installing and going back: versions only go up, what is bad falls back, and no kill leaves anything in between. */
import { fork } from 'node:child_process'
import { chmodSync, copyFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../extension/domain/errors.ts'
import { chooseBundle, noteChecked } from '../../../../extension/indicators/bundle/choose.ts'
import { installBundle, rollBack } from '../../../../extension/indicators/bundle/install.ts'
import { BundleStore } from '../../../../extension/indicators/bundle/store.ts'
import { BundleWatch } from '../../../../extension/indicators/bundle/watch.ts'
import { BundleHost, bundleNow, bundleOf, newSigner, payloadOf, type Signer } from '../../../support/bundles.ts'

const acme = newSigner()
const other = newSigner()
let host: BundleHost

beforeEach(() => {
  host = new BundleHost()
  host.trusts(acme)
})

afterEach(() => host.remove())

async function install(version: number, more: { fields?: object; signer?: Signer; anyVersion?: boolean } = {}) {
  const bytes = bundleOf(payloadOf(version, { ...more.fields }), more.signer ?? acme)
  const { anyVersion = false } = more
  return await installBundle(host.store, { bytes, file: 'x.bundle', trust: host.trust, now: bundleNow, anyVersion })
}

async function refused(version: number, more: Parameters<typeof install>[1] = {}): Promise<ErrorCode> {
  return await install(version, more).then(
    () => 'internal' as const,
    (error: { code: ErrorCode }) => error.code,
  )
}

const back = () => rollBack(host.store, host.trust, bundleNow)

/** State, version in force, and codes of what is wrong. */
async function standing(now = bundleNow): Promise<unknown[]> {
  const { status, bundle } = await chooseBundle(host.store, [host.trustDirectory], now)
  expect(status.bundle?.version).toBe(bundle?.content.version)
  return [status.state, status.bundle?.version, ...status.troubles.map(({ code }) => code)]
}

const fileOf = (version: number) =>
  join(host.store.directory, readdirSync(host.store.directory).find((name) => name.startsWith(`${version}-`)) ?? 'none')

describe('an installation', () => {
  it('puts a bundle in force, and the same one again changes nothing', async () => {
    expect(await standing()).toEqual(['none', undefined])
    expect((await install(7)).isChange).toBe(true)
    const before = statSync(host.store.recordFile, { bigint: true }).mtimeNs
    expect((await install(7)).isChange).toBe(false)
    expect(statSync(host.store.recordFile, { bigint: true }).mtimeNs).toBe(before)
    expect(await standing()).toEqual(['in_force', 7])
    expect(statSync(host.store.directory).mode & 0o777).toBe(0o700)
  })

  it('goes up, and keeps two to go back to', async () => {
    for (const version of [1, 2, 5, 9]) await install(version)
    expect(host.store.read().bundles.map(({ version }) => version)).toEqual([9, 5, 2])
    expect(readdirSync(host.store.directory).filter((name) => name.endsWith('.bundle'))).toHaveLength(3)
  })

  it('of an older one is refused, and of other content under the same version', async () => {
    await install(7)
    expect(await refused(6)).toBe('bundle_older')
    expect(await refused(7, { fields: { name: 'renamed' } })).toBe('bundle_conflict')
    expect(await standing()).toEqual(['in_force', 7])
  })

  it('of what is not good is refused, and nothing is left of it', async () => {
    await install(7)
    const before = readdirSync(host.store.directory)
    expect(await refused(8, { signer: other })).toBe('bundle_unknown_key')
    expect(await refused(8, { fields: { expires: '2026-11-27T00:00:00Z' } })).toBe('bundle_expired')
    expect(await refused(8, { fields: { sets: [{}] } })).toBe('bundle_invalid')
    expect(await refused(8, { fields: { format: 2 } })).toBe('bundle_too_new')
    const inspect = () => Promise.reject(new Error('a rule does not compile'))
    const bytes = bundleOf(payloadOf(8), acme)
    const request = { bytes, file: 'x', trust: host.trust, now: bundleNow, inspect }
    await expect(installBundle(host.store, request)).rejects.toThrow('does not compile')
    expect(readdirSync(host.store.directory)).toEqual(before)
    expect(await standing()).toEqual(['in_force', 7])
  })

  it('mends a bundle that was damaged since', async () => {
    await install(7)
    writeFileSync(fileOf(7), 'gone')
    expect(await standing()).toEqual(['failed', undefined, 'bundle_damaged'])
    expect((await install(7)).isChange).toBe(true)
    expect(await standing()).toEqual(['in_force', 7])
  })

  it('leaves the bundle before or the new one at every step of the way, and the next one works', async () => {
    await install(7)
    expect(await installWatched(-1)).toEqual([0, null])
    const copies = readdirSync(join(host.directory, 'copies')).sort()
    const versions: unknown[] = []
    for (const copy of copies) {
      const store = new BundleStore(join(host.directory, 'copies', copy))
      const { status } = await chooseBundle(store, [host.trustDirectory], bundleNow)
      expect(status).toMatchObject({ state: 'in_force', troubles: [] })
      versions.push(status.bundle?.version)
      const request = { bytes: bundleOf(payloadOf(9), acme), file: 'x', trust: host.trust, now: bundleNow }
      await installBundle(store, request)
      const names = readdirSync(store.directory).filter((name) => name.endsWith('.part') || name.startsWith('8-'))
      expect(names).toHaveLength(status.bundle?.version === 8 ? 1 : 0)
    }
    expect(copies.length).toBeGreaterThan(8)
    expect(versions).toEqual(versions.toSorted())
    expect(new Set(versions)).toEqual(new Set([7, 8]))
  }, 60_000)

  it('that is killed lets go of its lock', async () => {
    await install(7)
    expect(await installWatched(9)).toEqual([null, 'SIGKILL'])
    expect(await standing()).toEqual(['in_force', 7])
    await install(9)
    expect(await standing()).toEqual(['in_force', 9])
  }, 60_000)
})

/** Version 8 in a process of its own; see `killed-install.ts`. */
async function installWatched(last: number): Promise<[number | null, NodeJS.Signals | null]> {
  const file = host.file('eight', bundleOf(payloadOf(8), acme))
  const copies = join(host.directory, 'copies')
  const args = [host.state, host.trustDirectory, file, String(bundleNow), copies, String(last)]
  const child = fork(join(import.meta.dirname, '../../../support/killed-install.ts'), args)
  return await new Promise((resolve) => {
    child.on('exit', (...how) => resolve(how))
  })
}

describe('a rollback', () => {
  it('brings the one before back, and lets a newer one in, but not the one it took away or any before it', async () => {
    await install(7)
    await install(8)
    const { from, to } = await back()
    expect([from.map(({ version }) => version), to?.content.version]).toEqual([[8], 7])
    expect(await standing()).toEqual(['in_force', 7])
    expect(readdirSync(host.store.directory).some((name) => name.startsWith('8-'))).toBe(false)
    expect(await refused(8)).toBe('bundle_withdrawn')
    expect(await refused(8, { fields: { name: 'renamed' } })).toBe('bundle_withdrawn')
    expect((await install(7)).isChange).toBe(false)
    await install(9)
    expect(await standing()).toEqual(['in_force', 9])
  })

  it('ends at what ships, and then has nothing to take away', async () => {
    await install(7)
    expect((await back()).to).toBeUndefined()
    expect(await standing()).toEqual(['none', undefined])
    expect(await refused(7)).toBe('bundle_withdrawn')
    expect(await refused(3)).toBe('bundle_withdrawn')
    await expect(back()).rejects.toMatchObject({ code: 'bundle_store' })
  })

  it('passes over one that cannot be used any more', async () => {
    await install(6)
    await install(7)
    await install(8)
    writeFileSync(fileOf(7), 'gone')
    expect((await back()).to?.content.version).toBe(6)
    expect(await standing()).toEqual(['fallback', 6, 'bundle_damaged'])
  })

  it('is taken back by a person who says so', async () => {
    await install(7)
    await install(8)
    await back()
    await install(8, { anyVersion: true })
    expect(await standing()).toEqual(['in_force', 8])
    await back()
    expect(await refused(8)).toBe('bundle_withdrawn')
  })
})

describe('what is in force', () => {
  it('falls back to the last good bundle, then to what ships, when a key is taken away', async () => {
    await install(7)
    host.trusts(other, 'other')
    await install(8, { signer: other })
    rmSync(join(host.trustDirectory, 'other.pub'))
    expect(await standing()).toEqual(['fallback', 7, 'bundle_unknown_key'])
    rmSync(join(host.trustDirectory, 'acme.pub'))
    expect(await standing()).toEqual(['failed', undefined, 'bundle_unknown_key', 'bundle_unknown_key'])
    host.trusts(acme)
    expect(await standing()).toEqual(['fallback', 7, 'bundle_unknown_key'])
  })

  it('lets honest bundles in after a stolen key signed the highest version there is', async () => {
    await install(7)
    host.trusts(other, 'stolen')
    await install(999_999_999_999, { signer: other })
    rmSync(join(host.trustDirectory, 'stolen.pub'))
    expect(await refused(6)).toBe('bundle_older')
    await install(8)
    expect(await standing()).toEqual(['in_force', 8])
  })

  it('follows the time', async () => {
    await install(7)
    await install(8, { fields: { expires: '2026-12-24T00:00:00Z' } })
    expect(await standing()).toEqual(['in_force', 8])
    expect(await standing(Date.UTC(2026, 11, 24) / 1000)).toEqual(['fallback', 7, 'bundle_expired'])
  })

  it.each<[string, (path: string) => void]>([
    ['changed', (path) => writeFileSync(path, 'x', { flag: 'a' })],
    ['gone', (path) => rmSync(path)],
    [
      'a link',
      (path) => {
        copyFileSync(path, `${path}.moved`)
        rmSync(path)
        symlinkSync(`${path}.moved`, path)
      },
    ],
    ['another signed bundle', (path) => writeFileSync(path, bundleOf(payloadOf(8, { name: 'never-installed' }), acme))],
  ])('falls back when the file of a bundle is %s', async (_, spoil) => {
    await install(7)
    await install(8)
    spoil(fileOf(8))
    expect(await standing()).toEqual(['fallback', 7, 'bundle_damaged'])
  })

  it.each([
    ['no JSON', '{'],
    ['of another format', '{"format":2,"bundles":[],"floor":0}'],
    ['with a version that is none', '{"format":1,"bundles":[{"version":-1}],"floor":0}'],
    ['too large', `{"format":1,"floor":0,"bundles":[],"x":"${'x'.repeat(20_000)}"}`],
  ])('is what ships when the record is %s, and an installation is refused unless a person says so', async (_, text) => {
    await install(7)
    writeFileSync(host.store.recordFile, text)
    expect(await standing()).toEqual(['failed', undefined, 'bundle_store'])
    expect(await refused(8)).toBe('bundle_store')
    await install(8, { anyVersion: true })
    expect(await standing()).toEqual(['in_force', 8])
  })

  it('is what ships when others can write to the directory', async () => {
    await install(7)
    chmodSync(host.store.directory, 0o777)
    expect(await standing()).toEqual(['failed', undefined, 'bundle_store'])
  })

  it('is checked in full when another program made the check, and once by this one', async () => {
    await install(7)
    const [installed] = host.store.read().bundles
    if (!installed) throw new Error('nothing is installed')
    host.store.putRecord({ floor: 0, bundles: [{ ...installed, checked: '0.0.1/1' }] })
    await noteChecked(host.store, await chooseBundle(host.store, [host.trustDirectory], bundleNow))
    expect(host.store.read().bundles[0]?.checked).toBe(installed.checked)
  })

  it('is not what a record calls checked when its signature is not there', async () => {
    await install(7)
    const [installed] = host.store.read().bundles
    if (!installed) throw new Error('nothing is installed')
    const forged = bundleOf(payloadOf(9), other)
    const { createHash } = await import('node:crypto')
    const sha256 = createHash('sha256').update(forged).digest('hex')
    const entry = { ...installed, version: 9, sha256 }
    host.store.putBundle(entry, forged)
    host.store.putRecord({ floor: 0, bundles: [entry, installed] })
    expect(await standing()).toEqual(['fallback', 7, 'bundle_unknown_key'])
  })
})

describe('a watch', () => {
  it('chooses anew when something changed, and only then', async () => {
    let nowMs = bundleNow * 1000
    await install(7)
    const watch = await BundleWatch.open(host.store, [host.trustDirectory], { nowMs: () => nowMs })
    const first = watch.choice
    expect([watch.isOutdated, await watch.look()]).toEqual([false, first])
    await install(8, { fields: { expires: '2026-12-24T00:00:00Z' } })
    expect(watch.isOutdated).toBe(true)
    expect((await watch.look()).status).toMatchObject({ state: 'in_force', bundle: { version: 8 } })
    expect(watch.isOutdated).toBe(false)
    nowMs = Date.UTC(2026, 11, 24)
    expect((await watch.look()).status).toMatchObject({ state: 'fallback', bundle: { version: 7 } })
    rmSync(join(host.trustDirectory, 'acme.pub'))
    expect((await watch.look()).status.state).toBe('failed')
    expect(watch.isOutdated).toBe(false)
  })

  it('tries what had expired again after an hour: the clock may have been wrong', async () => {
    await install(7, { fields: { expires: '2026-12-24T00:00:00Z' } })
    let nowMs = Date.UTC(2036, 0, 1)
    const watch = await BundleWatch.open(host.store, [host.trustDirectory], { nowMs: () => nowMs })
    expect(watch.choice.status.state).toBe('failed')
    nowMs = bundleNow * 1000
    expect((await watch.look()).status.state).toBe('in_force')
  })
})
