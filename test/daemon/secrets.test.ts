import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSecret } from '../../daemon/secrets.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-secrets-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function secretFile(name: string, text: string, mode = 0o600): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('a secret', () => {
  it('comes from a variable', () => expect(readSecret({ env: 'S' }, { S: 'abc' })).toBe('abc'))

  it('comes from a file, without the line end that editors add, and anew with every reading', () => {
    const file = secretFile('rotated', 'old\n')
    expect(readSecret({ file }, {})).toBe('old')
    writeFileSync(file, 'new\r\n')
    expect(readSecret({ file }, {})).toBe('new')
  })

  it.each([
    ['a variable that is not set', { env: 'S' }, 'S is not set'],
    ['a file that is not there', { file: '/nowhere/secret' }, 'ENOENT'],
  ])('is refused from %s', (_what, reference, message) => {
    expect(() => readSecret(reference, {})).toThrow(message)
  })

  it('is refused from a file that is empty, or that others may read', () => {
    expect(() => readSecret({ file: secretFile('empty', '\n') }, {})).toThrow('it is empty')
    expect(() => readSecret({ file: secretFile('open', 'abc', 0o644) }, {})).toThrow('others may read it')
  })
})
