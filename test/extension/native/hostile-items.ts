/**
 * The hostile set: everything in a tree that scanners have hung, crashed or lied about, each with the one outcome it may
 * have. A row of `planted` is made on a real file system, a row of `lying` is a file of test/support/fuse/lies.ts.
 */
import type { EngineErrorCode } from '../../../extension/native/engine.ts'
import { honest } from '../../support/fuse/lies.ts'
import type { HostileTree } from '../../support/hostile-tree.ts'

/** Bytes that must be digested right, or the reason that must be given. */
export type Outcome = { readonly content: string | Uint8Array } | { readonly error: EngineErrorCode }

/** Outcomes by path, in the order of what was said; a path that is not named has none. */
export type Outcomes = Readonly<Record<string, Outcome | readonly Outcome[]>>

/** One row. */
export interface HostileItem {
  readonly name: string
  /** Makes it; `false` when this machine does not let us. Absent: the lying file system has it. */
  readonly plant?: (tree: HostileTree) => unknown
  readonly outcomes: Outcomes | ((tree: HostileTree) => Outcomes)
  /** Of the portable engine, where its own differ. */
  readonly portable?: Outcomes
  /** Of engines that name files by whole paths, where theirs differ. */
  readonly byPath?: Outcomes
}

/** Bytes of the sparse file. */
export const sparseSize: number = 64 * 2 ** 30

const text = (content: string): Outcome => ({ content })
const refused = (error: EngineErrorCode): Outcome => ({ error })

/** A file whose name is its content, beside others of the kind. */
function oddName(what: string, name: string): HostileItem {
  const path = `names/${name}`
  return { name: `a name ${what}`, plant: (tree) => tree.file(path, name), outcomes: { [path]: text(name) } }
}

/** On any file system. */
export const planted: readonly HostileItem[] = [
  { name: 'a FIFO', plant: (tree) => tree.fifo('fifo'), outcomes: { fifo: refused('not_regular') } },
  { name: 'a socket', plant: (tree) => tree.socket('socket'), outcomes: { socket: refused('not_regular') } },
  {
    name: 'a device whose reading never ends',
    plant: (tree) => tree.device('device'),
    outcomes: { device: refused('not_regular') },
  },
  {
    name: 'a sparse file of 64 GiB',
    plant: (tree) => tree.sparse('sparse', sparseSize),
    outcomes: { sparse: refused('timeout') },
  },
  {
    name: 'a link to itself',
    plant: (tree) => tree.link('itself', 'itself'),
    outcomes: { itself: refused('symlink') },
  },
  {
    name: 'links that lead round in a circle',
    plant: (tree) => {
      tree.file('ring/x', 'ring')
      tree.link('ring/up', '..')
      tree.link('ring/a', 'b')
      tree.link('ring/b', 'a')
    },
    outcomes: {
      'ring/x': text('ring'),
      'ring/up': refused('symlink'),
      'ring/a': refused('symlink'),
      'ring/b': refused('symlink'),
    },
  },
  {
    name: 'a directory that is mounted below itself',
    plant: (tree) => {
      tree.file('outer/x', 'outer')
      return tree.mountBind('outer/inner', 'outer')
    },
    outcomes: { 'outer/x': text('outer') },
  },
  {
    name: 'a path that is longer than the system takes',
    plant: (tree) => abysses.set(tree, tree.abyss(30, 203, 'hidden', 'found')),
    outcomes: (tree) => ({ [abysses.get(tree) ?? '']: text('found') }),
    byPath: {},
  },
  oddName('that is not UTF-8', 'bad\\xff\\xc3'),
  oddName('with a newline', 'new\nline'),
  oddName('with what moves the cursor of a terminal', '\u001b[2J\r\b'),
  oddName('of blanks', '   '),
  oddName('that looks like an option', '--rf *'),
  oddName('as long as one can be', 'n'.repeat(255)),
  oddName('like an escaped one', '\\x5cxff'),
]

const abysses = new WeakMap<HostileTree, string>()

function lie(name: string, outcome: Outcome): HostileItem {
  return { name: `a file that ${name}`, outcomes: { [`set/${name}`]: outcome } }
}

function lyingFolder(name: string, outcomes: Outcomes, portable?: Outcomes): HostileItem {
  const below = (some: Outcomes) =>
    Object.fromEntries(Object.entries(some).map(([path, outcome]) => [`set/${name}${path}`, outcome]))
  const item = { name: `a directory that ${name}`, outcomes: below(outcomes) }
  return portable ? { ...item, portable: below(portable) } : item
}

const right: Outcome = { content: honest }

/** On the lying file system. */
export const lying: readonly HostileItem[] = [
  { name: 'a file of a slow file system that lies about nothing', outcomes: { 'set/honest': right } },
  lie('gives less than it is asked for', right),
  lie('has times that no clock knows', right),
  lie('says it is empty and is not', refused('changed')),
  lie('says 10 bytes and gives them without end', refused('changed')),
  lie('says 1 TiB and gives nothing', refused('changed')),
  lie('says 1 TiB and gives it', refused('timeout')),
  lie('says more than there are bytes', refused('changed')),
  lie('says fewer than there are bytes', refused('changed')),
  lie('grows once it is read', refused('changed')),
  lie('shrinks once it is read', refused('changed')),
  lie('is written over once it is read', refused('changed')),
  lie('is another each time it is named', refused('changed')),
  ...['never answers a read', 'never answers an opening'].map((name) => ({
    name: `a file that ${name}`,
    outcomes: { [`silent/${name}`]: refused('timeout'), 'silent/honest': right },
  })),
  lie('may not be opened', refused('denied')),
  lie('cannot be read', refused('io')),
  lie('cannot be read to its end', refused('io')),
  lie('cannot be looked at', refused('io')),
  lie('is listed and is not there', refused('vanished')),
  lie('is listed as nothing known', right),
  lie('is listed as a file and is a FIFO', refused('not_regular')),
  lie('is listed as a file and is a directory', refused('not_regular')),
  lie('is listed as a directory and is a file', refused('vanished')),
  lie('is listed as a directory and is a link', refused('symlink')),
  lyingFolder('cannot be listed', { '': refused('io') }),
  // Node throws away the names that it read before the one it could not.
  lyingFolder('cannot be listed to its end', { '': refused('io'), '/x': right }, { '': refused('io') }),
  lyingFolder('lists a name with a slash', { '': refused('io') }),
  lyingFolder('lists itself and what is above', { '/x': right }),
  lyingFolder('lists a name twice', { '/x': [right, right] }),
]
