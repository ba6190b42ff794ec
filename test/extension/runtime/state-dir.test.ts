/** The state directory: private, or refused. */
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultStateDir, openStateDir } from '../../../extension/runtime/state-dir.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-state-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

describe('the state directory', () => {
  it('is made private to its owner', () => {
    const path = openStateDir(join(directory, 'a', 'b'))
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  it('is refused when others can write to it', () => {
    chmodSync(directory, 0o777)
    expect(() => openStateDir(directory)).toThrow(/others can write to it/)
  })

  it('is refused when it is a file', () => {
    writeFileSync(join(directory, 'f'), '')
    expect(() => openStateDir(join(directory, 'f'))).toThrow(/cannot use state directory/)
  })

  it('lies where the platform keeps state', () => {
    expect(defaultStateDir({}, 'linux', true)).toBe('/var/lib/threecx-hunter')
    expect(defaultStateDir({ XDG_STATE_HOME: '/x' }, 'linux', false)).toBe('/x/threecx-hunter')
    expect(defaultStateDir({}, 'darwin', true)).toBe('/Library/Application Support/threecx-hunter')
  })
})
