/**
 * What no table row can say: batches, aborting, single files, races, and that nothing stays open.
 */
import { createHash } from 'node:crypto'
import { chmodSync, statSync, utimesSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ScanEngine } from '../../../extension/native/engine.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { openBelow } from '../../support/process-state.ts'
import { digestAll, never, outcomeOf, planOf, walkAll } from './ask.ts'
import { contenders } from './engines.ts'
import { visited } from './visited.ts'

const sparseSize = 64 * 2 ** 30

describe.each(contenders())('$label', ({ engine, label, problem, byPath }) => {
  if (engine === undefined) return it.skip(`every test: ${problem}`)

  it('yields many entries in batches of at most 1024, the last with the final totals', async () => {
    const tree = newTree()
    for (let at = 0; at < 3000; at++) tree.file(`d${at % 3}/${at}`, '')
    const { batches, entries, progress } = await walkAll(engine, planOf(tree.root))
    expect(new Set(entries.map(({ path }) => path)).size).toBe(3000)
    expect(Math.max(...batches.map((batch) => batch.entries.length))).toBeLessThanOrEqual(1024)
    expect(progress).toEqual({
      directories: 4,
      entries: 3003,
      files: 3000,
      selected: 3000,
      settled: 0,
      truncated: false,
    })
  })

  it('yields many errors without losing one', async () => {
    const tree = newTree()
    for (let at = 0; at < 3000; at++) tree.link(`${at}`, 'nothing')
    expect((await walkAll(engine, planOf(tree.root))).errors).toHaveLength(3000)
  })

  it('stops at maxEntries, and says so once', async () => {
    const tree = newTree()
    for (let at = 0; at < 50; at++) tree.file(`d${at % 5}/${at}`, '')
    const walked = await walkAll(engine, planOf(tree.root, { maxEntries: 20 }))
    expect(walked.progress).toMatchObject({ entries: 20, truncated: true })
    expect(walked.errors.map(({ code }) => code)).toEqual(['too_many'])
    expect(walked.entries.length).toBeLessThanOrEqual(20)
  })

  it('reports the metadata that the system has', async () => {
    const tree = newTree()
    tree.file('old', 'x'.repeat(5000))
    chmodSync(tree.at('old'), 0o6751)
    utimesSync(tree.at('old'), 12345.678, new Date(-1_000_000)) // before 1970
    const { entries } = await walkAll(engine, planOf(tree.root))
    const found = statSync(tree.at('old'), { bigint: true })
    expect(entries).toEqual([
      {
        root: 0,
        path: 'old',
        rules: [0],
        dev: found.dev,
        ino: found.ino,
        size: 5000,
        mtimeNs: found.mtimeNs,
        ctimeNs: found.ctimeNs,
        atimeNs: found.atimeNs,
        btimeNs: found.birthtimeNs,
        mode: Number(found.mode),
        uid: Number(found.uid),
        gid: Number(found.gid),
        nlink: 1,
        blocks: Number(found.blocks),
      },
    ])
    expect(found.mtimeNs).toBe(-1000n * 10n ** 9n)
  })

  it.for([
    ['missing', () => {}],
    ['a link', (tree: HostileTree) => tree.link('root', '/etc')],
    ['a FIFO', (tree: HostileTree) => tree.fifo('root')],
  ] as const)('rejects when a root is %s', async ([, build]) => {
    const tree = newTree()
    build(tree)
    tree.file('x')
    const roots = [tree.root, `${tree.root}/root`]
    await expect(walkAll(engine, planOf(tree.root, { roots }))).rejects.toThrow(/root/)
  })

  it('digests nothing when there is nothing to digest', async () => {
    expect(await digestAll(engine, newTree().root, [])).toEqual([])
  })

  it('keeps results in the order of a full batch of 1024 items', async () => {
    const tree = newTree()
    for (let at = 0; at < 1000; at++) tree.file(`d${at % 7}/${at}`, `${at}`)
    const paths = Array.from({ length: 1024 }, (_, at) => `d${at % 7}/${at}`)
    const results = await digestAll(
      engine,
      tree.root,
      paths.map((path) => ({ path, classes: [0] })),
    )
    for (const [at, result] of results.entries()) {
      if (at >= 1000) expect(outcomeOf(result)).toBe('vanished')
      else expect(result).toMatchObject({ digests: { sha256: sha256(`${at}`) } })
    }
    expect(results).toHaveLength(1024)
  })

  it('reports metadata of single files, and why there is none', async () => {
    const tree = newTree()
    for (const path of ['d/x', 'bad\\xff', 'new\nline']) tree.file(path)
    tree.link('link', 'd/x')
    tree.link('way', 'd')
    tree.fifo('fifo')
    const paths = [
      'd/x',
      'bad\\xff',
      'new\nline',
      'd',
      'missing',
      'd/missing',
      'd/x/y',
      'link',
      'way/x',
      'fifo',
      '../x',
    ]
    const found = await engine.stat(
      [tree.root],
      paths.map((path) => ({ root: 0, path })),
    )
    expect(found.map((one) => one.path)).toEqual(paths)
    expect(found.map((one) => ('code' in one ? one.code : [...one.rules, one.size]))).toEqual([
      [3],
      [7],
      [8],
      'not_regular',
      'vanished',
      'vanished',
      'vanished',
      'symlink',
      'symlink',
      'not_regular',
      'io',
    ])
  })

  it('agrees with itself: stat of a file is what its walk said, rules aside', async () => {
    const tree = newTree()
    tree.file('a/b')
    const { entries } = await walkAll(engine, planOf(tree.root))
    expect(await engine.stat([tree.root], entries)).toEqual(entries.map((entry) => ({ ...entry, rules: [] })))
  })

  it('reads pieces of a file: the start, the middle, the end, beyond it', async () => {
    const tree = newTree()
    tree.file('bad\\xff', 'abcdefghij')
    const piece = async (offset: number, length: number) =>
      Buffer.from(await engine.read([tree.root], { root: 0, path: 'bad\\xff' }, offset, length)).toString()
    expect(
      await Promise.all([piece(0, 3), piece(4, 2), piece(8, 100), piece(10, 5), piece(99, 5), piece(0, 0)]),
    ).toEqual(['abc', 'ef', 'ij', '', '', ''])
  })

  it('refuses to read what is no regular file, with the code', async () => {
    const tree = newTree()
    tree.fifo('fifo')
    tree.link('link', '/etc/passwd')
    const read = (path: string) => engine.read([tree.root], { root: 0, path }, 0, 10)
    await expect(read('fifo')).rejects.toMatchObject({ code: 'not_regular' })
    await expect(read('link')).rejects.toMatchObject({ code: 'symlink' })
    await expect(read('missing')).rejects.toMatchObject({ code: 'vanished' })
    await expect(read('../x')).rejects.toMatchObject({ code: 'io' })
  })

  it.skipIf(byPath)('reads and describes a file whose path is longer than the system takes', async () => {
    const tree = newTree()
    const path = tree.abyss(30, 203, 'hidden.dll', 'MZ here')
    expect(Buffer.from(await engine.read([tree.root], { root: 0, path }, 3, 9)).toString()).toBe('here')
    expect(await engine.stat([tree.root], [{ root: 0, path }])).toMatchObject([{ path, size: 7 }])
  })

  it('does not touch the access time of what it digests', async ({ skip }) => {
    skip(
      process.getuid?.() !== 0 || process.platform !== 'linux' || byPath === true,
      'only root on Linux may ask for that',
    )
    const tree = newTree()
    tree.file('x', 'MZ')
    utimesSync(tree.at('x'), 1000, 2000)
    await digestAll(engine, tree.root, [{ path: 'x', classes: [0] }])
    expect(statSync(tree.at('x')).atimeMs).toBe(1_000_000)
  })

  it('rejects with the reason when aborted before, during a walk, and during a digest', async () => {
    const tree = newTree()
    for (let at = 0; at < 3000; at++) tree.file(`d${at % 30}/${at}`, '')
    tree.sparse('sparse', sparseSize)
    const reason = new Error('enough')
    await expect(walkAll(engine, planOf(tree.root), AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(digestAll(engine, tree.root, [], {}, AbortSignal.abort(reason))).rejects.toBe(reason)

    const walking = new AbortController()
    const walk = engine.walk(planOf(tree.root), walking.signal)
    await walk.next()
    walking.abort(reason)
    await expect(exhaust(walk)).rejects.toBe(reason)

    const digesting = new AbortController()
    const digests = digestAll(engine, tree.root, [{ path: 'sparse', classes: [0] }], {}, digesting.signal)
    setTimeout(() => digesting.abort(reason), 100)
    const started = performance.now()
    await expect(digests).rejects.toBe(reason)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('lets the process exit after an abort', async () => {
    const tree = newTree()
    tree.sparse('sparse', sparseSize)
    expect(await visited(label, { root: tree.root, abort: true })).toEqual({ rejected: true })
  }, 20_000)

  it('never holds the event loop for long while it walks and digests', async () => {
    const tree = newTree()
    for (let at = 0; at < 2000; at++) tree.file(`${at}`, '')
    tree.file('large', Buffer.alloc(64 * 2 ** 20))
    const classes = [{ algorithms: ['sha256', 'sha1', 'md5'] as const }]
    const gaps: number[] = []
    let last = performance.now()
    const timer = setInterval(() => {
      gaps.push(performance.now() - last)
      last = performance.now()
    }, 1)
    await Promise.all([
      walkAll(engine, planOf(tree.root)),
      digestAll(engine, tree.root, [{ path: 'large', classes: [0] }], { classes }),
    ])
    clearInterval(timer)
    // 20 ms is the promise; a busy machine takes the processor away for longer now and then.
    expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.9)]).toBeLessThan(20)
  })

  it.skipIf(process.platform !== 'linux')(
    'leaves nothing open: after a whole walk, one given up, an abort, and digests',
    async () => {
      const tree = newTree()
      for (let at = 0; at < 3000; at++) tree.file(`d${at % 300}/${at}`, '')
      tree.sparse('sparse', sparseSize)
      const use = async () => {
        const { entries } = await walkAll(engine, planOf(tree.root))
        await digestAll(
          engine,
          tree.root,
          entries.slice(0, 500).map(({ path }) => ({ path, classes: [] })),
        )
        for await (const _ of engine.walk(planOf(tree.root), never)) break
        await digestAll(engine, tree.root, [{ path: 'sparse', classes: [0] }], { fileTimeoutMs: 20 })
        await digestAll(engine, tree.root, [{ path: 'sparse', classes: [0] }], {}, AbortSignal.timeout(20)).catch(
          () => {},
        )
        await walkAll(engine, planOf(tree.root), AbortSignal.timeout(5)).catch(() => {})
      }
      for (let round = 0; round < 3; round++) await use()
      await expect.poll(() => openBelow(tree.root), { timeout: 5000 }).toEqual([])
    },
  )
})

function newTree(): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  return tree
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function exhaust(walk: ReturnType<ScanEngine['walk']>): Promise<void> {
  for await (const _ of walk);
}
