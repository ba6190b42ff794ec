/** Events of Windows as executions: what each kind says. */
import { describe, expect, it } from 'vitest'
import { eventLog } from '../../../extension/executions/event-log.ts'
import {
  elementIn,
  expanded,
  hexadecimal,
  logUser,
  programIn,
  propertyIn,
  shortVersion,
  sysmonDigests,
} from '../../../extension/executions/event-values.ts'
import type { ExecutionAccess } from '../../../extension/executions/reader.ts'
import { eventBatches } from '../../support/event-records.ts'
import { executionEvents } from '../../support/event-samples.ts'
import type { PlannedEvent } from '../../support/evtx-builder.ts'
import { expectGolden } from '../../support/golden.ts'
import { collected, needles, readerOf, sourceFile } from '../../support/source-files.ts'

const file = sourceFile(import.meta.filename)

async function said(planned: PlannedEvent) {
  const access: ExecutionAccess = {
    ...readerOf(import.meta.filename),
    events: () => eventBatches(planned),
    registry: async () => {
      throw new Error('an event log is no hive')
    },
    account: (id) => (id === 'S-1-5-21-1-2-3-1001' ? 'alice' : ''),
  }
  return await collected(eventLog.read(file, access, needles, new AbortController().signal))
}

describe('events as executions', () => {
  it.each(Object.entries(executionEvents))('%s', async (name, planned) => {
    await expectGolden(`executions/windows_event_log/${name}`, await said(planned))
  })
})

describe('values of events', () => {
  it('are digests, numbers, versions, users and paths, or nothing', () => {
    expect(sysmonDigests(`MD5=00,sha1=${'AB'.repeat(20)}`)).toEqual({ sha1: 'ab'.repeat(20) })
    expect(sysmonDigests('SHA256=xyz')).toEqual({})
    expect(['0x1F', '31', '-1', '', undefined, '0x'].map(hexadecimal)).toEqual([31, 31, ...Array(4).fill(undefined)])
    expect(['18.12.416.0', '18.12.416', '18.12.416.7', 'x'].map(shortVersion)).toEqual([
      '18.12.416',
      '18.12.416',
      undefined,
      undefined,
    ])
    expect([logUser('CORP', 'a'), logUser('-', 'a'), logUser('CORP', '-')]).toEqual(['CORP\\a', 'a', ''])
    expect(['"C:\\a b\\x.exe" -y', 'C:\\a b\\x.EXE -y', 'run dll', '', '"'].map(programIn)).toEqual([
      'C:\\a b\\x.exe',
      'C:\\a b\\x.EXE',
      'run',
      '',
      '"',
    ])
    expect(elementIn('<Command>&quot;a&amp;quot;</Command>', 'Command')).toBe('"a&quot;')
    expect(propertyIn('A = "x"; B = "c:\\\\d \\"e\\"";', 'B')).toBe('c:\\d "e"')
    expect(propertyIn('B = "without end', 'B')).toBeUndefined()
    expect(expanded('%SystemRoot%\\x.exe')).toBe('C:\\Windows\\x.exe')
    expect(expanded('\\SystemRoot\\x.exe')).toBe('C:\\Windows\\x.exe')
    expect(expanded('%other%\\x.exe')).toBe('%other%\\x.exe')
  })
})
