/** Lists of mappings: which lines matter, names of any bytes, and lists as hostile as a process can make them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultProcessBounds } from '../../../extension/processes/bounds.ts'
import { mappingText, readMappings } from '../../../extension/processes/mappings.ts'
import { mapsLine } from '../../support/proc-tree.ts'

const never = new AbortController().signal
const names = new Set(['ffmpeg.dll'])
let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-maps-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

async function read(lines: readonly Uint8Array[], bounds = {}) {
  const path = join(directory, 'maps')
  writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
  return readMappings(path, names, { ...defaultProcessBounds, ...bounds }, never)
}

const one = (permissions: string, path: string | Uint8Array = '', inode = 0) => [
  mapsLine(0x1000, 0x1000, permissions, path, inode),
]

describe('a list of mappings', () => {
  it('gives code of no file with the writable first, and files by name whatever their case', async () => {
    const { code, files, isCut } = await read([
      mapsLine(0x1000, 0x1000, 'r-xp'),
      mapsLine(0x2000, 0x1000, 'rw-p'),
      mapsLine(0x3000, 0x1000, 'rwxp', '[stack]'),
      mapsLine(0x4000, 0x1000, 'r-xp', '/lib/x.so', 4),
      mapsLine(0x5000, 0x1000, 'r--p', '/x/FFmpeg.dll', 5),
      mapsLine(0x6000, 0x1000, 'r-xp', '/x/FFmpeg.dll', 5),
      mapsLine(0x7000, 0x1000, 'r--p', '/x/not-ffmpeg.dll', 6),
      mapsLine(0x8000, 0x1000, 'r-xs', '/memfd:a b (deleted)', 7),
    ])
    expect(code.map(({ start }) => Number(start))).toEqual([0x3000, 0x1000, 0x8000])
    expect(files.map(({ start, path }) => [Number(start), path])).toEqual([[0x5000, '/x/FFmpeg.dll']])
    expect(isCut).toBe(false)
    expect(code.map(mappingText)).toEqual([
      '3000-4000 rwxp [stack]',
      '1000-2000 r-xp anonymous',
      '8000-9000 r-xs /memfd:a b (deleted)',
    ])
  })

  it.each([
    ['a line break', '/a\\012b/ffmpeg.dll', '/a\nb/ffmpeg.dll'],
    ['spaces', '/a  b /ffmpeg.dll', '/a  b /ffmpeg.dll'],
    ['bytes that are no UTF-8', Buffer.from('/a\xff/ffmpeg.dll', 'latin1'), '/a\\xff/ffmpeg.dll'],
    ['letters of any alphabet', '/ä日/ffmpeg.dll', '/ä日/ffmpeg.dll'],
  ])('shows a path with %s as it is', async (_, listed, path) => {
    expect((await read(one('r--p', listed, 9))).files).toMatchObject([{ path, isDeleted: false }])
  })

  it('tells a removed file from one that is there', async () => {
    const { code, files } = await read(one('r-xp', '/x/ffmpeg.dll (deleted)', 9))
    expect(files).toMatchObject([{ path: '/x/ffmpeg.dll', isDeleted: true }])
    expect(code).toEqual(files)
  })

  it('reads addresses of the whole range', async () => {
    const line = Buffer.from('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [other]')
    expect((await read([line])).code).toMatchObject([{ start: 0xffffffffff600000n, end: 0xffffffffff601000n }])
  })

  it('is read over every border of its pieces', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => mapsLine(0x100_0000 + index * 0x1000, 0x1000, 'r-xp'))
    const { code } = await read(lines)
    expect(code.map(({ start }) => Number(start))).toEqual(lines.map((_, index) => 0x100_0000 + index * 0x1000))
  })

  it('with a line that no kernel writes ends there, and says so', async () => {
    expect(await read([Buffer.alloc(1 << 20, 'x'), ...one('r-xp')])).toEqual({ code: [], files: [], isCut: true })
  })

  it('of any bytes gives mappings of the shape, or none', async () => {
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc
        .tuple(fc.stringMatching(/^[0-9a-f]{1,17}-[0-9a-f]{1,17}$/), fc.string({ unit: 'binary', maxLength: 60 }))
        .map(([range, rest]) => Buffer.from(`${range} r-xp 00000000 00:00 0 ${rest}`)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const { code, files } = await read(lines)
        for (const mapping of [...code, ...files]) {
          expect(mapping.permissions).toMatch(/^[r-][w-][x-][ps]$/)
          expect(mapping.start < 1n << 64n && mapping.end < 1n << 64n).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('ends on an abort', async () => {
    await read([])
    const reading = readMappings(join(directory, 'maps'), names, defaultProcessBounds, AbortSignal.abort())
    await expect(reading).rejects.toThrow(/abort/i)
  })
})
