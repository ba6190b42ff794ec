/**
 * Damaged and hostile evidence through the whole hunt: what could not be read is told, and all else is found.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, platforms } from '../../extension/domain/platform.ts'
import { badInputs, plantBadInputs } from '../support/bad-input.ts'
import { chromiumHistoryDatabase } from '../support/browser-stores.ts'
import { threecx } from '../support/command.ts'

const engines = ['native', 'portable'] as const
let directory: string
let state: string
let ends: (() => void)[] = []
const image = (platform: Platform) => join(directory, platform)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-bad-'))
  state = join(directory, 'state')
  ends = platforms.map((platform) => {
    for (const folder of ['etc', 'usr', 'var/log']) mkdirSync(join(image(platform), folder), { recursive: true })
    return plantBadInputs(platform, image(platform))
  })
})

afterAll(() => {
  for (const end of ends) end()
  rmSync(directory, { recursive: true })
})

/** What a hunt says: contacts, executions and errors, with the files they are of. */
interface Said {
  readonly kind: 'contact' | 'execution' | 'error'
  readonly source: string
  readonly path: string
  readonly said: string
}

const everything = `
  SELECT 'contact' AS kind, source, source_path AS path, indicator AS said FROM threecx_c2_hits
  UNION ALL SELECT 'execution', source, source_path, path FROM threecx_executions
  UNION ALL SELECT 'error', s.source, json_extract(e.value, '$.path'), json_extract(e.value, '$.code')
    FROM threecx_scans s, json_each(s.errors) e WHERE s.source NOT IN ('installs', 'file')`

async function hunt(root: string, platform: Platform, env: NodeJS.ProcessEnv = {}, uid?: number): Promise<Said[]> {
  const args = ['query', everything, '--root', root, '--platform', platform, '--format', 'json']
  const ended = await threecx(state, args, env, uid)
  if (ended.exit !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

const cases = platforms.flatMap((platform) => engines.map((engine) => ({ platform, engine })))

describe.each(cases)('bad input on $platform, $engine engine', ({ platform, engine }) => {
  const own = badInputs.filter((one) => one.platform === platform)
  const read = own.filter(({ isLong, isNative }) => engine === 'native' || !(isLong || isNative))
  let said: Said[] = []

  beforeAll(async () => {
    const left = own.filter((one) => !read.includes(one))
    const root = left.length === 0 ? image(platform) : `${image(platform)}-${engine}`
    if (left.length > 0) {
      const isLeft = (path: string) => left.some(({ folder }) => path === join(image(platform), folder))
      cpSync(image(platform), root, { recursive: true, verbatimSymlinks: true, filter: (path) => !isLeft(path) })
    }
    const found = await hunt(root, platform, { THREECX_ENGINE: engine })
    said = found.map((one) => ({ ...one, path: one.path.slice(root.length + 1) }))
  })

  it.each(read)('$name', ({ folder, contacts, executions = [], errors }) => {
    const of = (kind: Said['kind']) =>
      said.filter((one) => one.kind === kind && one.path.startsWith(`${folder}/`)).map((one) => one.said)
    expect({ contacts: of('contact').sort(), executions: of('execution').sort(), errors: of('error').sort() }).toEqual({
      contacts,
      executions,
      errors,
    })
  })

  it('is all there is', () => {
    const isKnown = ({ path }: Said) => read.some(({ folder }) => path.startsWith(`${folder}/`))
    expect(said.filter((one) => !isKnown(one))).toEqual([])
  })
})

describe('files that one user of many denies', () => {
  it('are told, and those of the others are read', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('only root can make files that another user may not read')
    const root = join(directory, 'denied')
    for (const user of ['alice', 'bob']) {
      const profile = join(root, 'home', user, '.config/google-chrome/Default')
      mkdirSync(profile, { recursive: true })
      const page = { url: 'https://pbxsources.com/', visits: [1_680_098_400] }
      chromiumHistoryDatabase(join(profile, 'History'), [page]).close()
    }
    mkdirSync(join(root, 'var/log'), { recursive: true })
    for (const name of ['dnsmasq.log', 'dnsmasq.log.1']) {
      const line = 'Mar 29 14:00:00 dnsmasq[812]: query[A] officeaddons.com from 192.168.1.10\n'
      writeFileSync(join(root, 'var/log', name), line)
    }
    chmodSync(join(root, 'home/alice'), 0o700)
    chmodSync(join(root, 'var/log/dnsmasq.log'), 0o600)
    chmodSync(directory, 0o755)
    const nobody = 65534
    const canRun = (await threecx('', ['--version'], {}, nobody).catch(() => undefined))?.exit === 0
    if (!canRun) return skip('an unprivileged user cannot read this checkout')
    for (const engine of engines) {
      const env = { THREECX_ENGINE: engine, THREECX_STATE: '', XDG_STATE_HOME: '/dev/null/nowhere', HOME: '/dev/null' }
      const said = (await hunt(root, 'linux', env, nobody)).map((one) => `${one.kind} ${one.path} ${one.said}`)
      expect(new Set(said.map((one) => one.replace(root, ''))), engine).toEqual(
        new Set([
          'contact /home/bob/.config/google-chrome/Default/History pbxsources.com',
          'contact /var/log/dnsmasq.log.1 officeaddons.com',
          'error /home/alice denied',
          'error /var/log/dnsmasq.log denied',
        ]),
      )
    }
  })
})
