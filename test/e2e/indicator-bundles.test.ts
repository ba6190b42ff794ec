/**
 * Indicators that reach a host without a new program: signed, shipped as a file, installed, rolled back; with an
 * extension that runs all the while, and is asked over the socket as osquery asks it.
 */
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Core, type LaunchedExtension, launchExtension, startCore } from 'osquery-extension-sdk/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../extension/domain/errors.ts'
import { extensionName } from '../../extension/main.ts'
import { BundleHost, setOf } from '../support/bundles.ts'
import { type Ended, threecx } from '../support/command.ts'

const content = Buffer.from('published this morning')
const sha256 = createHash('sha256').update(content).digest('hex')

const host = new BundleHost()
const at = (name: string) => join(host.directory, name)
const env = { THREECX_TRUST: host.trustDirectory }

async function indicators(...args: string[]): Promise<Ended> {
  return await threecx(host.state, ['indicators', ...args], env)
}

/** The error code of a refusal. */
async function refusal(...args: string[]): Promise<string | undefined> {
  const { exit } = await indicators(...args)
  return Object.entries(errorCodes).find(([, code]) => code.exit === exit)?.[0]
}

function writeSet(directory: string, indicator: Readonly<Record<string, unknown>>): string {
  const folder = join(host.directory, directory)
  mkdirSync(join(folder, 'acme'), { recursive: true })
  writeFileSync(join(folder, 'acme', 'new.json'), JSON.stringify(setOf('acme/new', indicator), undefined, 2))
  return folder
}

async function build(folder: string, version: number, ...more: string[]): Promise<string> {
  const file = at(`${version}.bundle`)
  const args = ['bundle', 'build', folder, '--bundle-version', String(version), '--key', at('acme.key')]
  const built = await indicators(...args, '--name', 'acme', '--output', file, ...more)
  expect(built).toMatchObject({ exit: 0, stderr: '' })
  return file
}

let first: string
let second: string

beforeAll(async () => {
  expect((await indicators('keygen', '--out', at('acme'))).exit).toBe(0)
  copyFileSync(at('acme.pub'), join(host.trustDirectory, 'acme.pub'))
  first = await build(writeSet('one', {}), 7)
  second = await build(writeSet('two', { type: 'sha256', value: sha256, stage: 'unknown' }), 8)
}, 60_000)

afterAll(() => host.remove())

describe('an extension that runs', () => {
  let core: Core
  let extension: LaunchedExtension
  let planted: string

  beforeAll(async () => {
    planted = host.file('planted.bin', content)
    core = await startCore()
    const file = join(import.meta.dirname, '../support/hunter-process.ts')
    const known = { THREECX_STATE: host.state, THREECX_BUNDLE_INTERVAL: '1', ...env }
    extension = launchExtension({ file, socket: core.socket, respawnMs: Number.POSITIVE_INFINITY, env: known })
    await core.waitFor(extensionName, { timeoutMs: 30_000 })
  }, 40_000)

  afterAll(async () => {
    await extension.stop()
    await core.stop()
  })

  const inForce = async () => {
    const [row] = await core.query('SELECT bundle, bundle_version, bundle_state FROM threecx_extension')
    return [row?.['bundle'], row?.['bundle_version'], row?.['bundle_state']]
  }
  /** Asked every two seconds: the extension waits for a moment in which nobody asks. */
  const becomes = async (expected: readonly string[]) =>
    await expect.poll(inForce, { timeout: 40_000, interval: 2000 }).toEqual(expected)
  const found = async () => {
    const sql = `SELECT indicators FROM threecx_artifacts WHERE path = '${planted}'`
    return (await core.query(sql)).map((row) => row['indicators'])
  }

  it('finds what was published since, and does not after the rollback', async () => {
    expect(await found()).toEqual([])
    expect((await indicators('install', first)).exit).toBe(0)
    await becomes(['acme', '7', 'in_force'])
    const rows = await core.query("SELECT origin, bundle_version, value FROM threecx_indicators WHERE bundle = 'acme'")
    expect(rows).toEqual([{ origin: 'bundle', bundle_version: '7', value: 'evil.example' }])
    expect(await found()).toEqual([])
    expect((await indicators('install', second)).exit).toBe(0)
    await becomes(['acme', '8', 'in_force'])
    expect(await found()).toEqual(['["acme/new/1"]'])
    const [scan] = await core.query(
      "SELECT s.indicators_version = v.indicators_version AS same FROM threecx_verdict v, threecx_scans s WHERE s.scan = 'full' AND s.state IN ('pending', 'running')",
    )
    expect(scan).toEqual({ same: '1' })
    expect((await indicators('rollback')).stdout).toMatch(
      /rolled back: acme version 8\nin force: bundle acme, version 7/,
    )
    await becomes(['acme', '7', 'in_force'])
    expect(await found()).toEqual([])
    const health = readFileSync(join(import.meta.dirname, '../../packs/threecx-health/indicators.sql'), 'utf8')
    const sets = await core.query(health.replace(/^--.*\n/gm, ''))
    expect(sets.find((row) => row['set'] === 'acme/new')).toMatchObject({
      bundle_version: '7',
      bundle_status: 'in force',
    })
    expect(extension.exits).toEqual([])
  }, 120_000)
})

describe('threecx indicators', () => {
  it('says what a bundle holds, and how the host stands', async () => {
    const { stdout } = await indicators('verify', second, '--format', 'json')
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ bundle: 'acme', version: 8, signed_by: 'acme', sets: 1, indicators: 1, rules: 0 }),
    ])
    const status = await indicators('status', '--format', 'json')
    expect(JSON.parse(status.stdout)).toEqual([expect.objectContaining({ version: 7, state: 'in force', problem: '' })])
    expect(status.stderr).toMatch(/not installed: everything up to version 8/)
    const list = await indicators('list', '--type', 'domain', '--format', 'json')
    expect(JSON.parse(list.stdout)).toContainEqual(expect.objectContaining({ id: 'acme/new/1', bundle: 'acme 7' }))
    const without = await indicators('list', '--no-bundle', '--type', 'domain', '--format', 'json')
    expect(JSON.parse(without.stdout)).not.toContainEqual(expect.objectContaining({ id: 'acme/new/1' }))
  }, 60_000)

  it('refuses by name, with an exit code for each reason', async () => {
    const bytes = readFileSync(first)
    const spoilt = Buffer.from(bytes)
    spoilt[bytes.length - 3] = 0x41
    expect(await refusal('install', host.file('spoilt', spoilt))).toBe('bundle_signature')
    expect(await refusal('install', host.file('cut', bytes.subarray(0, -1)))).toBe('bundle_damaged')
    expect(await refusal('install', second)).toBe('bundle_withdrawn')
    expect(await refusal('verify', first, '--trust', at('nobody.pub'))).toBe('trust_unusable')
    symlinkSync(at('acme.pub'), at('link.pub'))
    expect(await refusal('verify', first, '--trust', at('link.pub'))).toBe('trust_unusable')
    expect(await refusal('install', at('nowhere'))).toBe('bundle_damaged')
    expect(await refusal('install')).toBe('usage')
    expect(await refusal('keygen', '--out', at('acme'))).toBe('output_failed')
  }, 60_000)

  it('signs nothing that a host would refuse, and with no key that others can read', async () => {
    const args = ['bundle', 'build', '--bundle-version', '9', '--output', at('9.bundle')]
    const wrong = writeSet('wrong', { value: 'Evil.Example' })
    expect(await refusal(...args, wrong, '--key', at('acme.key'))).toBe('indicators_invalid')
    const rules = at('rules')
    mkdirSync(join(rules, 'yara'), { recursive: true })
    writeFileSync(join(rules, 'yara', 'mine.yar'), 'rule mine { condition: no_such_thing }')
    expect(await refusal(...args, rules, '--key', at('acme.key'))).toBe('bundle_invalid')
    chmodSync(at('acme.key'), 0o644)
    expect(await refusal(...args, at('one'), '--key', at('acme.key'))).toBe('trust_unusable')
    chmodSync(at('acme.key'), 0o600)
  }, 60_000)

  it('makes the same bytes of the same sets, key and time', async () => {
    const args = ['indicators', 'bundle', 'build', at('one'), '--bundle-version', '3', '--key', at('acme.key')]
    for (const name of ['a', 'b']) {
      const ended = await threecx(host.state, [...args, '--output', at(name)], {
        ...env,
        SOURCE_DATE_EPOCH: '1790000000',
      })
      expect(ended.exit).toBe(0)
    }
    expect(readFileSync(at('a')).equals(readFileSync(at('b')))).toBe(true)
  }, 60_000)

  it('hunts with a bundle for once, and tells why the installed one is not in force', async () => {
    const sql = ['query', "SELECT value FROM threecx_indicators WHERE id = 'acme/new/1'", '--format', 'json']
    const once = await threecx(host.state, [...sql, '--bundle', second], env)
    expect(JSON.parse(once.stdout)).toEqual([{ value: sha256 }])
    rmSync(join(host.trustDirectory, 'acme.pub'))
    const without = await threecx(host.state, sql, env)
    expect(JSON.parse(without.stdout)).toEqual([])
    expect(without.stderr).toMatch(/an indicator bundle is not in force/)
    const { exit, stderr } = await indicators('status')
    expect(exit).toBe(errorCodes.bundle_unknown_key.exit)
    expect(stderr).toMatch(/in force: the indicators that ship with threecx/)
    const doctor = await threecx(host.state, ['doctor', '--format', 'json'], env)
    expect(JSON.parse(doctor.stdout)).toContainEqual(
      expect.objectContaining({
        rule: 'indicator_bundle',
        outcome: 'failed',
        found: expect.stringMatching(/trusted are none/),
      }),
    )
  }, 60_000)
})
