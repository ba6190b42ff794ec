/** What the pages tell a reader to do, done; what they name, found. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCommand } from '../../cli/commands/index.ts'
import { parseOptions } from '../../cli/options.ts'
import type { HuntingPack, HuntingQuery } from '../../extension/domain/hunting-query.ts'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { checkPacks } from '../../extension/packs/check-packs.ts'
import { type PackSource, shippedPacks } from '../../extension/packs/load-packs.ts'
import { blocksOf, pages, pageText, threecxCalls } from '../support/doc-page.ts'
import { missingLine, playPage } from '../support/doc-session.ts'

const root = join(import.meta.dirname, '..', '..')
const isThere = (path: string) => existsSync(join(root, path))
const played = pages.filter((page) => blocksOf(page).some(({ words }) => words.includes('tested')))

/** Anchors of a page, as GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...pageText(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('a reader who does what the page says', () => {
  let state: string
  beforeAll(() => {
    state = mkdtempSync(join(tmpdir(), 'threecx-pages-'))
  })
  afterAll(() => rmSync(state, { recursive: true }))

  it.each([
    'docs/in-fleet.md',
    'docs/in-kolide.md',
    'docs/in-osqueryd.md',
    'docs/in-osqueryi.md',
    'docs/on-a-disk-image.md',
    'docs/write-a-query.md',
  ])('finds something to try on %s', (page) => {
    expect(played).toContain(page)
  })

  it.skipIf(process.platform === 'win32').concurrent.each(played)(
    'sees what %s shows',
    async (page) => {
      for (const one of await playPage(page, state)) {
        expect(one, `${one.command}\n${one.output}`).toMatchObject({ exit: one.expected })
        expect(missingLine(one), `${page}: not in what was said:\n${one.output}`).toBeUndefined()
      }
    },
    300_000,
  )
})

describe.each(pages)('%s', (page) => {
  it('links to what is there', () => {
    const links = [...pageText(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = links.filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : normalize(join(dirname(page), path))
      if (!isThere(file)) return true
      return (
        anchor !== undefined &&
        file.endsWith('.md') &&
        existsSync(join(root, file)) &&
        !anchorsOf(file).includes(anchor)
      )
    })
    expect(broken).toEqual([])
  })

  it('names files of this tree that are there', () => {
    const named = [
      ...pageText(page).matchAll(/`((?:cli|daemon|docs|examples|extension|iocs|packs|scripts|test)\/[\w./-]+\w)`/g),
    ]
    expect(
      named.map(([, path = '']) => path).filter((path) => !isThere(path) && !/^(extension|packs)\//.test(path)),
    ).toEqual([])
  })

  it('gives threecx commands and options that it has', async () => {
    for (const [, name = '', ...args] of threecxCalls(page)) {
      if (name === '' || /^[A-Z]+$/.test(name) || name.startsWith('--')) continue
      const command = await loadCommand(name)
      expect([page, name, command?.name]).toEqual([page, name, name])
      if (!command || (name === 'extension' && args[0]?.startsWith('--'))) continue
      expect(() => parseOptions(command.options, args, {}), `${page}: threecx ${name} ${args.join(' ')}`).not.toThrow()
    }
  })
})

describe('what docs/in-fleet.md takes from the rendered files', () => {
  const text = pageText('docs/in-fleet.md')
  const rendered = (target: string) => join(root, 'packs', 'rendered', target)

  it.each([...new Set(text.match(/\blib\/threecx\/[\w/-]+\/[\w-]+\.yml/g))])('%s is built', (path) => {
    const file = path.slice('lib/threecx/'.length)
    expect(['fleet', 'fleet-legacy'].some((target) => existsSync(join(rendered(target), file)))).toBe(true)
  })

  it('the label and the policies have these names', () => {
    const label = readFileSync(join(rendered('fleet'), 'labels', 'threecx.yml'), 'utf8')
    expect(label).toContain('- name: 3CX extension installed')
    expect(text).toContain('"3CX extension installed"')
    const policies = readdirSync(join(rendered('fleet'), 'policies')).map((name) =>
      readFileSync(join(rendered('fleet'), 'policies', name), 'utf8'),
    )
    for (const [, title = ''] of text.matchAll(/\| \*([A-Z][^*]+)\* \|/g)) {
      expect(policies.join('')).toContain(`- name: 3CX - ${title}\n`)
    }
  })
})

describe('statements that pages show', () => {
  const shown = pages.flatMap((page) =>
    blocksOf(page)
      .filter(({ language, words }) => language === 'sql' && !words.includes('wrong'))
      .flatMap(({ text, line }) =>
        text
          .replace(/^--.*\n/gm, '')
          .split(/;\s*(?:\n|$)/)
          .filter((sql) => sql.trim() !== '')
          .map((sql, at) => ({ place: `${page}:${line}, statement ${at + 1}`, sql })),
      ),
  )

  it('can be prepared on a platform at least', async () => {
    const queries = shown.flatMap(({ place, sql }, index) =>
      platforms.map((platform) => queryOf(`${place} on ${platform}`, `statement_${index}_${platform}`, platform, sql)),
    )
    const pack = {
      name: 'pages',
      title: 'Pages',
      description: '',
      discovery: [],
      isDefault: false,
      constructed: shippedPacks().packs.flatMap(({ constructed }) => constructed),
      queries,
    }
    const sources = new Map<HuntingQuery | HuntingPack, PackSource>(
      queries.map((query) => [query, { file: query.title, text: query.sql }]),
    )
    const problems = await checkPacks({ packs: [pack], problems: [], sources, known: new Map() })
    const unprepared = problems.filter(({ message }) => message.startsWith('on '))
    const broken = shown.filter(({ place }) =>
      platforms.every((platform) => unprepared.some(({ file }) => file === `${place} on ${platform}`)),
    )
    expect(broken.map(({ place }) => [place, unprepared.find(({ file }) => file.startsWith(`${place} `))])).toEqual([])
    expect(shown.length).toBeGreaterThan(20)
  })
})

function queryOf(title: string, name: string, platform: Platform, sql: string): HuntingQuery {
  return {
    ...{ pack: 'pages', name, title, description: '', platforms: [platform], schedule: { everySeconds: 3600 }, sql },
    ...{ mode: 'snapshot', level: 'low', references: [], falsePositives: '', resolution: '', attack: [] },
    budget: { rows: 1, seconds: 1 },
  }
}
