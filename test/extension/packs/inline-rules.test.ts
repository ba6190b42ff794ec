/** Rules in queries: the text of ours, as libyara and YARA-X both take it. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InlineRules } from '../../../extension/osquery-tables/index.ts'
import { withInlineRules } from '../../../extension/packs/inline-rules.ts'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { ruleSamples } from '../../support/rule-samples.ts'

const query = shippedPacks()
  .packs.flatMap(({ queries }) => queries)
  .find(({ name }) => name === 'malicious_files_yara_plain')
/** The rules as they stand in the statement, quotes undone. */
const sigrule = /sigrule = '((?:[^']|'')*)'/.exec(query?.sql ?? '')?.[1]?.replaceAll("''", "'") ?? ''
const names = [...sigrule.matchAll(/\brule (\w+) \{/g)].map(([, name]) => name ?? '')

describe('rules in a statement', () => {
  it('come without metadata, one after the other on one line, and leave the rest of the statement alone', () => {
    const { sql, unknown } = withInlineRules(
      "SELECT 'rules' WHERE sigrule = 'rules: threecx_rc4_key,\n threecx_poolrat' -- it's",
    )
    expect(unknown).toEqual([])
    expect(sql).toMatch(
      /^SELECT 'rules' WHERE sigrule = 'rule threecx_rc4_key \{ strings: .*\} rule threecx_poolrat .*\}' -- it's$/,
    )
    expect(sql).not.toContain('meta:')
    const other = "SELECT 'rules: x' WHERE sigrule = 'rules: ' OR name = 'rules: threecx_rc4_key'"
    expect(withInlineRules(other)).toEqual({ sql: other, unknown: [] })
  })

  it('that are not ours are named', () => {
    expect(withInlineRules("SELECT 1 WHERE sigrule='rules: threecx_rc4_key, nonesuch'").unknown).toEqual([
      'there is no rule nonesuch in iocs/yara/',
    ])
  })

  it('of the shipped query match their samples, and not the ones beside them', async () => {
    expect(names.length).toBe(9)
    const rules = new InlineRules()
    try {
      for (const name of names) {
        const { positive, negative } = ruleSamples[name] ?? { positive: new Uint8Array(), negative: new Uint8Array() }
        expect(await rules.scan(sigrule, new Uint8Array(positive))).toContain(name)
        expect(await rules.scan(sigrule, new Uint8Array(negative))).not.toContain(name)
      }
    } finally {
      await rules.close()
    }
  })

  it.skipIf(spawnSync('yara', ['--version']).status !== 0)(
    'of the shipped query compile with libyara, which osquery has, and match the same samples',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'threecx-sigrule-'))
      try {
        writeFileSync(join(directory, 'rules.yar'), sigrule)
        for (const name of names) {
          const sample = join(directory, 'sample')
          for (const [kind, bytes] of Object.entries(ruleSamples[name] ?? {})) {
            writeFileSync(sample, bytes)
            const { status, stdout, stderr } = spawnSync('yara', [join(directory, 'rules.yar'), sample], {
              encoding: 'utf8',
            })
            expect([name, kind, status, stderr]).toEqual([name, kind, 0, ''])
            expect([name, kind, stdout.includes(`${name} `)]).toEqual([name, kind, kind === 'positive'])
          }
        }
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  )
})
