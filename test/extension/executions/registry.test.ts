/** Executions from registry hives: ordinary, empty, damaged and hostile ones. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Bytes } from '../../../extension/decoders/bytes.ts'
import { amcache } from '../../../extension/executions/amcache.ts'
import { bam } from '../../../extension/executions/bam.ts'
import type { ExecutionAccess, ExecutionReader } from '../../../extension/executions/reader.ts'
import { shimcache } from '../../../extension/executions/shimcache.ts'
import { shimEntries } from '../../../extension/executions/shimcache-entries.ts'
import { userassist } from '../../../extension/executions/userassist.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { expectGolden } from '../../support/golden.ts'
import { hive } from '../../support/hive-builder.ts'
import { below } from '../../support/hive-keys.ts'
import {
  bamValue,
  oldUserAssistValue,
  rot13,
  shimcacheValue,
  shimForms,
  userAssistValue,
} from '../../support/shimcache-builder.ts'
import { collected, needlesOf, readerOf, sourceFile } from '../../support/source-files.ts'
import { contenders } from '../native/engines.ts'

const [{ engine } = { engine: undefined }] = contenders()
const app = 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe'
const device = app.replace('C:', '\\Device\\HarddiskVolume3')
const notepad = 'C:\\Windows\\System32\\notepad.exe'
const first = 1_679_900_000
const never = new AbortController().signal
const needles = needlesOf(['3cxdesktopapp'])

async function said(reader: ExecutionReader, bytes: Uint8Array, used = engine) {
  if (!used) throw new Error('the native engine is missing')
  const directory = mkdtempSync(join(tmpdir(), 'threecx-hives-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'hive')
  writeFileSync(path, bytes)
  const access: ExecutionAccess = {
    ...readerOf(path),
    registry: (queries) => used.registry([directory], { root: 0, path: 'hive' }, queries, never),
    account: (id) => (id === 'S-1-5-21-1-2-3-1001' ? 'alice' : ''),
  }
  const records = await collected(reader.read(sourceFile(path), access, needles, never))
  return JSON.parse(JSON.stringify(records).replaceAll(directory.slice(1), 'DIR'))
}

const counts = 'Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\UserAssist'
const guid = '{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}'
const assisted = hive(
  below(counts, {
    [guid]: {
      keys: {
        Count: {
          values: {
            [rot13(app)]: userAssistValue(17, 65_400, first),
            [rot13(notepad)]: userAssistValue(3, 1000, first),
            [rot13('{0139D44E-6AFE-49F2-8690-3DAFCAE6FFB8}\\3CXDesktopApp.lnk')]: userAssistValue(0, 0, 0),
            [rot13('UEME_CTLSESSION')]: userAssistValue(1, 1, first),
            [rot13(`${app}.cut`)]: userAssistValue(1, 1, first).subarray(0, 40),
            [rot13(`${app}.text`)]: 'a text',
          },
        },
      },
    },
    '{75048700-EF1F-11D0-9888-006097DEACF9}': {
      keys: { Count: { values: { [rot13(`UEME_RUNPATH:${app}`)]: oldUserAssistValue(4, first) } } },
    },
  }),
)

const settings = { 'S-1-5-21-1-2-3-1001': { values: { [device]: bamValue(first), SequenceNumber: 7 } } }
const moderated = hive({
  keys: {
    ControlSet001: below('Services\\bam\\State\\UserSettings', {
      ...settings,
      'S-1-5-18': {
        values: { [device]: bamValue(first), [notepad]: bamValue(first), 'cut 3CXDesktopApp': Uint8Array.of(1) },
      },
    }),
    ControlSet002: below('Services\\dam\\UserSettings', settings),
  },
})

const inventory = hive(
  below('Root', {
    InventoryApplicationFile: {
      keys: {
        '3cxdesktopapp.exe|1': {
          lastWritten: first,
          values: {
            LowerCaseLongPath: app.toLowerCase(),
            FileId: `0000${'ab'.repeat(20)}`,
            BinProductVersion: '18.12.416.0',
            ProductName: '3cx desktop app',
            Publisher: '3cx',
            LinkDate: '01/02/2023 10:00:00',
            Size: '0x1000',
          },
        },
        'large|1': {
          lastWritten: first,
          values: { LowerCaseLongPath: app.toLowerCase(), FileId: `0000${'cd'.repeat(20)}`, Size: 94_371_840n },
        },
        'notepad.exe|2': { values: { LowerCaseLongPath: notepad, FileId: `0000${'00'.repeat(20)}` } },
        'without a path': { values: { FileId: `0000${'ab'.repeat(20)}` } },
      },
    },
    File: {
      keys: {
        '{volume}': {
          keys: { '1a2b': { lastWritten: first, values: { 15: app, 101: `0000${'ef'.repeat(20)}`, 5: '18.12.407' } } },
        },
      },
    },
  }),
)

const cached = (value: Uint8Array) =>
  hive({
    keys: {
      ControlSet001: below('Control\\Session Manager', { AppCompatCache: { values: { AppCompatCache: value } } }),
    },
  })
const entries = [
  { path: app, modified: first, hasRun: true },
  { path: notepad, modified: first },
  { path: `${app}.2`, modified: 0 },
]

describe.skipIf(!engine)('hives', () => {
  it.each<[string, ExecutionReader, Uint8Array]>([
    ['userassist/ordinary', userassist, assisted],
    ['userassist/empty', userassist, hive({})],
    ['bam/ordinary', bam, moderated],
    ['bam/empty', bam, hive({})],
    ['amcache/ordinary', amcache, inventory],
    ['amcache/empty', amcache, hive({})],
    ...shimForms.map((form): [string, ExecutionReader, Uint8Array] => [
      `shimcache/windows-${form}`,
      shimcache,
      cached(shimcacheValue(form, entries)),
    ]),
    ['shimcache/unknown-form', shimcache, cached(new Uint8Array(200))],
    ['shimcache/empty', shimcache, hive({})],
  ])('say of %s', async (name, reader, bytes) => {
    await expectGolden(`executions/${name}`, await said(reader, bytes))
  })

  it.each([userassist, bam, amcache, shimcache])('that are damaged are a problem of $name', async (reader) => {
    expect(await said(reader, Buffer.from('no hive at all'))).toMatchObject([{ problem: { code: 'damaged' } }])
  })
})

describe('without the native engine', () => {
  it('hives are not supported, and that is said', async () => {
    const records = await said(userassist, assisted, portableEngine())
    expect(records).toMatchObject([{ problem: { code: 'unsupported' } }])
  })
})

describe('a cache of application compatibility', () => {
  it('gives entries or none, whatever is in it', () => {
    const made = fc.constantFrom(...shimForms).map((form) => shimcacheValue(form, entries))
    const change = fc.tuple(fc.nat(400), fc.nat(255))
    fc.assert(
      fc.property(made, fc.array(change, { maxLength: 30 }), fc.nat(600), (value, changes, length) => {
        const bytes = value.slice()
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
        const found = shimEntries(new Bytes(bytes.subarray(0, Math.max(0, bytes.length - length))))
        expect(found?.length ?? 0).toBeLessThan(4097)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(shimEntries(new Bytes(bytes))?.length ?? 0).toBeLessThan(4097)
      }),
    )
  })

  it.each(shimForms)('of Windows %s gives every entry', (form) => {
    const found = shimEntries(new Bytes(shimcacheValue(form, entries)))
    expect(found?.map(({ path }) => path)).toEqual(entries.map(({ path }) => path))
    expect(found?.map(({ modified }) => modified)).toEqual([first, first, undefined])
    const told = form.startsWith('1') ? undefined : true
    expect(found?.[0]?.hasRun).toBe(told)
  })
})
