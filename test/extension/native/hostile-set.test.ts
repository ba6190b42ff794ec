/**
 * The hostile set, all of it in one tree: every item is digested right or reported with its reason, exactly once, by
 * every engine; nothing is opened that must not be, nothing stays open, and memory is bounded. Rows are in hostile-items.ts.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { honest, type LyingTree, million } from '../../support/fuse/lies.ts'
import { LyingMount } from '../../support/fuse/mount.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { OpenWatch } from '../../support/open-watch.ts'
import { engineThreads, forgetPeak, openBelow, peakMemory } from '../../support/process-state.ts'
import { digestAll, outcomeOf, planOf, refusedOf, walkAll } from './ask.ts'
import { contenders } from './engines.ts'
import { type HostileItem, lying, type Outcome, type Outcomes, planted, sparseSize } from './hostile-items.ts'
import { type Found, type Swept, sweepAll } from './hostile-sweep.ts'
import { visited } from './visited.ts'

/** Time for one file. What is slow only for a busy machine must not come near it. */
const fileTimeoutMs = 1000
const noFuse = 'this machine has no FUSE, or does not let the test mount it'
const notHere = 'this machine does not let the test make it (devices and mounts need root)'
const mebibyte = 2 ** 20

describe.skipIf(process.platform !== 'linux').each(contenders())('$label', ({ engine, label, problem, byPath }) => {
  if (engine === undefined) return it.skip(`every test: ${problem}`)

  describe('a tree of everything hostile', () => {
    const tree = new HostileTree()
    const isMade = new Map<HostileItem, boolean>()
    let mounts: readonly (LyingMount | undefined)[] = []
    let watch: OpenWatch | undefined
    let swept: Swept = new Map()
    let grownBy = 0

    beforeAll(async () => {
      for (const item of planted) isMade.set(item, (await item.plant?.(tree)) !== false)
      for (const name of ['beside', 'zz/beside']) tree.file(name, 'beside')
      mounts = [await mounted(tree, 'set'), await mounted(tree, 'silent')]
      for (const item of lying)
        isMade.set(
          item,
          mounts.every((mount) => mount !== undefined),
        )
      watch = await OpenWatch.over(['fifo', 'socket', 'device'].map((name) => `${tree.root}/${name}`))
      forgetPeak()
      const before = peakMemory()
      swept = await sweepAll(engine, tree.root, { mounts: 'all' }, fileTimeoutMs)
      grownBy = peakMemory() - before
    })

    afterAll(() => {
      watch?.stop()
      for (const mount of mounts) mount?.remove()
      tree.remove()
    })

    it.for([...planted, ...lying])('$name', (item, { skip }) => {
      skip(!isMade.get(item), lying.includes(item) ? noFuse : notHere)
      const own = (byPath && item.byPath) || (engine.name === 'portable' && item.portable) || outcomesOf(item, tree)
      for (const [path, outcome] of Object.entries(own))
        expect({ path, found: swept.get(path) }).toEqual({ path, found: [outcome].flat().map(foundFor) })
    })

    it('is swept to its end: what lies beside is digested, and nothing else is said', () => {
      expect([swept.get('beside'), swept.get('zz/beside')]).toEqual([[foundFor('beside')], [foundFor('beside')]])
      const known = new Set([...planted, ...lying].flatMap((item) => Object.keys(outcomesOf(item, tree))))
      const others = [...swept.keys()].filter((path) => !known.has(path) && !path.endsWith('beside'))
      // Where paths are too long for the system, the place is said where they begin to be.
      expect(others.filter((path) => !(byPath && path.includes('ddd')))).toEqual([])
    })

    it('has nothing opened that is no regular file', ({ skip }) => {
      skip(watch === undefined, 'this machine cannot tell what is opened (inotify through perl)')
      expect(watch?.opened()).toEqual([])
    })

    it('takes little memory', () => {
      expect(grownBy).toBeLessThan(192 * mebibyte)
    })

    it('leaves nothing open and no thread behind, once files that never answer are gone', async () => {
      for (const mount of mounts) mount?.remove()
      await expect.poll(() => [...openBelow(tree.root), ...engineThreads()], { timeout: 10_000 }).toEqual([])
    })
  })

  it('goes on for ever in no directory that has no end', async ({ skip }) => {
    const tree = newTree()
    await mountedFor(tree, 'endless', skip)
    const deep = await walkAll(engine, planOf(`${tree.root}/endless/bottomless`, { maxDepth: 40 }))
    expect(refusedOf(deep)).toEqual([`too_deep ${Array.from({ length: 41 }, () => 'd').join('/')}`])
    const wide = await walkAll(engine, planOf(`${tree.root}/endless/lists for ever`, { maxEntries: 5000 }))
    expect(wide.errors.map(({ code }) => code)).toEqual(['too_many'])
    expect(wide.progress).toMatchObject({ entries: 5000, truncated: true })
  })

  it('gives every name of a directory of a million, in little memory', async () => {
    const root = await largeDirectory()
    forgetPeak()
    const before = peakMemory()
    const walked = await walkAll(engine, planOf(root, { rules: [{ pattern: '*777' }] }))
    expect(walked.progress).toMatchObject({ entries: million, files: million, selected: 1000, truncated: false })
    expect(new Set(walked.entries.map(({ path }) => path)).size).toBe(1000)
    expect(walked.errors).toEqual([])
    expect(peakMemory() - before).toBeLessThan(128 * mebibyte)
    const swept = await sweepAll(engine, root, { rules: [{ pattern: '*7777' }] }, fileTimeoutMs)
    expect([...swept.values()]).toEqual(Array.from({ length: 100 }, () => [foundFor('MZ')]))
  }, 300_000)

  it('asks nothing of a file system that a walk does not enter', async ({ skip }) => {
    const tree = newTree()
    const mount = await mountedFor(tree, 'endless', skip)
    for (const mounts of ['local', 'same'] as const) {
      const walked = await walkAll(engine, planOf(tree.root, { mounts }))
      expect(refusedOf(walked)).toEqual(['other_filesystem endless'])
    }
    // Only a walk that knows the table of mounts need not even open what is mounted.
    if (engine.name === 'native') expect(mount?.asked()).toEqual([])
    else expect(mount?.asked().filter((said) => said.startsWith('list '))).toEqual([])
  })

  it.for(['never answers a listing', 'never answers a look'])(
    'is not held by a directory that %s once nobody wants the walk',
    async (name, { skip }) => {
      const tree = newTree()
      const mount = await mountedFor(tree, 'endless', skip)
      const reason = new Error('enough')
      const ending = new AbortController()
      const walk = walkAll(engine, planOf(`${tree.root}/endless`, { rules: [{ pattern: `${name}/x` }] }), ending.signal)
      const isAsked = () => mount?.asked().some((said) => said === (name.endsWith('look') ? 'look x' : `list ${name}`))
      await expect.poll(isAsked, { timeout: 10_000 }).toBe(true)
      ending.abort(reason)
      await expect(walk).rejects.toBe(reason)
      mount?.remove()
      await expect.poll(() => [...openBelow(tree.root), ...engineThreads()], { timeout: 10_000 }).toEqual([])
    },
  )

  it('gives what can be had at a tenth of a core, too', async ({ skip }) => {
    const tree = newTree()
    tree.file('beside', 'beside')
    await mountedFor(tree, 'silent', skip)
    const pace = { idle: false, cpuShare: 0.1 }
    const rules = ['beside', 'silent/honest', 'silent/never answers a read'].map((pattern) => ({ pattern }))
    const swept = await sweepAll(engine, tree.root, { mounts: 'all', rules, pace }, fileTimeoutMs)
    expect(Object.fromEntries(swept)).toEqual({
      beside: [foundFor('beside')],
      'silent/honest': [foundFor({ content: honest })],
      'silent/never answers a read': [{ error: 'timeout' }],
    })
  })

  it('ends at once when nobody wants a sweep any more, in the middle of a file that never answers', async ({
    skip,
  }) => {
    const tree = newTree()
    tree.sparse('sparse', sparseSize)
    const mount = await mountedFor(tree, 'silent', skip)
    const reason = new Error('enough')
    const ending = new AbortController()
    const sweeping = sweepAll(engine, tree.root, { mounts: 'all' }, 3_600_000, ending.signal)
    await expect.poll(() => mount?.asked(), { timeout: 10_000 }).toContain('read never answers a read')
    ending.abort(reason)
    await expect(sweeping).rejects.toBe(reason)
    mount?.remove()
    await expect.poll(() => [...openBelow(tree.root), ...engineThreads()], { timeout: 10_000 }).toEqual([])
  })

  it('gives up a piece of a file that is never answered for', async ({ skip }) => {
    const tree = newTree()
    const mount = await mountedFor(tree, 'silent', skip)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const read = engine
      .read([tree.root], { root: 0, path: 'silent/never answers a read' }, 0, 10)
      .catch(({ code }) => code)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(await read).toBe('timeout')
    vi.useRealTimers()
    mount?.remove()
    await expect.poll(() => [...openBelow(tree.root), ...engineThreads()], { timeout: 10_000 }).toEqual([])
  })

  it('takes files of the kernel, whose sizes are lies, for changed, or says why not', async () => {
    const empty = await sweepAll(engine, `/proc/${process.pid}`, { maxDepth: 0 }, fileTimeoutMs)
    expect(empty.get('status')).toEqual([{ error: 'changed' }])
    const full = await sweepAll(engine, '/sys/kernel', { maxDepth: 0 }, fileTimeoutMs)
    for (const [path, found] of [...empty, ...full]) {
      const codes = found.map((one) => ('error' in one ? one.error : 'ok'))
      expect({ path, codes }).toMatchObject({
        codes: [expect.stringMatching(/^(ok|changed|denied|io|symlink|too_deep)$/)],
      })
    }
  })

  it('says what another user may not read, and digests the rest', async ({ skip }) => {
    const tree = newTree()
    tree.file('open/x')
    tree.file('open/secret')
    tree.file('closed/x')
    for (const path of ['open/secret', 'closed']) chmodSync(tree.at(path), 0)
    chmodSync(dirname(tree.root), 0o755)
    const user = process.getuid?.() === 0 ? 65534 : undefined
    const child = await visited(label, { root: tree.root, closed: `${tree.root}/closed` }, user)
    skip(child === undefined, 'the other user cannot run a child process here')
    expect(child).toEqual({
      swept: {
        closed: [{ error: 'denied' }],
        'open/secret': [{ error: 'denied' }],
        'open/x': [foundFor('open/x')],
      },
      rejected: true,
    })
  })

  it('never gives a wrong digest of a file that another process appends to', async () => {
    const tree = newTree()
    tree.file('log', 'a'.repeat(300_000))
    const writer = await running('writer.ts', `${tree.root}/log`)
    const seen = new Map<string, number>()
    for (let round = 0; round < maxRounds && (seen.get('changed') ?? 0) < 3; round++) {
      const [result] = await digestAll(engine, tree.root, [{ path: 'log', classes: [0] }])
      seen.set(outcomeOf(result), (seen.get(outcomeOf(result)) ?? 0) + 1)
      if (result && !('error' in result)) expect(result.digests.sha256).toBe(sha256('a'.repeat(result.identity.size)))
    }
    writer.kill()
    expect([...seen.keys()].filter((code) => code !== 'ok' && code !== 'changed')).toEqual([])
    expect(seen.get('changed')).toBeGreaterThanOrEqual(3)
  })

  it.skipIf(byPath)('never leaves the root through a directory that is swapped for a link meanwhile', async () => {
    const tree = newTree()
    tree.file('outside/secret/x', 'outside')
    tree.file('root/d/secret/x', 'inside')
    await running('swapper.ts', tree.root)
    const root = `${tree.root}/root`
    const seen = { walked: 0, digested: 0, swapped: 0 }
    for (let round = 0; round < maxRounds && Math.min(...Object.values(seen)) < 5; round++) {
      const { entries, errors } = await walkAll(engine, planOf(root, { rules: [{ pattern: 'd/secret/x' }] }))
      for (const entry of entries) expect(entry.size).toBe('inside'.length)
      const [result] = await digestAll(engine, root, [{ path: 'd/secret/x', classes: [0] }])
      if (result && !('error' in result)) expect(result.digests.sha256).toBe(sha256('inside'))
      seen.walked += entries.length
      seen.digested += outcomeOf(result) === 'ok' ? 1 : 0
      seen.swapped += errors.length + (outcomeOf(result) === 'symlink' ? 1 : 0)
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThanOrEqual(5)
  })
})

/** Rounds after which a race that was not met is a failure. */
const maxRounds = 20_000

/** Made only where no file system lists it for us: it takes half a minute. */
let made: HostileTree | undefined
afterAll(() => made?.remove())

/** A directory of a million files: listed by the lying file system, or, where there is none, made. */
async function largeDirectory(): Promise<string> {
  const tree = newTree()
  const mount = await mounted(tree, 'endless')
  onTestFinished(() => mount?.remove())
  if (mount) return `${tree.root}/endless/million`
  made ??= makeLarge()
  return `${made.root}/million`
}

function makeLarge(): HostileTree {
  const tree = new HostileTree()
  tree.mountTmpfs('million') // quicker by far, where we may
  for (let at = 0; at < million; at++) {
    // A file has some 65,000 names at most on usual file systems.
    if (at % 50_000 === 0) tree.file(nameOf(at), 'MZ')
    else tree.hardLink(nameOf(at), nameOf(at - (at % 50_000)))
  }
  return tree
}

const nameOf = (at: number): string => `million/${`${at}`.padStart(6, '0')}`

/** Runs a process that changes the tree without pause; it has begun. */
async function running(script: string, argument: string) {
  const child = fork(join(import.meta.dirname, script), [argument])
  onTestFinished(() => void child.kill())
  await new Promise((resolve) => child.once('message', resolve))
  return child
}

async function mounted(tree: HostileTree, name: LyingTree): Promise<LyingMount | undefined> {
  tree.directory(name)
  return await LyingMount.on(`${tree.root}/${name}`, name)
}

/** For one test; skips it where there is none. */
async function mountedFor(tree: HostileTree, name: LyingTree, skip: (condition: boolean, note: string) => void) {
  const mount = await mounted(tree, name)
  onTestFinished(() => mount?.remove())
  skip(mount === undefined, noFuse)
  return mount
}

function outcomesOf({ outcomes }: HostileItem, tree: HostileTree): Outcomes {
  return typeof outcomes === 'function' ? outcomes(tree) : outcomes
}

function foundFor(outcome: Outcome | string): Found {
  if (typeof outcome === 'object' && 'error' in outcome) return outcome
  return { sha256: sha256(typeof outcome === 'string' ? outcome : outcome.content) }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function newTree(): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  return tree
}
