/** Registry hives through the native engine: what is asked for comes back, whatever the hive is made like. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { type RegistryKey, type RegistryQuery, registryValue } from '../../../extension/native/registry.ts'
import { type HiveKey, type HiveList, hive } from '../../support/hive-builder.ts'
import { never } from './ask.ts'

const loaded = loadNative()
const native = 'problem' in loaded ? undefined : loaded
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-registry-'))
})

afterAll(() => rmSync(directory, { recursive: true }))

async function ask(bytes: Uint8Array, queries: readonly RegistryQuery[], name = 'hive') {
  if (!native) throw new Error('no native engine')
  writeFileSync(join(directory, name), bytes)
  return native.registry([directory], { root: 0, path: name }, queries, never)
}

async function keys(bytes: Uint8Array, ...queries: readonly RegistryQuery[]): Promise<readonly RegistryKey[]> {
  const answer = await ask(bytes, queries)
  if ('problem' in answer) throw new Error(answer.problem)
  return answer
}

const programs: HiveKey = {
  keys: {
    Software: {
      keys: {
        Uninstall: {
          lastWritten: 1_679_480_000,
          keys: {
            '3CXDesktopApp': {
              lastWritten: 1_679_490_000,
              values: { DisplayName: '3CX Desktop App', DisplayVersion: '18.12.416', EstimatedSize: 123_456 },
            },
            Ünïcödé: {
              values: { '': 'default', List: ['a', 'b'], Long: 2n ** 60n, Bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
            },
            other: { values: { DisplayName: 'Other', Text: 'x'.repeat(40_000) } },
          },
        },
      },
    },
  },
}

const uninstall = ['software', 'UNINSTALL']

describe.skipIf(native === undefined)('a hive', () => {
  it.each<[HiveList, boolean]>([
    ['lf', false],
    ['lh', false],
    ['li', true],
    ['ri', true],
  ])('with lists of kind %s, wide names: %s, gives its keys', async (list, isWide) => {
    const found = await keys(hive(programs, { list, isWide }), { path: [...uninstall, '*'] })
    expect(found.map(({ path }) => path.at(-1))).toEqual(['3CXDesktopApp', 'other', 'Ünïcödé'])
    expect(found[0]).toEqual({
      path: ['Software', 'Uninstall', '3CXDesktopApp'],
      lastWritten: 1_679_490_000,
      values: { DisplayName: '3CX Desktop App', DisplayVersion: '18.12.416', EstimatedSize: 123_456 },
    })
    expect(found[1]?.values['Text']).toBe('x'.repeat(40_000))
    expect(found[2]?.values).toEqual({ '': 'default', List: 'a\nb', Long: String(2n ** 60n), Bytes: '010203040506' })
  })

  it('gives only the values and keys that are wanted', async () => {
    const having = { values: ['displayname'], contains: '3cx desktop' }
    const [one, ...more] = await keys(hive(programs), { path: [...uninstall, '*'], values: ['displayVERSION'], having })
    expect(one?.values).toEqual({ DisplayVersion: '18.12.416' })
    expect(more).toEqual([])
    expect(one && registryValue(one, 'DISPLAYversion')).toBe('18.12.416')
  })

  it('answers several queries in their order, and nothing for what is not there', async () => {
    const found = await keys(hive(programs), { path: ['nothing', '*'] }, { path: uninstall }, { path: ['Software'] })
    expect(found.map(({ path }) => path.join('/'))).toEqual(['Software/Uninstall', 'Software'])
  })

  it('is found among a thousand neighbours', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`program ${i}`, { values: { n: i } }]))
    const found = await keys(hive({ keys: many }, { list: 'ri' }), { path: ['*'] })
    expect(found.map(({ values }) => values['n'])).toEqual(expect.arrayContaining([0, 500, 999]))
    expect(found).toHaveLength(1000)
  })
})

describe.skipIf(native === undefined)('what is no sound hive', () => {
  it('is a problem in words', async () => {
    expect(await ask(new Uint8Array(), [{ path: [] }])).toEqual({ problem: expect.stringContaining('regf') })
    expect(await ask(new Uint8Array(8192), [{ path: [] }])).toEqual({ problem: expect.stringContaining('no registry') })
    expect(await ask(hive({}).with(20, 9), [{ path: [] }])).toEqual({ problem: expect.stringContaining('version 9') })
  })

  it('is never opened through a link, nor waited for', async () => {
    writeFileSync(join(directory, 'real'), hive(programs))
    symlinkSync('real', join(directory, 'link'))
    mkdirSync(join(directory, 'folder'))
    const one = (path: string) => native?.registry([directory], { root: 0, path }, [{ path: [] }], never)
    expect(await one('link')).toEqual({ problem: expect.stringContaining('symbolic link') })
    expect(await one('folder')).toEqual({ problem: expect.stringContaining('directory') })
    expect(await one('missing')).toEqual({ problem: expect.stringContaining('No such file') })
  })

  it('cut at every length gives keys or a problem', async () => {
    const whole = hive({ keys: { a: { values: { v: 'text' }, keys: { b: { values: { n: 1 } } } } } })
    const bins = whole.subarray(0, 4096 + 700)
    for (let length = 4000; length < bins.length; length += 1) {
      const answer = await ask(bins.subarray(0, length), [{ path: ['a'] }, { path: ['*', '*'] }])
      if (!('problem' in answer)) for (const key of answer) expect(['a', 'a/b']).toContain(key.path.join('/'))
    }
  }, 60_000)

  it('with bytes changed by chance gives keys or a problem', async () => {
    const whole = hive(programs, { list: 'ri' })
    const change = fc.tuple(fc.integer({ min: 0, max: 5200 }), fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = whole.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        const answer = await ask(bytes, [{ path: ['*', '*', '*'] }])
        expect('problem' in answer || Array.isArray(answer)).toBe(true)
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('rejects with the reason of an abort', async () => {
    const reason = new Error('enough')
    const asked = native?.registry([directory], { root: 0, path: 'real' }, [{ path: [] }], AbortSignal.abort(reason))
    await expect(asked).rejects.toBe(reason)
  })
})

describe('the portable engine', () => {
  it('says that it reads no hives', async () => {
    const answer = await portableEngine().registry([directory], { root: 0, path: 'real' }, [{ path: [] }], never)
    expect(answer).toEqual({ problem: 'the portable engine reads no registry hives', isUnsupported: true })
  })
})
