/** The setting that refuses padded signatures, in hives of images and through osquery. */
import { describe, expect, it } from 'vitest'
import type { OsqueryTables } from '../../../extension/domain/osquery-tables.ts'
import { certPaddingCheck } from '../../../extension/installs/padding-check.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { imageVolume, type Volume } from '../../../extension/sweep/volume.ts'
import { type HiveKey, type HiveValue, hive } from '../../support/hive-builder.ts'
import { below, merged } from '../../support/hive-keys.ts'
import { withTree } from '../../support/install-trees.ts'

const loaded = loadNative()
const native = 'problem' in loaded ? undefined : loaded
const never = new AbortController().signal
const config = 'Microsoft\\Cryptography\\Wintrust'
const name = 'EnableCertPaddingCheck'

const machine = below('Microsoft', { Windows: {} })
const view = (prefix: string, value: HiveValue): HiveKey =>
  below(`${prefix}${config}`, { Config: { values: { [name]: value } } })

const offline = (software: Uint8Array | string, path = 'Windows/System32/config/SOFTWARE', engine = native) =>
  withTree({ [path]: software }, async (root) =>
    certPaddingCheck(engine ?? portableEngine(), await imageVolume(root, 'windows'), never),
  )

describe.skipIf(native === undefined)('the padding check of an image', () => {
  it.each<[string, HiveKey, string]>([
    ['on in the only view', merged(machine, view('', 1)), 'on'],
    ['on in both views, as text', merged(view('', '1'), view('WOW6432Node\\', '1')), 'on'],
    ['on for programs of one kind only', merged(view('', 1), below('WOW6432Node', { x: {} })), 'off'],
    ['zero', merged(machine, view('', 0)), 'off'],
    ['not set, as by default', machine, 'off'],
    ['in a hive of something else', below('Other', { x: {} }), 'unknown'],
  ])('%s', async (_, keys, expected) => {
    expect(await offline(hive(keys))).toBe(expected)
  })

  it('is found whatever the case of the path, and unknown without a sound hive', async () => {
    expect(await offline(hive(merged(machine, view('', 1))), 'WINDOWS/system32/Config/software')).toBe('on')
    expect(await offline('regf')).toBe('unknown')
    expect(await offline('x', 'Windows/notepad.exe')).toBe('unknown')
  })
})

describe('the padding check', () => {
  const live: Volume = {
    display: 'C:\\',
    canonical: 'C:\\',
    imageRoot: 'C:\\',
    isImage: false,
    isCopy: false,
    platform: 'windows',
  }
  const osquery = (values: readonly string[], views: number): OsqueryTables => ({
    ask: async (sql) =>
      sql.includes(name)
        ? values.map((data, at) => ({ key: `k${at}`, data }))
        : Array.from({ length: views }, () => ({ key: 'x' })),
  })

  it('of a live host is what osquery says', async () => {
    const ask = (tables?: OsqueryTables) => certPaddingCheck(portableEngine(), live, never, tables)
    expect(await ask(osquery(['1', '1'], 3))).toBe('on')
    expect(await ask(osquery(['1'], 3))).toBe('off')
    expect(await ask(osquery(['1'], 0))).toBe('on')
    expect(await ask(osquery([], 3))).toBe('off')
    expect(await ask({ ask: () => Promise.reject(new Error('gone')) })).toBe('unknown')
    expect(await ask()).toBe('unknown')
  })

  it('is unknown by the portable engine and where there is no Windows', async () => {
    expect(await offline(hive(merged(machine, view('', 1))), undefined, portableEngine())).toBe('unknown')
    expect(await certPaddingCheck(portableEngine(), { ...live, platform: 'darwin' }, never)).toBe('unknown')
  })
})
