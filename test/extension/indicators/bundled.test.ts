/**
 * The data that ships: what must be in it, and what must never be.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verdictOf } from '../../../extension/domain/finding.ts'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { isCanonical } from '../../../extension/domain/observable.ts'
import { pathPatterns } from '../../../extension/domain/path-pattern.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import { readsEverything } from '../../../extension/indicators/compile.ts'
import {
  checkIndicators,
  fixed,
  importIndicators,
  jsonSchemas,
  loadBundledSets,
  loadPlaces,
  loadSharedHosts,
} from '../../../extension/indicators/index.ts'

const root = join(import.meta.dirname, '..', '..', '..', 'iocs')
const sets = loadBundledSets()
const indicators = sets.flatMap((set) => set.indicators)
const of = (id: string) => sets.find((set) => set.id === id)?.indicators ?? []
const values = (list: readonly Indicator[], type: string) =>
  list.filter((one) => one.type === type).map((one) => one.value)
const csv = readFileSync(join(import.meta.dirname, '..', '..', 'golden', 'indicators', 'csv', 'sophos.in.csv'))

function versionVerdicts(version: string, platform: Platform): (string | undefined)[] {
  const evidence = { source: 'test', path: 'x', platform, observables: [{ type: 'version' as const, value: version }] }
  return [
    ...new Set(
      matcher(indicators)
        .match(evidence)
        .map((finding) => verdictOf(finding.indicator)),
    ),
  ]
}

describe('the bundled sets', () => {
  it('load without a problem', () => {
    expect(checkIndicators().problems).toEqual([])
    expect(sets.length).toBeGreaterThanOrEqual(25)
  })

  it('have permanent ids, unique over all sets', () => {
    for (const { id, set, number } of indicators) expect(id).toBe(`${set}/${number}`)
    expect(new Set(indicators.map((one) => one.id)).size).toBe(indicators.length)
  })

  it('are stored in the layout that --fix writes', () => {
    for (const set of sets) expect(readFileSync(join(root, `${set.id}.json`), 'utf8')).toBe(fixed(set))
  })

  it('hold canonical values only', () => {
    for (const { type, value } of indicators) expect(isCanonical(type, value), value).toBe(true)
  })

  it('say the same of a value wherever they call it more than context', () => {
    const said = new Map<string, Set<string>>()
    for (const one of indicators) {
      const key = [one.type, one.value, one.platform ?? ''].join(' ')
      said.set(key, (said.get(key) ?? new Set()).add(one.status))
    }
    const contradictions = [...said].filter(([, statuses]) => statuses.size > 1)
    expect(contradictions).toEqual([])
  })

  it('never call a shared host or the vendor malicious', () => {
    const shared = loadSharedHosts()
    for (const one of indicators) {
      if (one.type === 'domain' && shared.reason(one.value) !== undefined)
        expect(verdictOf(one), one.value).not.toBe('malicious')
    }
    const visit = (url: string) =>
      matcher(indicators).match({ source: 'test', path: 'x', observables: [{ type: 'url', value: url }] })
    const verdicts = (url: string) => visit(url).flatMap((finding) => verdictOf(finding.indicator) ?? [])
    expect(verdicts('https://raw.githubusercontent.com/nodejs/node/main/README.md')).toEqual([])
    expect(verdicts('https://www.3cx.com/blog/news/')).not.toContain('malicious')
    expect(verdicts('https://raw.githubusercontent.com/IconStorages/images/main/icon7.ico')).toContain('malicious')
  })

  it('never make a finding of a legitimate file name', () => {
    const names = [
      'ffmpeg.dll',
      'd3dcompiler_47.dll',
      'libffmpeg.dylib',
      'samcli.dll',
      'guard64.dll',
      'msvcr100.dll',
      'manifest',
      'config.json',
      'web.pack',
      'wlbsctrl.dll',
    ]
    for (const name of names) {
      const found = matcher(indicators).match({
        source: 'test',
        path: 'x',
        observables: [{ type: 'filename', value: name }],
      })
      expect(
        found.filter((one) => verdictOf(one.indicator) !== undefined),
        name,
      ).toEqual([])
    }
  })

  it('give every path a pattern', () => {
    for (const one of indicators) {
      if (one.type === 'path') expect(pathPatterns(one.value, one.platform), one.value).not.toEqual([])
    }
  })

  it('let a whole-disk sweep decide by name or size', () => {
    expect(readsEverything(indicators)).toEqual([])
  })

  it('give disk images names and no kind, because they have no magic', () => {
    for (const one of indicators) {
      if (/^(clean )?installer .*\.dmg/.test(one.component) && one.type === 'sha256')
        expect([one.kinds, one.names?.includes('*.dmg')]).toEqual([undefined, true])
    }
  })

  it('cover renamed copies of the trojanised library by name', () => {
    const library = indicators.find(
      (one) => one.value === '7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896',
    )
    expect(library?.names).toEqual(expect.arrayContaining(['*.dll', '*.dll.*', '*ffmpeg*']))
    expect(library?.kinds).toEqual(['pe'])
  })

  it('hold nothing of how they were made', () => {
    for (const set of sets) expect(JSON.stringify(set)).not.toMatch(/\bid \d{6,}|seed|\/work\/|\[\.\]/)
  })
})

describe('versions', () => {
  it('are affected on the platforms that were', () => {
    expect(versionVerdicts('18.12.407', 'windows')).toEqual(['affected'])
    expect(versionVerdicts('18.12.416', 'windows')).toEqual(['affected'])
    for (const version of ['18.11.1213', '18.12.402', '18.12.407', '18.12.416']) {
      expect(versionVerdicts(version, 'darwin'), version).toEqual(['affected'])
    }
  })

  it('tell 18.11.1213 of Windows from that of macOS', () => {
    expect(versionVerdicts('18.11.1213', 'windows')).toEqual(['benign'])
    expect(versionVerdicts('18.12.402', 'windows')).toEqual([])
  })

  it('do not know what only looks alike', () => {
    for (const version of ['18.12.4160', '18.12.41', '118.12.416']) {
      expect(versionVerdicts(version, 'windows')).toEqual([])
      expect(values(indicators, 'version')).not.toContain(version)
    }
    expect(versionVerdicts('18.12.422', 'windows')).toEqual(['benign'])
    expect(versionVerdicts('18.12.425', 'darwin')).toEqual(['benign'])
  })

  it('tell installers apart by name', () => {
    const names = indicators
      .filter((one) => one.type === 'filename' && one.status === 'affected')
      .map((one) => one.value)
    expect(names).toContain('3CXDesktopApp-18.11.1213.dmg')
    expect(names).not.toContain('3CXDesktopApp-18.11.1213.msi')
    expect(new Set(names).size).toBe(8)
  })
})

describe('the set of Sophos', () => {
  const article = importIndicators(csv, { name: 'sophos', nowMs: 0 }).set.indicators

  it('is a superset of the published table: 21 domains, 6 digests, the dead drop', () => {
    const sophos = of('3cx/sophos-2023-03')
    expect(values(article, 'domain')).toHaveLength(21)
    expect(values(article, 'sha256')).toHaveLength(6)
    for (const type of ['domain', 'sha256', 'url'])
      expect(values(sophos, type)).toEqual(expect.arrayContaining(values(article, type)))
    for (const domain of values(article, 'domain')) {
      expect(sophos.find((one) => one.value === domain)).toMatchObject({ status: 'malicious', level: 'critical' })
    }
  })

  it('holds the four digests of the article', () => {
    expect(values(of('3cx/sophos-2023-03'), 'sha256')).toEqual(
      expect.arrayContaining([
        'c485674ee63ec8d4e8fde9800788175a8b02d3f9416d0e763360fff7f8eb4e02',
        '11be1803e2e307b647a8a7e02d128335c448ff741bf06bf52b332e0bbf423b03',
        '7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896',
        'aa4e398b3bd8645016d8090ffc77d15f926a8e69258642191deb4e68688ff973',
      ]),
    )
  })
})

describe('the files beside the sets', () => {
  it('are schemas generated from the code', () => {
    for (const [name, schema] of Object.entries(jsonSchemas())) {
      expect(JSON.parse(readFileSync(join(root, name), 'utf8')), `${name}: write it again from jsonSchemas()`).toEqual(
        JSON.parse(JSON.stringify(schema)),
      )
    }
  })

  it('name a schema that is there', () => {
    const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.json'))
    for (const file of names.filter((one) => one !== 'checked.json')) {
      const { $schema } = JSON.parse(readFileSync(join(root, file), 'utf8'))
      if ($schema.startsWith('.')) expect(existsSync(join(root, file, '..', $schema)), file).toBe(true)
    }
  })

  it('list places for every platform, and cover what the app and its later stages leave', () => {
    const patterns = loadPlaces().map((place) => place.pattern)
    for (const pattern of [
      'Users/*/AppData/Local/Programs/3CXDesktopApp/**',
      'Program Files*/3CXDesktopApp/**',
      'Users/*/AppData/Roaming/3CXDesktopApp/**',
      'Windows/Installer/*.msi',
      'ProgramData/TPM/**',
      'Applications/3CX Desktop App.app/**',
      'Users/*/Library/Application Support/3CX Desktop App/**',
      'var/lib/3cxpbx/Instance*/Data/Http/electron/**',
    ]) {
      expect(patterns).toContain(pattern)
    }
    expect(new Set(loadPlaces().map((place) => place.platform))).toEqual(new Set(['windows', 'darwin', 'linux']))
  })
})
