/**
 * Random nasty trees and random rules: all engines and a naive referee must give the same answer.
 *
 * The referee shares no code with the engines: it lists everything with readdir, follows no rule while doing so, and
 * matches whole paths by the definition of the pattern language.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathFromBytes, pathToBytes } from '../../../extension/domain/path-text.ts'
import type { DigestResult, ScanEngine, SelectRule } from '../../../extension/native/engine.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { digestAll, outcomeOf, planOf, refusedOf, selectedOf, walkAll } from './ask.ts'
import { contenders } from './engines.ts'

type Node =
  | { readonly kind: 'file'; readonly content: string }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'fifo' }
  | { readonly kind: 'directory'; readonly nodes: readonly (readonly [string, Node])[] }

interface Scenario {
  readonly nodes: readonly (readonly [string, Node])[]
  readonly rules: readonly SelectRule[]
  readonly ignoreCase: boolean
  readonly maxDepth: number
  readonly skip: string
}

const letters = ['a', 'A', 'b', '.', '\\xff', '\\xc3', 'é', '\\', '\n', ' ', 'ab', '\\x5cxff']
const name = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 3 })
  .map((parts) => pathFromBytes(pathToBytes(parts.join(''))))
  .filter((text) => text !== '.' && text !== '..')

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('file' as const),
      content: fc.constantFrom('', 'MZ', 'MZabc', 'PK', 'x'.repeat(100)),
    }),
    fc.record({ kind: fc.constant('link' as const), target: fc.constantFrom('..', '.', 'a', '/etc', 'nothing') }),
    fc.constant({ kind: 'fifo' as const }),
    fc.record({
      kind: fc.constant('directory' as const),
      nodes: fc.uniqueArray(fc.tuple(name, tie('node')), { maxLength: 4, selector: ([text]) => text }),
    }),
  ),
}))

const component = fc.oneof(
  fc.constant('**'),
  fc.constant('*'),
  name,
  fc.tuple(fc.constantFrom('', 'a', 'b', '\\xff'), fc.constantFrom('', 'b', '\\xff', 'B')).map(([a, b]) => `${a}*${b}`),
)
const rule = fc.record(
  {
    pattern: fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    minSize: fc.constantFrom(0, 1, 3),
    maxSize: fc.constantFrom(0, 2, 50),
  },
  { requiredKeys: ['pattern'] },
)
const scenario: fc.Arbitrary<Scenario> = fc.record({
  nodes: fc.uniqueArray(fc.tuple(name, node), { maxLength: 5, selector: ([text]) => text }),
  rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
  ignoreCase: fc.boolean(),
  maxDepth: fc.constantFrom(0, 1, 2, 100),
  skip: name,
})

const engines = contenders().flatMap(({ label, engine }) => (engine ? [{ label, engine }] : []))
const classes = [{ algorithms: ['md5'] as const }, { magics: ['4d5a'], algorithms: ['sha256', 'sha1'] as const }]

describe(`engines that are compared: ${engines.map(({ label }) => label).join(', ')}`, () => {
  it('agree with each other and with the referee on random trees', async () => {
    await fc.assert(fc.asyncProperty(scenario, compareAll), { numRuns: 200 })
  }, 120_000)
})

async function compareAll(given: Scenario): Promise<void> {
  const tree = new HostileTree()
  try {
    for (const [text, one] of given.nodes) build(tree, text, one)
    const wanted = refereed(tree, given)
    const [first, ...others] = await Promise.all(engines.map(({ engine }) => answer(engine, tree, given)))
    expect(first?.selected).toEqual(wanted.selected)
    expect(first?.digests).toEqual(wanted.digests)
    for (const other of others) expect(other).toEqual(first)
  } finally {
    tree.remove()
  }
}

function build(tree: HostileTree, path: string, one: Node): void {
  if (one.kind === 'file') tree.file(path, one.content)
  else if (one.kind === 'link') tree.link(path, one.target)
  else if (one.kind === 'fifo') tree.fifo(path)
  else {
    tree.directory(path)
    for (const [text, child] of one.nodes) build(tree, `${path}/${text}`, child)
  }
}

async function answer(engine: ScanEngine, tree: HostileTree, { rules, ignoreCase, maxDepth, skip }: Scenario) {
  const plan = planOf(tree.root, { rules, ignoreCase, maxDepth, skip: [`${tree.root}/${skip}`] })
  const walked = await walkAll(engine, plan)
  const entries = walked.entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const items = entries.map((entry) => ({ path: entry.path, expected: entry, classes: [0, 1] }))
  const results = await digestAll(engine, tree.root, items, { classes })
  return {
    selected: selectedOf(walked),
    // Links that only stand in a rule's way are compared in the table of walks.
    refused: refusedOf({
      errors: walked.errors.filter(
        ({ code, path }) => code !== 'symlink' || rules.some((one) => selects(one, path, ignoreCase)),
      ),
    }),
    progress: walked.progress,
    entries,
    digests: Object.fromEntries(entries.map(({ path }, at) => [path, summary(results[at])])),
  }
}

function summary(result: DigestResult | undefined) {
  return result && 'digests' in result ? result.digests : outcomeOf(result)
}

function selects({ pattern }: SelectRule, path: string, ignoreCase: boolean): boolean {
  return matches(split(pattern, ignoreCase), split(path, ignoreCase))
}

function refereed(tree: HostileTree, { rules, ignoreCase, maxDepth, skip }: Scenario) {
  const selected: Record<string, number[]> = {}
  const digests: Record<string, Record<string, string>> = {}
  for (const parts of regularFiles(tree.root)) {
    const text = parts.map((part) => pathFromBytes(part)).join('/')
    if (parts.length > maxDepth + 1 || (parts.length > 1 && text.startsWith(`${skip}/`))) continue
    const content = readFileSync(tree.at(text))
    const chosen = rules.flatMap(({ pattern, minSize = 0, maxSize = 1000 }, index) => {
      const isHit = matches(
        split(pattern, ignoreCase),
        parts.map((part) => folded(part, ignoreCase)),
      )
      return isHit && content.length >= minSize && content.length <= maxSize ? [index] : []
    })
    if (chosen.length === 0) continue
    selected[text] = chosen
    const algorithms = content.subarray(0, 2).toString() === 'MZ' ? ['md5', 'sha1', 'sha256'] : ['md5']
    digests[text] = Object.fromEntries(algorithms.map((one) => [one, createHash(one).update(content).digest('hex')]))
  }
  return { selected, digests }
}

function regularFiles(root: string): Buffer[][] {
  const found: Buffer[][] = []
  const visit = (path: Buffer, parts: Buffer[]) => {
    const stats = lstatSync(path)
    if (stats.isFile()) found.push(parts)
    if (!stats.isDirectory()) return
    for (const child of readdirSync(path, { encoding: 'buffer' })) {
      visit(Buffer.concat([path, Buffer.from('/'), child]), [...parts, child])
    }
  }
  visit(Buffer.from(root), [])
  return found
}

const folded = (bytes: Uint8Array, ignoreCase: boolean) => {
  const text = Buffer.from(bytes).toString('latin1')
  return ignoreCase ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text
}

const split = (pattern: string, ignoreCase: boolean) =>
  pattern.split('/').map((part) => folded(pathToBytes(part), ignoreCase))

/** The definition, without any cleverness. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const [want, ...rest] = pattern
  const [have, ...left] = path
  if (want === undefined) return have === undefined
  if (want === '**') return matches(rest, path) || (have !== undefined && matches(pattern, left))
  return have !== undefined && regexOf(want).test(have) && matches(rest, left)
}

function regexOf(want: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${want.split('*').map(literal).join('[^]*')}$`)
}
