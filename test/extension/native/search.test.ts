/** Searching for byte strings: a table of cases for every engine, and a naive referee. */
import { appendFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FileIdentity, ScanEngine, SearchRequest, SearchResult } from '../../../extension/native/engine.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { never } from './ask.ts'
import { contenders } from './engines.ts'

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

function searchAll(
  engine: ScanEngine,
  tree: HostileTree,
  paths: readonly string[],
  patterns: readonly Uint8Array[],
  changes: Partial<SearchRequest> = {},
  signal = never,
): Promise<readonly SearchResult[]> {
  const items = paths.map((path) => ({ root: 0, path }))
  const request = { roots: [tree.root], items, patterns, maxFileBytes: 2 ** 40, fileTimeoutMs: 60_000, ...changes }
  return engine.search(request, signal)
}

const outcome = (result: SearchResult | undefined) => (result && 'found' in result ? result.found : result?.error)

interface Row {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly patterns: readonly string[]
  readonly expected: readonly (readonly number[])[]
}

const block = 256 * 1024
/** A needle across the border of two blocks of both engines, cut at every place. */
const borders = Array.from({ length: 9 }, (_, cut) => `${'.'.repeat(block - cut)}needle!!${'.'.repeat(50)}`)

const rows: readonly Row[] = [
  { name: 'an empty file holds nothing', files: { a: '' }, patterns: ['abcd'], expected: [[]] },
  { name: 'a file shorter than the string', files: { a: 'abc' }, patterns: ['abcd'], expected: [[]] },
  { name: 'a file that is the string', files: { a: 'abcd' }, patterns: ['abcd'], expected: [[0]] },
  {
    name: 'strings that overlap, contain each other, and begin alike are all told',
    files: { a: 'xxabcdefgxx', b: 'bcdef' },
    patterns: ['abcde', 'bcde', 'cdefg', 'abcdefg', 'abcdx'],
    expected: [[0, 1, 2, 3], [1]],
  },
  {
    name: 'the same string twice is told twice',
    files: { a: 'abcd' },
    patterns: ['abcd', 'abcd'],
    expected: [[0, 1]],
  },
  {
    name: 'bytes are bytes',
    files: { a: '\0\xff\0\xfe', b: '\0\xff\0\xff' },
    patterns: ['\0\xff\0\xfe'],
    expected: [[0], []],
  },
  {
    name: 'a string across the border of two blocks',
    files: Object.fromEntries(borders.map((text, at) => [`${at}`, text])),
    patterns: ['needle!!', 'absent!!'],
    expected: borders.map(() => [0]),
  },
  {
    name: 'a string after a false beginning in the block before',
    files: { a: `${'.'.repeat(block - 4)}neednneedle!!`, b: `${'n'.repeat(block)}needle!!` },
    patterns: ['needle!!'],
    expected: [[0], [0]],
  },
  {
    name: 'strings of the longest and the shortest length',
    files: { a: `${'x'.repeat(64)}yyyy`, b: 'x'.repeat(63) },
    patterns: ['x'.repeat(64), 'yyyy'],
    expected: [[0, 1], []],
  },
  {
    name: '256 strings',
    files: { a: Array.from({ length: 256 }, (_, i) => `<${i}>....`).join(''), b: '<255>....' },
    patterns: Array.from({ length: 256 }, (_, i) => `<${i}>....`),
    expected: [Array.from({ length: 256 }, (_, i) => i), [255]],
  },
]

describe.each(contenders())('$label', ({ engine, problem }) => {
  if (engine === undefined) return it.skip(`every case: ${problem}`)

  it.for(rows)('$name', async ({ files, patterns, expected }) => {
    const tree = newTree()
    for (const [name, text] of Object.entries(files)) tree.file(name, Buffer.from(text, 'latin1'))
    const results = await searchAll(engine, tree, Object.keys(files), patterns.map(bytes))
    expect(results.map(outcome)).toEqual(expected)
  })

  it('tells why a file was not searched, and goes on with the others', async () => {
    const tree = newTree()
    for (const name of ['changed', 'gone', 'large', 'fine']) tree.file(name, 'abcd')
    tree.file('large', 'abcd'.repeat(100))
    symlinkSync('fine', join(tree.root, 'link'))
    const paths = ['changed', 'gone', 'large', 'link', 'fine', '../fine']
    const stats = await engine.stat(
      [tree.root],
      paths.slice(0, 3).map((path) => ({ root: 0, path })),
    )
    appendFileSync(join(tree.root, 'changed'), 'x')
    rmSync(join(tree.root, 'gone'))
    const items = paths.map((path, at) => {
      const expected = stats[at] as FileIdentity | undefined
      return { root: 0, path, ...(expected && { expected }) }
    })
    const results = await searchAll(engine, tree, [], [bytes('abcd')], { items, maxFileBytes: 100 })
    expect(results.slice(0, 5).map(outcome)).toEqual(['changed', 'vanished', 'too_big', 'symlink', [0]])
    expect(results[5]).toHaveProperty('error')
  })

  it('refuses requests beyond the bounds', async () => {
    const tree = newTree()
    tree.file('a', 'abcd')
    await expect(searchAll(engine, tree, ['a'], [])).rejects.toThrow(/0 patterns/)
    await expect(searchAll(engine, tree, ['a'], [bytes('abc')])).rejects.toThrow(/3 bytes/)
    await expect(searchAll(engine, tree, ['a'], [bytes('x'.repeat(65))])).rejects.toThrow(/65 bytes/)
    await expect(searchAll(engine, tree, ['a'], Array(257).fill(bytes('abcd')))).rejects.toThrow(/257 patterns/)
  })

  it('ends when it is aborted', async () => {
    const tree = newTree()
    tree.file('a', 'abcd')
    const gone = AbortSignal.abort(new Error('enough'))
    await expect(searchAll(engine, tree, ['a'], [bytes('abcd')], {}, gone)).rejects.toThrow('enough')
  })

  it('finds the same at the lowest pace', async () => {
    const tree = newTree()
    tree.file('a', 'abcd')
    const pace = { idle: true, cpuShare: 0.5 }
    expect((await searchAll(engine, tree, ['a'], [bytes('abcd')], { pace })).map(outcome)).toEqual([[0]])
  })

  it('agrees with a naive search', async () => {
    const tree = newTree()
    const letters = fc.constantFrom(0x61, 0x62, 0)
    const text = (min: number, max: number) => fc.array(letters, { minLength: min, maxLength: max })
    await fc.assert(
      fc.asyncProperty(fc.array(text(4, 9), { minLength: 1, maxLength: 12 }), text(0, 300), async (needles, hay) => {
        const patterns = needles.map((one) => Uint8Array.from(one))
        tree.file('hay', Uint8Array.from(hay))
        const expected = patterns.flatMap((one, at) => (Buffer.from(hay).includes(one) ? [at] : []))
        expect((await searchAll(engine, tree, ['hay'], patterns)).map(outcome)).toEqual([expected])
      }),
      { numRuns: 200 },
    )
  })
})

function newTree(): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  return tree
}
