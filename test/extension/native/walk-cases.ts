/**
 * The table of walks: a tree, a plan, and exactly what must come out of it, whichever engine walks.
 */
import type { WalkPlan, WalkProgress } from '../../../extension/native/engine.ts'
import type { HostileTree } from '../../support/hostile-tree.ts'

/** One row. */
export interface WalkCase {
  readonly name: string
  /** Makes the tree; `false` when this machine does not let us, and the case is skipped. */
  readonly build: (tree: HostileTree) => unknown
  readonly plan?: (tree: HostileTree) => Partial<WalkPlan>
  /** Selected paths, each with its rules. */
  readonly selected: Readonly<Record<string, readonly number[]>>
  /** `code path`, sorted; none when absent. */
  readonly refused?: readonly string[]
  /** What engines that name files by whole paths do instead. */
  readonly byPath?: { readonly selected: WalkCase['selected']; readonly refused: RegExp }
  readonly progress?: Partial<WalkProgress>
}

const rules = (...patterns: string[]) => ({ rules: patterns.map((pattern) => ({ pattern })) })

const files =
  (...paths: string[]) =>
  (tree: HostileTree) => {
    for (const path of paths) tree.file(path)
  }

const selection: WalkCase[] = [
  {
    name: 'an empty root yields one batch and nothing in it',
    build: () => {},
    selected: {},
    progress: { directories: 1, entries: 0, files: 0, selected: 0, truncated: false },
  },
  {
    name: 'a root that is a file is one entry with an empty path',
    build: files('x.dll'),
    plan: (tree) => ({ roots: [`${tree.root}/x.dll`], ...rules('**', '*.dll', '**/x.dll') }),
    selected: { '': [0] },
    progress: { directories: 0, selected: 1 },
  },
  {
    name: 'a name pattern without directories selects at the top only',
    build: files('x.dll', 'a/x.dll', 'y.exe'),
    plan: () => rules('*.dll'),
    selected: { 'x.dll': [0] },
    progress: { directories: 1 },
  },
  {
    name: '**/name selects at every depth',
    build: files('x', 'a/x', 'a/b/x', 'a/b/y', 'xx/x'),
    plan: () => rules('**/x'),
    selected: { x: [0], 'a/x': [0], 'a/b/x': [0], 'xx/x': [0] },
  },
  {
    name: 'a star in the middle stands for exactly one component',
    build: files('a/1/b', 'a/2/b', 'a/b', 'a/1/2/b', 'c/1/b'),
    plan: () => rules('a/*/b'),
    selected: { 'a/1/b': [0], 'a/2/b': [0] },
  },
  {
    name: '** in the middle stands for none and for many',
    build: files('a/b', 'a/1/b', 'a/1/2/3/b', 'a/1/c', 'b'),
    plan: () => rules('a/**/b'),
    selected: { 'a/b': [0], 'a/1/b': [0], 'a/1/2/3/b': [0] },
  },
  {
    name: 'several ** and stars together',
    build: files('a/x/Users/u/y/z.dll', 'Users/z.dll', 'Users/u/z.dll', 'Users/u/z.exe'),
    plan: () => rules('**/Users/*/**/*.dll', '**/**/z.*', '**/Users/**'),
    selected: {
      'a/x/Users/u/y/z.dll': [0, 1, 2],
      'Users/z.dll': [1, 2],
      'Users/u/z.dll': [0, 1, 2],
      'Users/u/z.exe': [1, 2],
    },
  },
  {
    name: 'case is heeded unless the plan says otherwise',
    build: files('A/Ffmpeg.DLL', 'a/ffmpeg.dll'),
    plan: () => rules('a/ffmpeg.dll'),
    selected: { 'a/ffmpeg.dll': [0] },
  },
  {
    name: 'case is ignored for ASCII letters and for no others',
    build: files('A/Ffmpeg.DLL', 'a/ffmpeg.dll', 'É.dll', 'é.dll'),
    plan: () => ({ ...rules('A/FFMPEG.*', 'é.DLL'), ignoreCase: true }),
    selected: { 'A/Ffmpeg.DLL': [0], 'a/ffmpeg.dll': [0], 'é.dll': [1] },
  },
  {
    name: 'size bounds are inclusive, and a zero-byte file is a file',
    build: (tree) => {
      for (const size of [0, 1, 9, 10, 11]) tree.file(`${size}`.padStart(2, '0'), 'x'.repeat(size))
    },
    plan: () => ({
      rules: [
        { pattern: '*', minSize: 1, maxSize: 10 },
        { pattern: '*', maxSize: 0 },
        { pattern: '*', minSize: 10 },
      ],
    }),
    selected: { '00': [1], '01': [0], '09': [0], '10': [0, 2], '11': [2] },
    progress: { selected: 5, files: 5 },
  },
  {
    name: 'characters that other pattern languages know are ordinary',
    build: files('a?c', 'abc', '[x]', 'x', '{a,b}', 'a', '!a', '\\*', 'a*c'),
    plan: () => rules('a?c', '[x]', '{a,b}', '!a', '\\*'),
    selected: { 'a?c': [0], '[x]': [1], '{a,b}': [2], '!a': [3], '\\*': [4] },
  },
  {
    name: 'leading and doubled slashes in a pattern are dropped',
    build: files('a/b'),
    plan: () => rules('//a///b'),
    selected: { 'a/b': [0] },
  },
  {
    name: 'hidden files are files',
    build: files('.main_storage', '.d/.x'),
    plan: () => rules('**/.*'),
    selected: { '.main_storage': [0], '.d/.x': [0] },
  },
  {
    name: 'a directory that a pattern names is no file',
    build: (tree) => tree.directory('x.dll'),
    plan: () => rules('*.dll'),
    selected: {},
    progress: { directories: 1 },
  },
  {
    name: 'two roots keep their own paths and rules',
    build: files('one/a/x', 'two/x'),
    plan: (tree) => ({ roots: [`${tree.root}/one`, `${tree.root}/two`], ...rules('a/x', 'x') }),
    selected: { 'a/x': [0], x: [1] },
  },
]

const bounds: WalkCase[] = [
  {
    name: 'directories that no pattern reaches are not listed',
    build: files('Users/u/x', 'Users/u/deep/er/y', 'System/a/b/c', 'Library/x'),
    plan: () => rules('Users/*/x'),
    selected: { 'Users/u/x': [0] },
    progress: { directories: 3, entries: 3 + 1 + 2 },
  },
  {
    name: 'a skipped directory is not entered and reported once',
    build: files('a/x', 'skip/x', 'skip/b/x', 'skipped/x'),
    plan: (tree) => ({ skip: [`${tree.root}/skip`, `${tree.root}/absent`] }),
    selected: { 'a/x': [0], 'skipped/x': [0] },
    refused: ['skipped skip'],
  },
  {
    name: 'a skipped directory that no pattern reaches is not worth a word',
    build: files('a/x', 'skip/x'),
    plan: (tree) => ({ ...rules('a/x'), skip: [`${tree.root}/skip`] }),
    selected: { 'a/x': [0] },
  },
  {
    name: 'a skipped root is reported',
    build: files('x'),
    plan: (tree) => ({ skip: [tree.root] }),
    selected: {},
    refused: ['skipped '],
    progress: { directories: 0, truncated: false },
  },
  {
    name: 'the deepest level allowed is walked, the next is too_deep',
    build: files('0', 'a/1', 'a/b/2', 'a/b/c/3'),
    plan: () => ({ maxDepth: 2 }),
    selected: { '0': [0], 'a/1': [0], 'a/b/2': [0] },
    refused: ['too_deep a/b/c'],
    progress: { directories: 3, truncated: true },
  },
  {
    name: 'depth 0 is the root alone',
    build: files('0', 'a/1'),
    plan: () => ({ maxDepth: 0 }),
    selected: { '0': [0] },
    refused: ['too_deep a'],
    progress: { truncated: true },
  },
  {
    name: 'as many entries as allowed are no cut',
    build: files('a', 'b', 'c/d'),
    plan: () => ({ maxEntries: 4 }),
    selected: { a: [0], b: [0], 'c/d': [0] },
    progress: { entries: 4, truncated: false },
  },
]

const kinds: WalkCase[] = [
  {
    name: 'links are never followed: to a file, a directory, outside, in a loop, to nothing',
    build: (tree) => {
      files('d/x', 'f')(tree)
      tree.link('to-file', 'f')
      tree.link('to-directory', 'd')
      tree.link('outside', '/etc')
      tree.link('d/loop', '..')
      tree.link('dangling', 'nothing')
    },
    selected: { 'd/x': [0], f: [0] },
    refused: ['symlink d/loop', 'symlink dangling', 'symlink outside', 'symlink to-directory', 'symlink to-file'],
    progress: { directories: 2, files: 2, entries: 8 },
  },
  {
    name: 'links that no rule names are not worth a word',
    build: (tree) => {
      files('d/x.dll')(tree)
      tree.link('to-directory', 'd')
      tree.link('x.so', 'd/x.dll')
    },
    plan: () => rules('**/*.dll'),
    selected: { 'd/x.dll': [0] },
  },
  {
    name: 'a link in place of a directory that a rule names hides files, and is reported',
    build: (tree) => {
      files('private/var/log/x')(tree)
      tree.link('var', 'private/var')
      tree.link('other', 'private/var')
      tree.link('private/log', 'var/log')
    },
    plan: () => rules('var/log/x', '*/y/x', '**/log/y'),
    selected: {},
    refused: ['symlink var'],
  },
  {
    name: 'every name of a hard-linked file is an entry',
    build: (tree) => {
      files('a/x')(tree)
      tree.hardLink('y', 'a/x')
    },
    selected: { 'a/x': [0], y: [0] },
  },
  {
    name: 'a FIFO, a socket and a device that rules select are not_regular',
    build: async (tree) => {
      files('x.dll')(tree)
      tree.fifo('fifo.dll')
      await tree.socket('socket.dll')
      return tree.device('device.dll')
    },
    plan: () => rules('*.dll'),
    selected: { 'x.dll': [0] },
    refused: ['not_regular device.dll', 'not_regular fifo.dll', 'not_regular socket.dll'],
    progress: { files: 1, selected: 1 },
  },
  {
    name: 'a FIFO, a socket and a device that no rule selects are not worth a word',
    build: async (tree) => {
      files('x.dll')(tree)
      tree.fifo('fifo')
      await tree.socket('socket')
      return tree.device('device')
    },
    plan: () => rules('**/*.dll'),
    selected: { 'x.dll': [0] },
  },
]

const names: WalkCase[] = [
  {
    name: 'names that are not UTF-8 are found, escaped',
    build: files('bad\\xff\\xfe.dll', 'd\\xc3/x.dll', 'héllo.dll'),
    plan: () => rules('**/*.dll'),
    selected: { 'bad\\xff\\xfe.dll': [0], 'd\\xc3/x.dll': [0], 'héllo.dll': [0] },
  },
  {
    name: 'an escape in a pattern is one byte, and a star does not split it',
    build: files('bad\\xff', 'ff', 'bad\\xfe'),
    plan: () => rules('bad\\xff', '*ff', 'bad*'),
    selected: { 'bad\\xff': [0, 2], ff: [1], 'bad\\xfe': [2] },
  },
  {
    name: 'newlines, backslashes and text that looks like an escape are kept apart',
    build: files('new\nline', 'back\\slash', '\\x5cx41', 'A', '\\x5cxff', '\\xff', ' ', 'tab\t'),
    selected: {
      'new\nline': [0],
      'back\\slash': [0],
      '\\x5cx41': [0],
      A: [0],
      '\\x5cxff': [0],
      '\\xff': [0],
      ' ': [0],
      'tab\t': [0],
    },
  },
  {
    name: 'a path longer than the system takes is walked to its end',
    build: (tree) => {
      tree.abyss(30, 203, 'hidden.dll', 'MZ')
    },
    plan: () => rules('**/hidden.dll'),
    selected: { [[...Array.from({ length: 30 }, (_, at) => `${at}`.padEnd(203, 'd')), 'hidden.dll'].join('/')]: [0] },
    byPath: { selected: {}, refused: /^io 0d/ },
    progress: { directories: 31, truncated: false },
  },
]

const mounts: WalkCase[] = [
  {
    name: 'same: a mount point is not crossed',
    build: (tree) => mounted(tree, 'm', tree.mountTmpfs('m')),
    plan: () => ({ mounts: 'same' }),
    selected: { x: [0] },
    refused: ['other_filesystem m'],
    progress: { truncated: false },
  },
  {
    name: 'same: a mount point that no pattern reaches is not worth a word',
    build: (tree) => mounted(tree, 'm', tree.mountTmpfs('m')),
    plan: () => ({ mounts: 'same', ...rules('x', 'n/x') }),
    selected: { x: [0] },
  },
  {
    name: 'local: a tmpfs is crossed, a view of the kernel is not',
    build: (tree) => mounted(tree, 'm', tree.mountTmpfs('m')) && tree.mountProc('proc'),
    plan: () => ({ mounts: 'local' }),
    selected: { x: [0], 'm/x': [0] },
    refused: ['other_filesystem proc'],
  },
  {
    name: 'all: a view of the kernel is crossed, too',
    build: (tree) => mounted(tree, 'm', tree.mountTmpfs('m')) && tree.mountProc('proc'),
    plan: () => ({ mounts: 'all', ...rules('x', 'm/x', 'proc/version') }),
    selected: { x: [0], 'm/x': [1], 'proc/version': [2] },
  },
  {
    name: 'a directory bound to a second place is walked again where other rules apply there',
    build: (tree) => {
      files('a/x')(tree)
      return tree.mountBind('b', 'a')
    },
    plan: () => ({ mounts: 'same', ...rules('a/x', 'b/*') }),
    selected: { 'a/x': [0], 'b/x': [1] },
  },
]

function mounted(tree: HostileTree, path: string, isMounted: boolean): boolean {
  tree.file('x')
  if (isMounted) tree.file(`${path}/x`)
  return isMounted
}

/** Every row. */
export const walkCases: readonly WalkCase[] = [...selection, ...bounds, ...kinds, ...names, ...mounts]
