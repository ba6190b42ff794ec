/**
 * Another indicator bundle in a hunt that runs: a question is answered by one set of indicators from its beginning to its
 * end, what stood is judged anew, and going back brings the older answer.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CatalogueSettings, openCatalogue, openResidentCatalogue } from '../../extension/catalogue.ts'
import type { Scan } from '../../extension/domain/scan.ts'
import { installBundle, rollBack } from '../../extension/indicators/bundle/install.ts'
import type { Logger } from '../../extension/runtime/log.ts'
import type { TableRequest } from '../../extension/sdk/constraints.ts'
import type { BoundTable } from '../../extension/sdk/index.ts'
import { BundleHost, bundleOf, newSigner, payloadOf, setOf } from '../support/bundles.ts'

const never = new AbortController().signal
const acme = newSigner()
const content = Buffer.from('what nobody knew before today')
const sha256 = createHash('sha256').update(content).digest('hex')
const warnings: unknown[] = []
const log = { debug: () => {}, info: () => {}, warn: (...said: unknown[]) => warnings.push(said), error: () => {} }
const everything: TableRequest = { constraints: new Map(), columnsUsed: undefined }

let host: BundleHost
let root: string
let planted: string
let settings: Omit<CatalogueSettings, 'scope'>

beforeEach(() => {
  warnings.length = 0
  host = new BundleHost()
  host.trusts(acme)
  root = join(host.directory, 'image')
  planted = join(root, 'srv', 'archive', 'unheard.bin')
  mkdirSync(join(root, 'srv', 'archive'), { recursive: true })
  for (const folder of ['etc', 'usr/bin', 'var/log']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(planted, content)
  const trust = [host.trustDirectory]
  const bundles = { kind: 'installed' as const, stateDir: host.state, trust }
  settings = { root, platform: 'linux', stateDir: join(host.directory, 'hunt'), bundles }
})

afterEach(() => host.remove())

async function install(version: number, set: Record<string, unknown>): Promise<void> {
  const bytes = bundleOf(payloadOf(version, { sets: [set] }), acme)
  const now = Math.floor(Date.now() / 1000)
  await installBundle(host.store, { bytes, file: 'x.bundle', trust: host.trust, now })
}

const newDigest = () => install(8, setOf('acme/new', { type: 'sha256', value: sha256, stage: 'unknown' }))

function tableOf(tables: readonly BoundTable[], name: string): BoundTable {
  const table = tables.find((one) => one.name === name)
  if (!table) throw new Error(`no table ${name}`)
  return table
}

/** Rows as values by column. */
async function* rowsOf(table: BoundTable): AsyncGenerator<Record<string, unknown>, void, undefined> {
  const names = table.columns.map(({ name }) => name)
  for await (const { cells } of table.generate(everything, never)) {
    yield Object.fromEntries(names.map((name, at) => [name, cells[at]]))
  }
}

describe('a resident hunt', () => {
  it('takes up an installed bundle between two questions, sweeps anew with it, and goes back', async () => {
    const fast = { startDelayMs: 0, firstDelayMs: 0, rememberMs: 0, pace: { idle: false, cpuShare: 100 } }
    const catalogue = await openResidentCatalogue({ ...settings, residence: fast }, log as unknown as Logger)
    const full = async (version: string): Promise<Scan | undefined> => {
      const scans = await catalogue.hunter.scans(never)
      return scans.find((one) => one.scan === 'full' && one.state === 'finished' && one.indicatorsVersion === version)
    }
    const swept = async () => {
      await expect.poll(() => full(catalogue.hunter.indicatorsVersion), { timeout: 20_000 }).toBeDefined()
    }
    const found = async () => {
      const paths: unknown[] = []
      for await (const row of rowsOf(tableOf(catalogue.tables, 'threecx_artifacts'))) paths.push(row['path'])
      return paths
    }
    const indicators = () => rowsOf(tableOf(catalogue.tables, 'threecx_indicators'))
    try {
      catalogue.hunter.start()
      await swept()
      expect(await found()).toEqual([])
      const before = catalogue.hunter.indicatorsVersion
      const old = catalogue.hunter

      const running = indicators()
      const seen = [(await running.next()).value]
      await newDigest()
      await catalogue.followBundle()
      expect(catalogue.hunter).not.toBe(old)
      for await (const row of running) seen.push(row)
      expect(seen).toHaveLength(old.indicators.length)
      expect(seen.filter((row) => row?.['origin'] !== 'program')).toEqual([])

      const now: Record<string, unknown>[] = []
      for await (const row of indicators()) now.push(row)
      expect(now).toHaveLength(old.indicators.length + 1)
      expect(now.filter((row) => row['origin'] === 'bundle')).toEqual([
        expect.objectContaining({ id: 'acme/new/1', bundle: 'acme', bundle_version: 8, value: sha256 }),
      ])
      await swept()
      expect(await found()).toEqual([planted])
      expect(catalogue.hunter.indicatorsVersion).not.toBe(before)
      expect((await catalogue.hunter.verdict(never)).reasons).not.toContain(expect.stringMatching(/other indicators/))

      await rollBack(host.store, host.trust, 0)
      await catalogue.followBundle()
      expect(catalogue.hunter.indicatorsVersion).toBe(before)
      expect(await found()).toEqual([])
      await swept()
      expect(await found()).toEqual([])
      expect(warnings).toEqual([])
    } finally {
      await catalogue.close()
    }
  }, 60_000)

  it('keeps to what it has, and says so, when a bundle goes bad under it', async () => {
    await install(7, setOf('acme/new'))
    await newDigest()
    const catalogue = await openResidentCatalogue(settings, log as unknown as Logger)
    try {
      const [health] = await rows(tableOf(catalogue.tables, 'threecx_extension'))
      expect(health).toMatchObject({ bundle: 'acme', bundle_version: 8, bundle_state: 'in_force', bundle_problem: '' })
      const [, second] = [...host.store.read().bundles].reverse()
      if (!second) throw new Error('only one is installed')
      writeFileSync(host.store.fileOf(second), 'spoilt')
      await catalogue.followBundle()
      expect(catalogue.bundle).toMatchObject({ state: 'fallback', bundle: { version: 7 } })
      rmSync(join(host.trustDirectory, 'acme.pub'))
      await catalogue.followBundle()
      const [after] = await rows(tableOf(catalogue.tables, 'threecx_extension'))
      expect(after).toMatchObject({ bundle: '', bundle_version: null, bundle_state: 'failed' })
      expect(after?.['bundle_problem']).toMatch(/it is not the file that was installed/)
      expect(catalogue.hunter.sets.some(({ origin }) => origin?.kind === 'bundle')).toBe(false)
      expect(catalogue.hunter.sets.length).toBeGreaterThan(20)
    } finally {
      await catalogue.close()
    }
  }, 30_000)
})

async function rows(table: BoundTable): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  for await (const row of rowsOf(table)) all.push(row)
  return all
}

describe('a hunt that ends', () => {
  it('uses the installed bundle to its end, and knows when another one is to be in force', async () => {
    const catalogue = await openCatalogue({ ...settings, scope: 'full' }, log as unknown as Logger)
    try {
      expect([catalogue.bundle.state, catalogue.isOutdated]).toEqual(['none', false])
      await newDigest()
      expect(catalogue.isOutdated).toBe(true)
      for await (const one of catalogue.hunter.artifacts(never)) expect(one.path).toBe('none')
    } finally {
      catalogue.close()
    }
    const later = await openCatalogue({ ...settings, scope: 'full' }, log as unknown as Logger)
    try {
      const paths: string[] = []
      for await (const one of later.hunter.artifacts(never)) paths.push(one.path)
      expect(paths).toEqual([planted])
    } finally {
      later.close()
    }
  }, 30_000)

  it('refuses a named bundle that is not good, and takes rules from one that is', async () => {
    const rule = `rule Unheard { meta: level = "high" strings: $a = "nobody knew before" condition: $a }`
    const good = host.file('good', bundleOf(payloadOf(3, { rules: [{ name: 'loader', text: rule }] }), acme))
    const trust = [host.trustDirectory]
    const named = { ...settings, scope: 'full' as const, bundles: { kind: 'file' as const, path: good, trust } }
    const catalogue = await openCatalogue(named, log as unknown as Logger)
    try {
      const loader = catalogue.hunter.sets.find(({ id }) => id === 'yara/loader')
      expect(loader).toMatchObject({ origin: { kind: 'bundle', version: 3 }, indicators: [{ value: 'Unheard' }] })
      expect(catalogue.hunter.sets.filter(({ id }) => id.startsWith('yara/')).length).toBeGreaterThan(2)
      expect(await catalogue.rules.check()).toEqual([])
    } finally {
      catalogue.close()
    }
    const bad = { ...named, bundles: { ...named.bundles, path: host.file('bad', 'no bundle') } }
    await expect(openCatalogue(bad, log as unknown as Logger)).rejects.toMatchObject({ code: 'bundle_damaged' })
  }, 30_000)
})
