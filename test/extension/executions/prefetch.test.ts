/**
 * Prefetch files of every version, ordinary, empty, damaged and hostile.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { executionOf } from '../../../extension/executions/prefetch.ts'
import { readPrefetch } from '../../../extension/executions/prefetch-file.ts'
import { le, patched } from '../../support/byte-writer.ts'
import { expectGolden } from '../../support/golden.ts'
import { type PrefetchShape, plainPrefetch, prefetchFile } from '../../support/prefetch-builder.ts'
import { mamPacked } from '../../support/xpress-packer.ts'

const folder = '\\VOLUME{01d95c2f5a5e8b00-1c2d3e4f}\\USERS\\ALICE\\APPDATA\\LOCAL\\PROGRAMS\\3CXDESKTOPAPP\\APP'
const app: PrefetchShape = {
  program: '3CXDESKTOPAPP.EXE',
  runs: [1_679_900_000, 1_679_800_000, 1_679_477_500],
  count: 17,
  files: [
    '\\VOLUME{01d95c2f5a5e8b00-1c2d3e4f}\\WINDOWS\\SYSTEM32\\NTDLL.DLL',
    `${folder}\\3CXDESKTOPAPP.EXE`,
    `${folder}\\FFMPEG.DLL`,
    `${folder}\\D3DCOMPILER_47.DLL`,
  ],
}

describe('readPrefetch', () => {
  it.each<[string, Uint8Array]>([
    ['version-17', prefetchFile({ ...app, version: 17 })],
    ['version-23', prefetchFile({ ...app, version: 23 })],
    ['version-26', prefetchFile({ ...app, version: 26 })],
    ['version-30-early', prefetchFile({ ...app, version: 30, isEarly: true })],
    ['version-30', prefetchFile(app)],
    ['version-31', prefetchFile({ ...app, version: 31 })],
    ['with-checksum', mamPacked(plainPrefetch(app), true)],
    ['long-name', prefetchFile({ ...app, program: 'A-PROGRAM-WITH-A-NAME-OF-MORE-THAN-29.EXE', files: [] })],
    ['never-started', prefetchFile({ ...app, runs: [], count: 0, files: [] })],
    ['times-out-of-range', plainPrefetch({ ...app, runs: [1, 253_402_300_800, 1_679_900_000] })],
    ['empty', new Uint8Array(0)],
    ['other-file', new TextEncoder().encode('an ordinary text that is no Prefetch file')],
    ['unknown-version', patched(plainPrefetch(app), 0, le(99, 4))],
    ['names-beyond-the-end', patched(plainPrefetch(app), 104, le(0x7fffffff, 4))],
    ['names-elsewhere', patched(plainPrefetch(app), 100, le(0xfffffff0, 4))],
    ['size-of-a-bomb', patched(prefetchFile(app), 4, le(0xffffffff, 4))],
    ['packed-otherwise', patched(prefetchFile(app), 3, le(2, 1))],
  ])('reads or refuses: %s', async (name, bytes) => {
    const found = readPrefetch(bytes)
    await expectGolden(`executions/prefetch/${name}`, 'problem' in found ? found : executionOf(found))
  })

  it('gives a start or a problem, cut at every length', () => {
    for (const bytes of [plainPrefetch(app), prefetchFile(app)]) {
      for (let length = 0; length < bytes.length; length++) {
        const found = readPrefetch(bytes.subarray(0, length))
        if (!('problem' in found)) expect(app.files.join()).toContain(found.files[0] ?? '')
      }
    }
  })

  it('gives a start or a problem, whatever is changed', () => {
    const bytes = plainPrefetch(app)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 10 }), (changes) => {
        const mutated = bytes.slice()
        for (const [at, byte] of changes) mutated[at] = byte
        const found = readPrefetch(mutated)
        if ('problem' in found) return
        expect(found.runs.length).toBeLessThanOrEqual(8)
        expect(found.files.join('').length).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 500 },
    )
  })
})
