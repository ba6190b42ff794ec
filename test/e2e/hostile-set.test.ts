/**
 * The hostile set through the whole product: a hunt finds what is planted among it, ends, and says what it could not read.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type HostileItem, lying, type Outcome, planted } from '../extension/native/hostile-items.ts'
import { threecx } from '../support/command.ts'
import { honest } from '../support/fuse/lies.ts'
import { LyingMount } from '../support/fuse/mount.ts'
import { HostileTree } from '../support/hostile-tree.ts'

/** Digests from somebody's list, without a name or size: every file has to be read. */
const digests = ['beside', 'found', honest].map((content) => createHash('sha256').update(content).digest('hex'))

let directory: string
let tree: HostileTree
let mount: LyingMount | undefined
let made: readonly HostileItem[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-hostile-'))
  tree = new HostileTree()
  const wasMade = await Promise.all(planted.map(async (item) => (await item.plant?.(tree)) !== false))
  made = planted.filter((_, at) => wasMade[at])
  for (const path of ['beside', 'zz/beside']) tree.file(path, 'beside')
  tree.directory('set')
  writeFileSync(join(directory, 'bare.txt'), `${digests.join('\n')}\n`)
})

// What a file does may depend on what it was asked before.
beforeEach(async () => {
  mount = await LyingMount.on(`${tree.root}/set`, 'set')
})

afterEach(() => mount?.remove())

afterAll(() => {
  tree.remove()
  rmSync(directory, { recursive: true })
})

interface Row {
  readonly path: string
  readonly sha256: string
  readonly verdict: string
}

interface Refused {
  readonly path: string
  readonly code: string
}

describe.skipIf(process.platform !== 'linux').each(['native', 'portable'])('the hostile set, %s engine', (engine) => {
  const state = () => join(directory, `state-${engine}`)
  const given = () => ['--root', tree.root, '--full', '--mounts', 'all', '--indicators', join(directory, 'bare.txt')]
  const env = { THREECX_ENGINE: engine }

  it('hides nothing from a full hunt, which ends with its verdict and tells what it did not read', async () => {
    const ended = await threecx(state(), ['hunt', ...given(), '--format', 'json'], env)
    expect(ended.stderr).toContain('verdict: compromised')
    expect(ended.exit).toBe(1)
    expect(ended.stderr).toMatch(/skipped: .*leave the answer incomplete/)
    const rows = JSON.parse(ended.stdout) as Row[]
    const found = rows.map(({ path, sha256, verdict }) => `${path.slice(tree.root.length + 1)} ${sha256} ${verdict}`)
    const expected = expectedOf(engine).flatMap(([path, outcome]) => {
      if ('error' in outcome) return []
      const sha256 = createHash('sha256').update(outcome.content).digest('hex')
      return digests.includes(sha256) ? [`${path} ${sha256} malicious`] : []
    })
    expect(found.sort()).toEqual([...expected, ...besides].sort())
  })

  it('is told of in threecx_scans, each with its reason, once', async () => {
    const sql = `SELECT json_extract(e.value, '$.path') AS path, json_extract(e.value, '$.code') AS code
      FROM threecx_scans s, json_each(s.errors) e WHERE s.scan = 'full' AND s.source = 'file'`
    const ended = await threecx(state(), ['query', sql, ...given(), '--format', 'json'], env)
    expect(ended.exit, ended.stderr).toBe(0)
    const told = (JSON.parse(ended.stdout) as Refused[]).map(
      ({ path, code }) => `${code} ${path.slice(tree.root.length + 1)}`,
    )
    const expected = expectedOf(engine).flatMap(([path, outcome]) => {
      if (!('error' in outcome)) return []
      // Larger than what a hunt reads, so that none of it is.
      const isLarge = path === 'sparse' || path.startsWith('set/says 1 TiB')
      return [`${isLarge ? 'too_big' : outcome.error} ${path}`]
    })
    expect(told.sort()).toEqual(expected.sort())
  })
})

const besides = ['beside', 'zz/beside'].map((path) => `${path} ${digests[0]} malicious`)

/** What the engine has to say of every path of the set. */
function expectedOf(engine: string): (readonly [string, Outcome])[] {
  return [...made, ...(mount ? lying : [])].flatMap((item) => {
    const all = typeof item.outcomes === 'function' ? item.outcomes(tree) : item.outcomes
    const own = (engine === 'portable' && item.portable) || all
    // Files that never answer cost a minute each; they are met in test/extension/native/hostile-set.test.ts.
    const paths = Object.entries(own).filter(([path]) => !path.startsWith('silent/'))
    return paths.flatMap(([path, outcome]) => [outcome].flat().map((one) => [path, one] as const))
  })
}
