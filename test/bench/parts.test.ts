/** The parts of the benchmark. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parts } from './parts.ts'

describe('the parts of the benchmark', () => {
  it('have names and headings of their own', () => {
    expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length)
    expect(new Set(parts.map(({ title }) => title)).size).toBe(parts.length)
    for (const { title } of parts) expect(title).toMatch(/^# [^\n]+$/)
  })

  it('are all named where people look for them', () => {
    const contributing = readFileSync(join(import.meta.dirname, '..', '..', 'CONTRIBUTING.md'), 'utf8')
    for (const { name } of parts) expect(contributing).toMatch(new RegExp(`\`(-- )?${name}\``))
  })

  it('have what results.md keeps of them below their headings', () => {
    const kept = readFileSync(join(import.meta.dirname, 'results.md'), 'utf8').match(/^# .+$/gm)
    expect(parts.map(({ title }) => title)).toEqual(expect.arrayContaining(kept ?? []))
  })
})
