/** Code on disk: unpacked for us alone, proved before every use, refused where somebody else could interfere. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { unpackCode } from '../../../extension/runtime/unpack.ts'
import { privatePlace } from '../../support/private-place.ts'

const place = privatePlace()
const bytes = Buffer.from('the code of an add-on')
const digest = createHash('sha256').update(bytes).digest('hex')
let state: string

beforeEach(({ skip }) => {
  if ('reason' in place) return skip(`this user has no private place: ${place.reason}`)
  state = mkdtempSync(join(place.path, 'state-'))
})

afterAll(() => {
  if ('path' in place) rmSync(place.path, { recursive: true })
})

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)

describe('unpacking', () => {
  it('writes the content under its hash, in a directory for its owner alone', () => {
    const path = unpackCode(state, bytes)
    expect(path).toBe(join(state, 'native', `${digest}.node`))
    expect(readFileSync(path)).toEqual(bytes)
    expect([mode(join(state, 'native')), mode(path), statSync(path).uid]).toEqual(['700', '600', process.getuid?.()])
    expect(readdirSync(join(state, 'native'))).toEqual([basename(path)])
  })

  it('leaves a file that is right alone', () => {
    const { ino } = statSync(unpackCode(state, bytes))
    expect(statSync(unpackCode(state, bytes)).ino).toBe(ino)
  })

  it.each<[string, (path: string) => void]>([
    ['has other bytes of the same length', (path) => writeFileSync(path, Buffer.alloc(bytes.length))],
    ['is longer', (path) => writeFileSync(path, Buffer.concat([bytes, bytes]))],
    ['can be written to by others', (path) => chmodSync(path, 0o622)],
    ['has a second name', (path) => linkSync(path, join(state, 'second'))],
    [
      'is a link to a file with the right bytes',
      (path) => {
        rmSync(path)
        writeFileSync(join(state, 'right'), bytes, { mode: 0o600 })
        symlinkSync(join(state, 'right'), path)
      },
    ],
    [
      'is a directory',
      (path) => {
        rmSync(path)
        mkdirSync(join(path, 'below'), { recursive: true })
      },
    ],
  ])('replaces a file that %s', (_, spoil) => {
    spoil(unpackCode(state, bytes))
    const path = unpackCode(state, bytes)
    const found = statSync(path)
    expect(readFileSync(path)).toEqual(bytes)
    expect([found.isFile(), found.nlink, mode(path)]).toEqual([true, 1, '600'])
  })

  it('removes old files of other versions and half-written ones, and nothing else', () => {
    const directory = join(state, 'native')
    unpackCode(state, bytes)
    const longAgo = new Date('2023-03-29')
    const old = [`${'a'.repeat(64)}.node`, `${'b'.repeat(64)}.node.${'c'.repeat(16)}.partial`, 'notes.txt']
    for (const name of [...old, `${'d'.repeat(64)}.node`]) writeFileSync(join(directory, name), '')
    for (const name of old) utimesSync(join(directory, name), longAgo, longAgo)
    unpackCode(state, bytes)
    expect(readdirSync(directory).sort()).toEqual([`${digest}.node`, `${'d'.repeat(64)}.node`, 'notes.txt'].sort())
  })
})

describe('a place where others could interfere', () => {
  const refused = () => expect(() => unpackCode(state, bytes))

  it('is refused when a directory above is open to everybody', () => {
    const above = state
    chmodSync(above, 0o777)
    state = join(above, 'below')
    mkdirSync(state, { mode: 0o700 })
    refused().toThrow(`${above} can be written to by everybody (mode 777)`)
    expect(readdirSync(state)).toEqual([])
  })

  it('is refused below a sticky directory such as the one for temporary files', () => {
    const above = state
    chmodSync(above, 0o1777)
    state = join(above, 'below')
    mkdirSync(state, { mode: 0o700 })
    refused().toThrow('can be written to by everybody (mode 1777)')
  })

  it('is refused when the path leads over a link', () => {
    symlinkSync(state, `${state}-link`)
    state = `${state}-link`
    refused().toThrow('is a symbolic link')
  })

  it('is refused when the directory of the code has another mode', () => {
    mkdirSync(join(state, 'native'), { mode: 0o755 })
    chmodSync(join(state, 'native'), 0o755)
    refused().toThrow('has mode 755; expected 700')
  })

  it.runIf(process.getuid?.() === 0)('is refused when a directory above belongs to somebody else', async () => {
    const { chownSync } = await import('node:fs')
    chownSync(state, 65534, 65534)
    refused().toThrow('belongs to uid 65534, neither root nor us')
  })

  it.runIf(process.platform === 'linux')('is refused in the directory for temporary files itself', () => {
    state = mkdtempSync('/tmp/threecx-unpack-')
    try {
      refused().toThrow(/can be written to by (everybody|group)/)
    } finally {
      rmSync(state, { recursive: true })
    }
  })
})
