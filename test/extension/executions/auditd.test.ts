/** Executions from the audit log: lines of one event together, ids and names, what failed, and damage. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { auditRecord } from '../../../extension/executions/audit-record.ts'
import { auditd } from '../../../extension/executions/auditd.ts'
import { hexSpellings } from '../../../extension/executions/hex-spellings.ts'
import { programNeedles } from '../../../extension/executions/program-needles.ts'
import type { ExecutionAccess } from '../../../extension/executions/reader.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { auditSamples } from '../../support/audit-samples.ts'
import { expectGolden } from '../../support/golden.ts'
import { collected, needlesOf, readerOf, sourceFile } from '../../support/source-files.ts'

const never = new AbortController().signal
const needles = needlesOf(['3cxdesktopapp'])
const limits = { maxLineBytes: 65_536, maxLines: 1000, maxBytes: 2 ** 30, timeoutMs: 60_000 }

async function said(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-audit-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'audit.log')
  writeFileSync(path, text, 'latin1')
  const access: ExecutionAccess = {
    ...readerOf(path),
    lines: (request) =>
      portableEngine().lines(
        [directory],
        { root: 0, path: 'audit.log' },
        { patterns: [...needles.texts, ...(auditd.spell?.(needles.texts) ?? [])], ...limits, ...request },
        never,
      ),
    registry: async () => [],
    account: (id) => (id === 1000 ? 'alice' : id === 0 ? 'root' : ''),
  }
  return await collected(auditd.read(sourceFile(path), access, needles, never))
}

describe('the audit log', () => {
  it.each(Object.entries(auditSamples))('%s', async (name, text) => {
    await expectGolden(`executions/auditd/${name}`, await said(text))
  })

  it('is read whatever many events are open at once', async () => {
    const line = (serial: number) =>
      `type=EXECVE msg=audit(1680098400.123:${serial}): argc=1 a0="/opt/3CXDesktopApp.exe"\n`
    const records = await said(Array.from({ length: 200 }, (_, at) => line(at)).join(''))
    expect(records).toHaveLength(200)
  })

  it('is recognised by its first line', () => {
    const head = (text: string) => auditd.recognises(sourceFile(import.meta.filename), Buffer.from(text))
    expect(head(auditSamples['executed'] ?? '')).toBe(true)
    expect(head('Mar 29 14:00:00 desk sshd[1]: x')).toBe(false)
  })
})

describe('spellings in hex', () => {
  it('find a text in any case, wherever it stands', () => {
    const name = fc.string({ unit: fc.constantFrom(...'abcXYZ019 .-_'), minLength: 3, maxLength: 24 })
    const cases = fc.tuple(name, fc.string({ maxLength: 6 }), fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }))
    fc.assert(
      fc.property(cases, ([text, before, uppers]) => {
        const written = [...text].map((one, at) => (uppers[at] ? one.toUpperCase() : one.toLowerCase())).join('')
        const hex = Buffer.from(`${before}${written}/x`).toString('hex')
        const spelt = hexSpellings([text.toLowerCase()])
        expect(spelt.some((one) => hex.includes(one))).toBe(true)
        expect(spelt.length).toBeLessThanOrEqual(32)
      }),
    )
  })

  it('of all programs of the campaign are few enough for the engine', () => {
    const { texts } = programNeedles(loadBundledSets().flatMap((set) => set.indicators))
    expect(hexSpellings(texts).length).toBeLessThan(5000)
  })
})

describe('a line', () => {
  it('has fields or is none, whatever is in it', () => {
    const texts = fc.array(
      fc.constantFrom('type=', 'SYSCALL', ' msg=', 'audit(1.000:1)', ': ', 'a0=', '"', "'", '\x1d', '00', 'é'),
    )
    fc.assert(
      fc.property(texts, (parts) => {
        const record = auditRecord(parts.join(''))
        expect(record === undefined || record.type !== '').toBe(true)
      }),
    )
  })

  it('is read in time, however it is made', () => {
    const long = `type=EXECVE msg=audit(1.000:1): ${'a='.repeat(30_000)}`
    expect(auditRecord(long)?.fields.size).toBeLessThanOrEqual(512)
    expect(auditRecord(`${' '.repeat(60_000)}type=X`)).toBeUndefined()
  })
})
