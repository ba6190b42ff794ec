/**
 * The table of digests: a tree, files to digest, perhaps a change behind the engine's back, and what must come out.
 *
 * Expected digests are computed here from what was written, or are the vectors of FIPS 180-4 and RFC 1321.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { type DigestAlgorithm, digestAlgorithms } from '../../../extension/domain/observable.ts'
import type { DigestClass, DigestRequest } from '../../../extension/native/engine.ts'
import type { HostileTree } from '../../support/hostile-tree.ts'

/** What one item must become. */
export interface Expected {
  readonly error?: string
  readonly digests?: Partial<Record<DigestAlgorithm, string>>
  readonly head?: string
  readonly bytesRead?: number
}

/** One row. */
export interface DigestCase {
  readonly name: string
  /** Makes the tree; `false` when this machine does not let us, and the case is skipped. */
  readonly build: (tree: HostileTree) => unknown
  readonly items: readonly string[]
  readonly classes?: readonly DigestClass[]
  /** Classes of every item; all of them when absent. */
  readonly asked?: readonly number[]
  readonly limits?: Partial<Pick<DigestRequest, 'maxFileBytes' | 'fileTimeoutMs'>>
  /** Runs between stat and digest; the items then carry the identities of before. */
  readonly meanwhile?: (tree: HostileTree) => void
  readonly expected: readonly Expected[]
  /** What engines that name files by whole paths answer instead. */
  readonly byPath?: readonly Expected[]
}

const everything: readonly DigestClass[] = [{ algorithms: digestAlgorithms }]

const digestsOf = (content: Uint8Array | string, algorithms: readonly DigestAlgorithm[] = digestAlgorithms) =>
  Object.fromEntries(algorithms.map((name) => [name, createHash(name).update(content).digest('hex')]))

/** Bytes that repeat with no power of two, so that a chunk read twice or left out shows. */
const pattern = (size: number) => Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog, 3CX!')

const sizes = [0, 1, 15, 16, 17, 55, 56, 63, 64, 65, 4095, 4096, 4097, 1048575, 1048576, 1048577, 3_000_001]

const contents: DigestCase[] = [
  {
    name: 'the published vectors of all three algorithms',
    build: (tree) => {
      tree.file('empty', '')
      tree.file('abc', 'abc')
      tree.file('448', 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')
    },
    items: ['empty', 'abc', '448'],
    classes: everything,
    expected: [
      {
        digests: {
          md5: 'd41d8cd98f00b204e9800998ecf8427e',
          sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
          sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        },
        head: '',
        bytesRead: 0,
      },
      {
        digests: {
          md5: '900150983cd24fb0d6963f7d28e17f72',
          sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
          sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        },
        head: '616263',
        bytesRead: 3,
      },
      {
        digests: {
          md5: '8215ef0796a20bcaaae116d3876c664a',
          sha1: '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
          sha256: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
        },
        bytesRead: 56,
      },
    ],
  },
  {
    name: 'sizes around every block and buffer boundary',
    build: (tree) => {
      for (const size of sizes) tree.file(`${size}`, pattern(size))
    },
    items: sizes.map(String),
    classes: everything,
    expected: sizes.map((size) => ({
      digests: digestsOf(pattern(size)),
      head: pattern(size).subarray(0, 16).toString('hex'),
      bytesRead: size,
    })),
  },
  {
    name: 'only what a matching class asks for is computed, the union of all that match',
    build: (tree) => {
      tree.file('pe', 'MZ and more')
      tree.file('zip', 'PK\x03\x04 and more')
      tree.file('text', 'plain and more')
      tree.file('short', 'M')
    },
    items: ['pe', 'zip', 'text', 'short'],
    classes: [
      { magics: ['4d5a'], algorithms: ['sha256'] },
      { magics: ['504b0304', '4d5a20'], algorithms: ['md5'] },
      { magics: ['504b0506', '504b0304'], algorithms: ['sha1', 'md5'] },
    ],
    expected: [
      { digests: digestsOf('MZ and more', ['sha256', 'md5']), bytesRead: 11 },
      { digests: digestsOf('PK\x03\x04 and more', ['sha1', 'md5']), bytesRead: 13 },
      { digests: {} },
      { digests: {}, head: '4d' },
    ],
  },
  {
    name: 'without a matching class only the head is read, of however large a file',
    build: (tree) => tree.sparse('large', 64 * 2 ** 30),
    items: ['large'],
    classes: [{ magics: ['4d5a'], algorithms: ['sha256'] }],
    expected: [{ digests: {}, head: '00'.repeat(16), bytesRead: 16 }],
  },
  {
    name: 'an item without classes gets its head alone',
    build: (tree) => tree.file('x', pattern(1000)),
    items: ['x'],
    asked: [],
    expected: [{ digests: {}, head: pattern(16).toString('hex'), bytesRead: 16 }],
  },
  {
    name: 'a class that is not asked for does not count',
    build: (tree) => tree.file('x', 'MZ'),
    items: ['x'],
    classes: [{ algorithms: ['md5'] }, { algorithms: ['sha1'] }],
    asked: [1],
    expected: [{ digests: digestsOf('MZ', ['sha1']) }],
  },
  {
    name: 'names that are not UTF-8, or look escaped, are opened as what they are',
    build: (tree) => {
      for (const name of ['bad\\xff\\xfe.dll', '\\x5cx41', 'A', 'new\nline']) tree.file(name)
    },
    items: ['bad\\xff\\xfe.dll', '\\x5cx41', 'A', 'new\nline'],
    expected: ['bad\\xff\\xfe.dll', '\\x5cx41', 'A', 'new\nline'].map((name) => ({
      digests: digestsOf(name, ['sha256']),
    })),
  },
  {
    name: 'a path longer than the system takes is opened',
    build: (tree) => {
      tree.abyss(30, 203, 'hidden.dll', 'MZ')
    },
    items: [[...Array.from({ length: 30 }, (_, at) => `${at}`.padEnd(203, 'd')), 'hidden.dll'].join('/')],
    expected: [{ digests: digestsOf('MZ', ['sha256']) }],
    byPath: [{ error: 'io' }],
  },
]

const refusals: DigestCase[] = [
  {
    name: 'what is no regular file is refused without waiting for it',
    build: async (tree) => {
      tree.directory('directory')
      tree.file('target')
      tree.link('link', 'target')
      tree.directory('real')
      tree.file('real/x')
      tree.link('way', 'real')
      tree.fifo('fifo')
      await tree.socket('socket')
      return tree.device('device')
    },
    items: ['directory', 'link', 'way/x', 'fifo', 'socket', 'device', 'missing', 'missing/x', 'target/x'],
    expected: [
      { error: 'not_regular' },
      { error: 'symlink' },
      { error: 'symlink' },
      { error: 'not_regular' },
      { error: 'not_regular' },
      { error: 'not_regular' },
      { error: 'vanished' },
      { error: 'vanished' },
      { error: 'vanished' },
    ],
  },
  {
    name: 'a path that climbs out of its root is refused',
    build: (tree) => tree.file('d/x'),
    items: ['../tree/d/x', 'd/../../tree/d/x', 'd/../d/x'],
    expected: [{ error: 'io' }, { error: 'io' }, { error: 'io' }],
  },
  {
    name: 'a file above the cap is too_big, one of exactly the cap is not',
    build: (tree) => {
      tree.file('at', pattern(100))
      tree.file('above', pattern(101))
      tree.sparse('sparse', 64 * 2 ** 30)
    },
    items: ['at', 'above', 'sparse'],
    limits: { maxFileBytes: 100 },
    expected: [{ digests: digestsOf(pattern(100), ['sha256']) }, { error: 'too_big' }, { error: 'too_big' }],
  },
  {
    name: 'a file that takes too long is timeout, and its neighbours are digested',
    build: (tree) => {
      tree.sparse('slow', 64 * 2 ** 30)
      tree.file('quick', 'MZ')
    },
    items: ['slow', 'quick'],
    limits: { fileTimeoutMs: 300 },
    expected: [{ error: 'timeout' }, { digests: digestsOf('MZ', ['sha256']) }],
  },
]

const changes: DigestCase[] = [
  {
    name: 'an untouched file is what was expected',
    build: (tree) => tree.file('x', 'MZ'),
    items: ['x'],
    meanwhile: () => {},
    expected: [{ digests: digestsOf('MZ', ['sha256']) }],
  },
  {
    name: 'replaced between walk and digest: by a link, a FIFO, a directory, another file, nothing',
    build: (tree) => {
      for (const name of ['link', 'fifo', 'directory', 'file', 'nothing']) tree.file(name, 'MZ')
    },
    items: ['link', 'fifo', 'directory', 'file', 'nothing'],
    meanwhile: (tree) => {
      for (const name of ['link', 'fifo', 'directory', 'nothing']) rmSync(tree.at(name))
      tree.link('link', '/etc/passwd')
      tree.fifo('fifo')
      mkdirSync(tree.at('directory'))
      writeFileSync(tree.at('other'), 'MZ')
      renameSync(tree.at('other'), tree.at('file'))
    },
    expected: [
      { error: 'symlink' },
      { error: 'not_regular' },
      { error: 'not_regular' },
      { error: 'changed' },
      { error: 'vanished' },
    ],
  },
  {
    name: 'changed between walk and digest: grown, truncated, emptied, rewritten, touched',
    build: (tree) => {
      for (const name of ['grown', 'truncated', 'emptied', 'rewritten', 'touched']) {
        tree.file(name, pattern(1000))
        utimesSync(tree.at(name), 1, 1)
      }
    },
    items: ['grown', 'truncated', 'emptied', 'rewritten', 'touched'],
    meanwhile: (tree) => {
      appendFileSync(tree.at('grown'), 'x')
      truncateSync(tree.at('truncated'), 999)
      truncateSync(tree.at('emptied'), 0)
      writeFileSync(tree.at('rewritten'), pattern(1000).reverse())
      utimesSync(tree.at('touched'), 2, 2)
    },
    expected: Array.from({ length: 5 }, () => ({ error: 'changed' })),
  },
  {
    name: 'a directory on the way that became a link leads nowhere',
    build: (tree) => {
      tree.file('d/passwd', 'MZ')
      tree.file('elsewhere/passwd', 'root')
    },
    items: ['d/passwd'],
    meanwhile: (tree) => {
      renameSync(tree.at('d'), tree.at('away'))
      tree.link('d', 'elsewhere')
    },
    expected: [{ error: 'symlink' }],
  },
]

/** Every row. */
export const digestCases: readonly DigestCase[] = [...contents, ...refusals, ...changes]
