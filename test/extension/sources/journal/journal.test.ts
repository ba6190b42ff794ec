/** Files of the systemd journal: contacts and executions of every layout, damaged files, and one that systemd itself wrote. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { journal as executions } from '../../../../extension/executions/journal.ts'
import type { ExecutionAccess } from '../../../../extension/executions/reader.ts'
import { journal } from '../../../../extension/sources/journal/journal.ts'
import { expectGolden } from '../../../support/golden.ts'
import { type JournalStyle, journalFile, type PlannedEntry } from '../../../support/journal-builder.ts'
import { collected, needlesOf, readerOf, recordsOf, sourceFile } from '../../../support/source-files.ts'

const needles = needlesOf(['pbxsources.com', 'officeaddons.com', '3cxdesktopapp'])
const time = 1_680_098_400
const app = '/home/alice/.wine/drive_c/3CXDesktopApp/app-18.12.416/3CXDesktopApp.exe'
const process = {
  _EXE: app,
  _CMDLINE: `${app} --hidden`,
  _PID: '4711',
  _UID: '1000',
  _SYSTEMD_UNIT: 'user@1000.service',
}
const padding = 'p'.repeat(500)

const entries: readonly PlannedEntry[] = [
  ...Array.from({ length: 20 }, (_, at) => ({
    time: time + at,
    fields: { SYSLOG_IDENTIFIER: 'dnsmasq', _PID: '812', MESSAGE: `query[A] host${at}.example from 10.0.0.5` },
  })),
  {
    time: time + 100,
    fields: { SYSLOG_IDENTIFIER: 'dnsmasq', _PID: '812', MESSAGE: 'query[A] www.PbxSources.com from 10.0.0.5' },
  },
  {
    time: time + 101,
    fields: {
      SYSLOG_IDENTIFIER: 'suricata',
      MESSAGE: `{"timestamp":"2023-03-29T14:01:41.000000+0000","event_type":"tls","src_ip":"10.0.0.5","dest_ip":"192.0.2.7","pad":"${padding}","tls":{"sni":"officeaddons.com"}}`,
    },
  },
  { time: time + 102, fields: { SYSLOG_IDENTIFIER: 'analyst', MESSAGE: 'look for officeaddons.com' } },
  {
    time: time + 103,
    fields: { SYSLOG_IDENTIFIER: 'dnsmasq', MESSAGE: 'query[A] notpbxsources.com.example from 10.0.0.5' },
  },
  { time: time + 104, fields: { ...process, SYSLOG_IDENTIFIER: 'wine', MESSAGE: 'one' } },
  { time: time + 900, fields: { ...process, SYSLOG_IDENTIFIER: 'wine', MESSAGE: 'two' } },
  {
    time: time + 901,
    fields: { ...process, _PID: '5000', _SOURCE_REALTIME_TIMESTAMP: `${time + 800}250000`, MESSAGE: 'three' },
  },
]

function written(bytes: Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-journal-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'system.journal')
  writeFileSync(path, bytes)
  return path
}

async function ran(path: string) {
  const account = (id: string | number) => (id === 1000 ? 'alice' : '')
  const access: ExecutionAccess = { ...readerOf(path, needles), registry: async () => [], account }
  return await collected(executions.read(sourceFile(path), access, needles, new AbortController().signal))
}

const styles: readonly JournalStyle[] = [
  {},
  { isCompact: true },
  { packing: 'zstd' },
  { packing: 'lz4' },
  { isCompact: true, packing: 'zstd' },
  { packing: 'xz' },
]
const label = ({ isCompact, packing }: JournalStyle) => `${packing ?? 'plain'}${isCompact ? '-compact' : ''}`

describe('a journal', () => {
  it.each(styles.map((style) => [label(style), style] as const))('%s: contacts and executions', async (name, style) => {
    const path = written(journalFile(entries, style))
    await expectGolden(`sources/journal/${name}`, await recordsOf(journal, path, needles))
    await expectGolden(`executions/journal/${name}`, await ran(path))
  })

  it('of every layout says the same', async () => {
    const said = []
    for (const style of styles.filter(({ packing }) => packing !== 'xz')) {
      const records = await recordsOf(journal, written(journalFile(entries, style)), needles)
      said.push(JSON.stringify(records.map((one) => ({ ...one, offset: 0 }))))
    }
    expect(new Set(said).size).toBe(1)
    expect(JSON.parse(said[0] ?? '[]')).toHaveLength(3)
  })

  it('that is empty says nothing, and what is none is refused', async () => {
    expect(await recordsOf(journal, written(journalFile([])), needles)).toEqual([])
    for (const bytes of [new Uint8Array(), Buffer.from('LPKSHHRH'), Buffer.alloc(4096, 'x')]) {
      expect(await recordsOf(journal, written(bytes), needles)).toMatchObject([{ problem: { code: 'damaged' } }])
    }
    const unknown = journalFile(entries)
    unknown[12] = 0x40
    expect(await recordsOf(journal, written(unknown), needles)).toMatchObject([
      { problem: { message: expect.stringContaining('features that are not known') } },
    ])
  })

  it('gives what is whole of a file that is cut, and never more', async () => {
    const bytes = journalFile(entries)
    for (let length = 0; length < bytes.length; length += 97) {
      const records = await recordsOf(journal, written(bytes.subarray(0, length)), needles)
      expect(records.filter((one) => !('problem' in one)).length).toBeLessThanOrEqual(3)
    }
  })

  it('ends, whatever is changed', async () => {
    const bytes = journalFile(entries, { packing: 'lz4' })
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 30 }), async (changes) => {
        const changed = bytes.slice()
        for (const [at, value] of changes) changed[at] = value
        const records = await recordsOf(journal, written(changed), needles)
        expect(records.length).toBeLessThan(60)
      }),
      { numRuns: 60 },
    )
  })

  const remote = '/lib/systemd/systemd-journal-remote'
  it.skipIf(!existsSync(remote))(
    'that systemd wrote says the same (skipped without systemd-journal-remote)',
    async () => {
      const path = written(new Uint8Array())
      const output = path.replace('system.journal', 'remote.journal')
      const exported = entries.map(({ time: seconds, fields }, at) =>
        [
          `__REALTIME_TIMESTAMP=${seconds}000000`,
          `__MONOTONIC_TIMESTAMP=${at + 1}`,
          `_BOOT_ID=${'0123456789abcdef'.repeat(2)}`,
          ...Object.entries(fields).map(([name, value]) => `${name}=${value}`),
        ].join('\n'),
      )
      writeFileSync(path, `${exported.join('\n\n')}\n\n`)
      const made = spawnSync(remote, ['-o', output, path])
      expect(made.status, String(made.stderr)).toBe(0)
      const place = (one: object) => ({ ...one, offset: 0, record: '', path: '' })
      const ours = await recordsOf(journal, written(journalFile(entries)), needles)
      expect((await recordsOf(journal, output, needles)).map(place)).toEqual(ours.map(place))
      expect((await ran(output)).map(place)).toEqual((await ran(written(journalFile(entries)))).map(place))
      expect(readFileSync(output).length).toBeGreaterThan(1 << 20)
    },
  )
})
