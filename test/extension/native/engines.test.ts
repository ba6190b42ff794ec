/**
 * The tables of cases, run against every engine.
 */
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DigestItem, DigestResult, FileIdentity, ScanEngine } from '../../../extension/native/engine.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { digestAll, outcomeOf, planOf, refusedOf, selectedOf, walkAll } from './ask.ts'
import { type DigestCase, digestCases, type Expected } from './digest-cases.ts'
import { contenders } from './engines.ts'
import { walkCases } from './walk-cases.ts'

const notHere = 'this machine does not let the test make that tree (mounts and devices need root)'

describe.each(contenders())('$label', ({ engine, byPath, problem }) => {
  if (engine === undefined) return it.skip(`every case: ${problem}`)

  describe('walks', () => {
    it.for(walkCases)('$name', async ({ build, plan, ...wanted }, { skip }) => {
      const tree = newTree()
      skip((await build(tree)) === false, notHere)
      const walked = await walkAll(engine, planOf(tree.root, plan?.(tree)))
      if (byPath && wanted.byPath) {
        expect(selectedOf(walked)).toEqual(wanted.byPath.selected)
        return expect(refusedOf(walked).join('\n')).toMatch(wanted.byPath.refused)
      }
      expect(selectedOf(walked)).toEqual(wanted.selected)
      expect(refusedOf(walked)).toEqual(wanted.refused ?? [])
      expect(walked.progress).toMatchObject({ selected: walked.entries.length, ...wanted.progress })
    })
  })

  describe('digests', () => {
    it.for(digestCases)('$name', async (row, { skip }) => {
      const tree = newTree()
      skip((await row.build(tree)) === false, notHere)
      const before = row.meanwhile && (await identities(engine, tree.root, row.items))
      row.meanwhile?.(tree)
      const results = await digestAll(engine, tree.root, itemsOf(row, before), {
        ...(row.classes && { classes: row.classes }),
        ...row.limits,
      })
      const expected = (byPath && row.byPath) || row.expected
      expect(results.map(outcomeOf)).toEqual(expected.map(({ error }) => error ?? 'ok'))
      for (const [at, one] of expected.entries()) compare(results[at], one)
    })
  })
})

function newTree(): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  return tree
}

async function identities(engine: ScanEngine, root: string, paths: readonly string[]): Promise<FileIdentity[]> {
  const found = await engine.stat(
    [root],
    paths.map((path) => ({ root: 0, path })),
  )
  return found.map((one) => {
    if ('code' in one) throw new Error(`${one.path}: ${one.code}`)
    return one
  })
}

function itemsOf({ items, classes, asked }: DigestCase, before: readonly FileIdentity[] | undefined) {
  return items.map((path, at): Omit<DigestItem, 'root'> => {
    const expected = before?.[at]
    return { path, classes: asked ?? [...(classes ?? [0]).keys()], ...(expected && { expected }) }
  })
}

function compare(result: DigestResult | undefined, { digests, head, bytesRead }: Expected): void {
  if (result === undefined || 'error' in result) return
  if (digests !== undefined) expect(result.digests).toEqual(digests)
  if (head !== undefined) expect(Buffer.from(result.head).toString('hex')).toBe(head)
  if (bytesRead !== undefined) expect(result.bytesRead).toBe(bytesRead)
}
