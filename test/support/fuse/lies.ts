/**
 * The files of a file system that lies: about sizes, kinds and names, about what it will answer, and from one question to
 * the next. What it does depends on what it was asked and on nothing else, so that every race a scanner can lose is lost
 * at the same step each time.
 */

/** File types, as in the upper bits of `st_mode`; shifted by 12 they are those of a listing. */
export const types = { fifo: 0o010000, directory: 0o040000, file: 0o100000, link: 0o120000 } as const

/** Error numbers of Linux. */
export const errnos = { EIO: 5, EACCES: 13, ENOENT: 2, EINTR: 4, ENOSYS: 38 } as const

/** An answer, an error number, or none for as long as the asker lives. */
export type Said<T> = T | number | 'never'

/** What a file shows now. `inode` is added to the node's own number. */
export interface Shown {
  readonly type?: number
  readonly size?: number
  readonly mtime?: number
  readonly inode?: number
}

/** How often a node was asked since the file system was mounted. */
export interface Asked {
  readonly looks: number
  readonly opens: number
  readonly reads: number
}

/** One name in a listing. */
export interface Listed {
  readonly name: string
  readonly type: number
}

/** A file or directory. */
export interface Node {
  /** What a listing says it is; absent: what it shows. */
  readonly listedAs?: number
  readonly show: (asked: Asked) => Said<Shown>
  readonly open?: (asked: Asked) => Said<'open'>
  readonly read?: (offset: number, size: number, asked: Asked) => Said<Uint8Array>
  /** Names from a place in the listing on, as many as the asker may want; none at the end. */
  readonly list?: (from: number) => Said<readonly Listed[]>
  readonly child?: (name: string) => Node | undefined
}

/** Bytes of a file that is what it says. */
export const honest: Uint8Array = Uint8Array.from({ length: 10_000 }, (_, at) => (at * 7) % 251)

const whole = honest.length

function given(content: Uint8Array, offset: number, size: number): Uint8Array {
  return content.subarray(offset, offset + size)
}

function file(changes: Partial<Node> & { size?: number } = {}): Node {
  const { size = whole, ...rest } = changes
  return { show: () => ({ size }), read: (offset, length) => given(honest, offset, length), ...rest }
}

/** A directory of named nodes. */
export function folder(nodes: Readonly<Record<string, Node>>, changes: Partial<Node> = {}): Node {
  const listed = Object.entries(nodes).map(([name, node]) => ({ name, type: node.listedAs ?? typeOf(node) }))
  return {
    show: () => ({ type: types.directory }),
    list: (from) => listed.slice(from),
    child: (name) => nodes[name],
    ...changes,
  }
}

function typeOf(node: Node): number {
  if (node.list) return types.directory
  const shown = node.show({ looks: 0, opens: 0, reads: 0 })
  return typeof shown === 'object' ? (shown.type ?? types.file) : types.file
}

const zeros = (_offset: number, size: number): Uint8Array => new Uint8Array(size)
const never = (): 'never' => 'never'
const again = (name: string): Listed => ({ name, type: types.file })

/** A directory that holds one of its own kind, without end. */
const bottomless: Node = {
  show: () => ({ type: types.directory }),
  list: (from) => (from === 0 ? [{ name: 'd', type: types.directory }] : []),
  child: (name) => (name === 'd' ? { ...bottomless } : undefined),
}

/** Names in the large directory. */
export const million = 1_000_000
const largeFile = file({ size: 2, read: (offset, size) => given(Buffer.from('MZ'), offset, size) })

/** What a whole sweep can go through. */
const set = folder({
  honest: file(),
  'gives less than it is asked for': file({ read: (offset, size) => given(honest, offset, Math.min(size, 997)) }),
  'has times that no clock knows': file({ show: () => ({ size: whole, mtime: 2 ** 52 }) }),
  'says it is empty and is not': file({ size: 0 }),
  'says 10 bytes and gives them without end': file({ size: 10, read: zeros }),
  'says 1 TiB and gives nothing': file({ size: 2 ** 40, read: () => new Uint8Array() }),
  'says 1 TiB and gives it': file({ size: 2 ** 40, read: zeros }),
  'says more than there are bytes': file({ size: whole + 1 }),
  'says fewer than there are bytes': file({ size: whole - 1 }),
  'grows once it is read': file({
    show: ({ reads }) => ({ size: reads === 0 ? whole - 5000 : whole }),
    read: (offset, size) => given(honest, offset, Math.min(size, 1000)),
  }),
  'shrinks once it is read': file({
    show: ({ reads }) => ({ size: reads === 0 ? whole : 1000 }),
    read: (offset, size) => given(honest.subarray(0, 1000), offset, size),
  }),
  'is written over once it is read': file({ show: ({ reads }) => ({ size: whole, mtime: Math.min(reads, 1) }) }),
  'is another each time it is named': file({ show: ({ looks }) => ({ size: whole, inode: looks }) }),
  'may not be opened': file({ open: () => errnos.EACCES }),
  'cannot be read': file({ read: () => errnos.EIO }),
  'cannot be read to its end': file({
    read: (offset, size) => (offset < 4000 ? given(honest, offset, Math.min(size, 1000)) : errnos.EIO),
  }),
  'cannot be looked at': file({ show: () => errnos.EIO }),
  'is listed and is not there': file({ show: () => errnos.ENOENT }),
  'is listed as nothing known': file({ listedAs: 0 }),
  'is listed as a file and is a FIFO': file({ listedAs: types.file, show: () => ({ type: types.fifo }) }),
  'is listed as a file and is a directory': folder({ x: file() }, { listedAs: types.file }),
  'is listed as a directory and is a file': file({ listedAs: types.directory }),
  'is listed as a directory and is a link': file({
    listedAs: types.directory,
    show: () => ({ type: types.link, size: 4 }),
  }),
  'cannot be listed': folder({}, { list: () => errnos.EIO }),
  'cannot be listed to its end': folder({ x: file() }, { list: (from) => (from === 0 ? [again('x')] : errnos.EIO) }),
  'lists a name with a slash': folder({}, { list: (from) => (from === 0 ? [again('../../etc/passwd')] : []) }),
  'lists itself and what is above': folder(
    { x: file() },
    {
      list: (from) =>
        ['.', '..', 'x', '..'].map((name) => ({ name, type: name === 'x' ? types.file : types.directory })).slice(from),
    },
  ),
  'lists a name twice': folder({ x: file() }, { list: (from) => [again('x'), again('x')].slice(from) }),
})

/** What costs a sweep the time that it gives a file. */
const silent = folder({
  'never answers a read': file({ read: never }),
  'never answers an opening': file({ open: never }),
  honest: file(),
})

/** What only its own test may touch. */
const endless = folder({
  bottomless,
  'lists for ever': folder({ x: file() }, { list: () => [again('x')] }),
  'never answers a listing': folder({ x: file() }, { list: never }),
  'never answers a look': folder({ x: file({ show: never }) }),
  million: folder(
    {},
    {
      list: (from) =>
        Array.from({ length: Math.min(200, million - from) }, (_, at) => again(`${from + at}`.padStart(6, '0'))),
      child: () => largeFile,
    },
  ),
})

/** The trees that can be mounted. */
export const lies = { set, silent, endless } as const

/** One of them. */
export type LyingTree = keyof typeof lies
