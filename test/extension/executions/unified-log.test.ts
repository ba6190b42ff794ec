/** Executions from kept output of macOS' log show: programs that wrote, programs that are named, and damage. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ExecutionAccess } from '../../../extension/executions/reader.ts'
import { unifiedLog } from '../../../extension/executions/unified-log.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { expectGolden } from '../../support/golden.ts'
import { logSamples } from '../../support/log-samples.ts'
import { collected, needlesOf, readerOf, sourceFile } from '../../support/source-files.ts'

const never = new AbortController().signal
const needles = needlesOf(['3cx desktop app', 'updateagent'])
const limits = { maxLineBytes: 65_536, maxLines: 1000, maxBytes: 2 ** 30, timeoutMs: 60_000 }

async function said(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-unified-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'kept.log')
  writeFileSync(path, text)
  const file = { root: 0, path: 'kept.log' }
  const access: ExecutionAccess = {
    ...readerOf(path),
    lines: (request) =>
      portableEngine().lines([directory], file, { patterns: needles.texts, ...limits, ...request }, never),
    registry: async () => [],
    account: (id) => (id === 501 ? 'carol' : ''),
  }
  return await collected(unifiedLog.read(sourceFile(path), access, needles, never))
}

const agent = '/Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent'
const json = (time: string, more: object) =>
  `${JSON.stringify({ timestamp: `2023-03-29 ${time}.000000+0000`, machTimestamp: 1, processID: 7, userID: 501, ...more })}\n`

describe('the unified log', () => {
  it('tells programs that wrote, with path and user where the style has them', async () => {
    await expectGolden('executions/unified_log/ordinary', await said(logSamples['unified_log']?.ordinary ?? ''))
  })

  it('tells a program that others name, and joins the lines of one process', async () => {
    const text =
      json('14:00:00', { processImagePath: agent, eventMessage: 'one' }) +
      json('15:00:00', { processImagePath: agent, eventMessage: 'two' }) +
      json('14:30:00', { processImagePath: '/usr/libexec/syspolicyd', eventMessage: `assessing ${agent} for launch` }) +
      json('14:31:00', { processImagePath: '/usr/bin/grep', eventMessage: 'updateagent' })
    await expectGolden('executions/unified_log/named', await said(text))
  })

  it('that is damaged, empty or of long lines gives what it has', async () => {
    expect(await said('')).toEqual([])
    expect(await said(logSamples['unified_log']?.damaged ?? '')).toEqual([])
    const long = json('14:00:00', { processImagePath: agent, eventMessage: 'x'.repeat(100_000) })
    expect(await said(long)).toEqual([
      { problem: { code: 'too_big', message: expect.stringContaining('unified_log') } },
    ])
    const paths = `${'/Users/a '.repeat(7000)} UpdateAgent`
    const line = json('14:00:00', { processImagePath: '/bin/x', eventMessage: paths })
    expect(await said(line)).toEqual([])
  })

  it('is recognised by its heading or a line of it', () => {
    const head = (text: string) => unifiedLog.recognises(sourceFile(import.meta.filename), Buffer.from(text))
    expect(head('Timestamp                       Thread     Type        Activity             PID    TTL  \n')).toBe(
      true,
    )
    expect(head(logSamples['unified_log']?.ordinary ?? '')).toBe(true)
    expect(head('2023-03-29 14:00:00 something else')).toBe(false)
  })
})
