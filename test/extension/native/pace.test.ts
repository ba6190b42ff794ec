/**
 * Paced requests: the same answers, on threads of the lowest priority, within a share of one core, and nothing of it
 * left for the next request.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CpuBudget } from '../../../extension/native/cpu-budget.ts'
import type { Pace, ScanEngine } from '../../../extension/native/engine.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { digestAll, outcomeOf, planOf, walkAll } from './ask.ts'
import { contenders } from './engines.ts'

const gentle: Pace = { idle: true, cpuShare: 0.2 }

describe.each(contenders())('$label', ({ engine, problem }) => {
  if (engine === undefined) return it.skip(`every test: ${problem}`)

  it('finds and digests the same with a pace and without', async () => {
    const tree = someFiles(400)
    const plain = await walkAll(engine, planOf(tree.root))
    const paced = await walkAll(engine, planOf(tree.root, { pace: gentle }))
    const items = plain.entries.slice(0, 50).map(({ path }) => ({ path, classes: [0] }))
    expect(paced.progress).toEqual(plain.progress)
    expect(await digestAll(engine, tree.root, items, { pace: gentle })).toEqual(
      await digestAll(engine, tree.root, items),
    )
  })

  it('keeps to its share of one core while it digests', async () => {
    const tree = someFiles(1)
    tree.file('large', Buffer.alloc(48 * 2 ** 20, 7))
    const items = [{ path: 'large', classes: [0] }]
    const classes = [{ algorithms: ['sha256', 'sha1', 'md5'] as const }]
    const before = process.cpuUsage()
    const started = performance.now()
    const results = await digestAll(engine, tree.root, items, { classes, pace: gentle })
    const { user, system } = process.cpuUsage(before)
    const share = (user + system) / 1000 / (performance.now() - started)
    expect(results.map(outcomeOf)).toEqual(['ok'])
    // Twice the share leaves room for what else this process does; without a pace it is near 1.
    expect(share).toBeLessThan(2 * gentle.cpuShare)
  })

  it('keeps to its rate of reading while it digests and searches, and answers the same', async () => {
    const tree = someFiles(1)
    tree.file('large', Buffer.alloc(6 * 2 ** 20, 7))
    const items = [{ path: 'large', classes: [0] }]
    const pace = { idle: false, cpuShare: 100, bytesPerSecond: 8 * 2 ** 20 }
    const plain = await digestAll(engine, tree.root, items)
    const started = performance.now()
    expect(await digestAll(engine, tree.root, items, { pace })).toEqual(plain)
    const request = { roots: [tree.root], items: [{ root: 0, path: 'large' }], patterns: [Buffer.from('absent')] }
    const limits = { maxFileBytes: 2 ** 30, fileTimeoutMs: 60_000 }
    const searched = await engine.search({ ...request, ...limits, pace }, new AbortController().signal)
    expect(searched).toEqual([{ found: [] }])
    // 12 MiB at 8 MiB a second, less what a pace lets be made up for and the last block, which the next file pays.
    expect(performance.now() - started).toBeGreaterThan(1000)
  })

  it('does not count its rest towards the time of a file', async () => {
    const tree = someFiles(1)
    tree.file('large', Buffer.alloc(24 * 2 ** 20, 7))
    const item = { path: 'large', classes: [0] }
    const classes = [{ algorithms: ['sha256', 'sha1', 'md5'] as const }]
    const slow = { classes, pace: { idle: true, cpuShare: 0.05 }, fileTimeoutMs: 1500 }
    expect((await digestAll(engine, tree.root, [item], slow)).map(outcomeOf)).toEqual(['ok'])
  })

  it('answers as before when it was told to give memory back, even in the middle of a walk', async () => {
    const tree = someFiles(3000)
    const batches = engine.walk(planOf(tree.root), new AbortController().signal)
    await batches.next()
    engine.release()
    let selected = 0
    for await (const batch of batches) selected = batch.progress.selected
    expect(selected).toBe(3000)
  })

  it('ends within a second when it is aborted at rest', async () => {
    const tree = someFiles(1)
    tree.file('large', Buffer.alloc(48 * 2 ** 20, 7))
    const item = { path: 'large', classes: [0] }
    const aborter = new AbortController()
    const digesting = digestAll(engine, tree.root, [item], { pace: { idle: true, cpuShare: 0.001 } }, aborter.signal)
    aborter.abort(new Error('enough'))
    const started = performance.now()
    await expect(digesting).rejects.toThrow('enough')
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

const native = contenders()[0]?.engine

describe.skipIf(native === undefined || process.platform !== 'linux')('threads of the native engine', () => {
  it('have the lowest priority in a paced request, and those of the next have their own', async () => {
    const tree = someFiles(1)
    tree.file('large', Buffer.alloc(32 * 2 ** 20, 7))
    const before = ownNice()
    const [slow, quick] = [new AbortController(), new AbortController()]
    const paced = busy(native as ScanEngine, tree.root, slow.signal, { idle: true, cpuShare: 0.01 })
    expect(await until(() => threads('digest').length > 0)).toBe(true)
    expect(await until(() => threads('digest').every(({ nice }) => nice === 19))).toBe(true)
    const pacedIds = new Set(threads('digest').map(({ id }) => id))
    const plain = busy(native as ScanEngine, tree.root, quick.signal)
    const isPlain = ({ id }: Thread) => !pacedIds.has(id)
    expect(await until(() => threads('digest').some((one) => isPlain(one) && one.nice === before))).toBe(true)
    expect(ownNice()).toBe(before)
    slow.abort()
    quick.abort()
    await Promise.allSettled([paced, plain])
  })

  it('have it while they walk, too', async () => {
    const tree = someFiles(3000)
    const walk = native?.walk(
      planOf(tree.root, { pace: { idle: true, cpuShare: 0.001 } }),
      new AbortController().signal,
    )
    const first = walk?.next()
    expect(await until(() => threads('walk').some(({ nice }) => nice === 19))).toBe(true)
    expect(threads('walk')).toHaveLength(1)
    await first
    await walk?.return()
  })
})

describe('a CPU budget', () => {
  it('rests for as long as what was used is worth, less a small credit', async () => {
    const { budget, meters, slept } = budgetOf(0.1)
    meters.used += 30
    await budget.rest(never)
    await budget.rest(never)
    expect(slept).toEqual([200]) // 300 ms owed, 100 ms of credit
    meters.used += 1
    await budget.rest(never)
    expect(slept).toEqual([200, 10])
  })

  it('saves up rests that are shorter than a timer can tell', async () => {
    const { budget, meters, slept } = budgetOf(0.5)
    meters.used += 50 // the credit
    for (let at = 0; at < 10; at++) {
      meters.used += 0.5
      await budget.rest(never)
    }
    expect(slept).toEqual([5, 5])
  })

  it('owes no more than ten seconds, whatever else the process did', async () => {
    const { budget, meters, slept } = budgetOf(0.01)
    meters.used += 60_000
    await budget.rest(never)
    expect(slept).toEqual([10_000])
  })

  it('rejects with the reason when it is aborted', async () => {
    const { budget } = budgetOf(0.01)
    await expect(budget.rest(AbortSignal.abort(new Error('closing')))).rejects.toThrow('closing')
  })
})

const never = new AbortController().signal

function budgetOf(share: number) {
  const meters = { used: 1000, wall: 5000 }
  const slept: number[] = []
  const sleep = async (ms: number) => {
    slept.push(ms)
    meters.wall += ms
  }
  return {
    meters,
    slept,
    budget: new CpuBudget(share, { usedMs: () => meters.used, wallMs: () => meters.wall, sleep }),
  }
}

function someFiles(count: number): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  for (let at = 0; at < count; at++) tree.file(`d${at % 40}/${at}`, `MZ${at}`)
  return tree
}

/** Digests the large file again and again, until aborted. */
async function busy(engine: ScanEngine, root: string, signal: AbortSignal, pace?: Pace): Promise<void> {
  const items = Array.from({ length: 64 }, () => ({ path: 'large', classes: [0] }))
  while (!signal.aborted) await digestAll(engine, root, items, pace ? { pace } : {}, signal)
}

interface Thread {
  readonly id: string
  readonly nice: number
}

/** Threads of this process by name; proc(5): the 19th field of stat is the nice value, the 2nd the name in brackets. */
function threads(name: string): Thread[] {
  return readdirSync('/proc/self/task').flatMap((id) => {
    try {
      const text = readFileSync(`/proc/self/task/${id}/stat`, 'utf8')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const found = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
      return found === name ? [{ id, nice: Number(fields[16]) }] : []
    } catch {
      return [] // ended meanwhile
    }
  })
}

function ownNice(): number {
  const text = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8')
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16])
}

/** Polls for a condition; false when it did not come within a minute. */
async function until(holds: () => boolean): Promise<boolean> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (holds()) return true
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return false
}
