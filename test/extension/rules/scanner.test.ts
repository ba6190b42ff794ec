/** Rules in their thread: broken ones are named, slow ones and crashes cost one file, and idle threads end. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { operatorRules, Rulebook } from '../../../extension/rules/open-rules.ts'
import type { ScannerLimits } from '../../../extension/rules/scanner.ts'

const abcd = () => Uint8Array.from(Buffer.from('xx abcd xx'))

/** Rules of files in a directory of their own. */
function rulesOf(files: Readonly<Record<string, string>>, limits: Partial<ScannerLimits> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-rules-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  const rules = new Rulebook([operatorRules([directory])], limits)
  onTestFinished(async () => {
    await rules.close()
    rmSync(directory, { recursive: true })
  })
  const problems = async () =>
    (await rules.check()).map(
      ({ file, line, rule, message }) => `${file.slice(directory.length + 1)}:${line} ${rule}: ${message}`,
    )
  return { rules, problems, directory }
}

describe('rules of an operator', () => {
  it('are in force beside broken ones, which are named with file, line and reason', async () => {
    const { rules, problems } = rulesOf({
      'a.yar':
        'rule good { strings: $a = "abcd" condition: $a }\n\nrule bad {\n  condition: $missing\n}\nrule needs_bad { condition: bad }\nrule good_too { condition: good }\n',
      'sub/b.yara': 'rule other { condition: true }\nrule other { condition: true }\ngarbage\n',
      'notes.txt': 'rule ignored { condition: true }',
    })
    expect((await problems()).sort()).toEqual([
      'a.yar:4 bad: unknown pattern `$missing`: this pattern is not declared in the `strings` section',
      'a.yar:6 needs_bad: unknown identifier `bad`: this identifier has not been declared',
      'sub/b.yara:2 other: the name is taken by an earlier rule of this file',
      'sub/b.yara:3 : "garbage" where a rule was expected',
    ])
    expect((await rules.scan(abcd())).map((one) => one.rule).sort()).toEqual(['good', 'good_too', 'other'])
  })

  it('become indicators: of unknown stage and suspicious where they say nothing', () => {
    const { rules } = rulesOf({
      'a.yar':
        'rule plain { condition: true }\nrule rich { meta: component = "x" stage = "loader" level = "critical" condition: true }\nrule odd { meta: level = "huge" condition: true }\n',
    })
    const [plain, rich, odd] = rules.sets.flatMap((set) => set.indicators)
    expect(plain).toMatchObject({
      value: 'plain',
      component: 'plain',
      stage: 'unknown',
      level: 'high',
      status: 'malicious',
    })
    expect(rich).toMatchObject({ value: 'rich', component: 'x', stage: 'loader', level: 'critical' })
    expect(odd).toMatchObject({ level: 'high' })
    expect(rules.problems.map((one) => one.message).join()).toContain('level is "huge"')
  })

  it('see every file when they have no needles, and only theirs when they have', () => {
    const { rules } = rulesOf({
      'a.yar': 'rule x { meta: needles = "aabbccdd" kinds = "pe" max_size = 100 condition: true }',
    })
    expect([rules.wants('pe', 100), rules.wants('pe', 101), rules.wants('zip', 10), rules.wants('pe', 0)]).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(rules.mayMatch('pe', 10, () => false)).toBe(false)
    expect(rulesOf({ 'a.yar': 'rule x { condition: true }' }).rules.mayMatch('zip', 10, () => false)).toBe(true)
  })

  it('that cannot be read are refused with the path', () => {
    expect(() => operatorRules(['/nonexistent/rules'])).toThrow(/cannot read rules in \/nonexistent\/rules/)
    const { directory } = rulesOf({ 'a.yar': '', 'sub/x.txt': '' })
    expect(() => operatorRules([join(directory, 'sub')])).toThrow(/no file ends in .yar/)
  })
})

/** Takes seconds, whatever the machine. */
const slow = 'rule slow { condition: for all i in (0..2000000000) : (uint8(i % filesize) < 256) }'
const quick = 'rule quick { strings: $a = "abcd" condition: $a }'

describe('the thread of the rules', () => {
  it('gives up a file that takes too long, and goes on with the next', async () => {
    const { rules } = rulesOf(
      { 'a.yar': `${slow.replace('condition:', 'condition: filesize == 7 and')}\n${quick}` },
      { timeoutMs: 200 },
    )
    await expect(rules.scan(new Uint8Array(7))).rejects.toThrow(/timeout|come to an end/)
    expect((await rules.scan(abcd())).map((one) => one.rule)).toEqual(['quick'])
  })

  it('answers many at once, each its own', async () => {
    const { rules } = rulesOf({ 'a.yar': quick })
    const answers = await Promise.all([abcd(), new Uint8Array(9), abcd()].map((bytes) => rules.scan(bytes)))
    expect(answers.map((one) => one.length)).toEqual([1, 0, 1])
    expect(answers[0]).toEqual([{ rule: 'quick', strings: [{ identifier: '$a', offset: 3, length: 4 }] }])
  })

  it('is replaced when its memory has grown, and started again after it ended', async () => {
    const { rules } = rulesOf({ 'a.yar': quick }, { maxMemoryBytes: 1 })
    expect((await rules.scan(abcd())).length).toBe(1)
    expect((await rules.scan(abcd())).length).toBe(1)
    await rules.close()
    expect((await rules.scan(abcd())).length).toBe(1)
  })

  it('ends when nobody has asked for a while', async () => {
    const { rules } = rulesOf({ 'a.yar': quick }, { idleMs: 50 })
    await rules.scan(abcd())
    const threads = () => process.getActiveResourcesInfo().filter((one) => one === 'Worker').length
    await vi.waitFor(() => expect(threads()).toBe(0), { timeout: 10_000 })
    expect((await rules.scan(abcd())).length).toBe(1)
  })

  it('that cannot start says so, to everybody who asks', async () => {
    const { rules } = rulesOf({ 'a.yar': quick }, { startMs: 1 })
    await expect(rules.scan(abcd())).rejects.toThrow('the rules were not compiled within 0.001 s')
    await expect(rules.scan(abcd())).rejects.toThrow('the rules were not compiled')
  })

  it('that breaks down costs the file it had, not the next one', async () => {
    let starts = 0
    const start = (options: WorkerOptions) =>
      starts++ === 0 ? new Worker(breakingDown, { eval: true }) : new Worker(threadModule, options)
    const { rules } = rulesOf({ 'a.yar': quick }, { start })
    await expect(rules.scan(abcd())).rejects.toThrow('the rules failed: out of order')
    expect((await rules.scan(abcd())).length).toBe(1)
  })

  it('that runs out of memory says so', async () => {
    const start = () => new Worker(hungry, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } })
    const { rules } = rulesOf({ 'a.yar': quick }, { start })
    await expect(rules.scan(abcd())).rejects.toThrow('the rules ran out of memory')
  })
})

const threadModule = new URL('../../../extension/rules/thread.ts', import.meta.url)
const ready =
  "const { parentPort } = require('node:worker_threads'); parentPort.postMessage({ kind: 'ready', problems: [] });"
const breakingDown = `${ready} parentPort.on('message', () => { throw new Error('out of order') })`
const hungry = `${ready} parentPort.on('message', () => { const all = []; for (;;) all.push(new Array(10000).fill(all)) })`
