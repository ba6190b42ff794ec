/**
 * The process that is the lying file system: mounts it, says so, and answers the kernel until it is killed.
 *
 * Arguments: where, which tree, and a file for what was asked of it, one line each. It answers one request after the other and never
 * waits, so that what is never answered holds nobody but the asker. An asker that is being killed gets its answer: the
 * kernel does not let it go before.
 */
import { spawnSync } from 'node:child_process'
import { openSync, readSync, writeSync } from 'node:fs'
import { type Asked, errnos, type LyingTree, lies, type Node, type Said, type Shown, types } from './lies.ts'
import {
  type Attributes,
  answer,
  attributesBody,
  directoryEntry,
  entryBody,
  type FuseRequest,
  initBody,
  opcodes,
  openBody,
  parseRequest,
  readRange,
  requestBytes,
} from './wire.ts'

/** A node that the kernel knows, and what it was asked. */
interface Known {
  readonly name: string
  readonly inode: bigint
  readonly node: Node
  readonly children: Map<string, Known>
  looks: number
  opens: number
  reads: number
}

const [place = '', tree = '', journal = ''] = process.argv.slice(2)
const device = openSync('/dev/fuse', 'r+')
const log = openSync(journal, 'w')
const known = new Map<bigint, Known>()
/** Numbers of nodes lie apart, so that a node can show others near its own. */
let nextInode = 1n
const root = know('', lies[tree as LyingTree])

const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other'
const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'lies', place], {
  stdio: ['ignore', 'ignore', 'ignore', device],
})
await new Promise((resolve) => process.send?.(mounted.status === 0 ? 'mounted' : 'refused', resolve))
if (mounted.status === 0) serve()
process.exit()

function serve(): void {
  const buffer = Buffer.alloc(requestBytes)
  for (;;) {
    let length: number
    try {
      length = readSync(device, buffer)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENODEV') return // unmounted
      if (code === 'ENOENT' || code === 'EINTR') continue // taken back by the asker
      throw error
    }
    const request = parseRequest(buffer.subarray(0, length))
    const said = respond(request)
    if (said === 'never') continue
    const bytes =
      typeof said === 'number' ? answer(request.unique, Buffer.alloc(0), said) : answer(request.unique, said)
    reply(bytes)
  }
}

function reply(bytes: Buffer): void {
  try {
    writeSync(device, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // the asker is gone
  }
}

function respond(request: FuseRequest): Said<Uint8Array> {
  const { opcode, body } = request
  if (opcode === opcodes.init) return initBody()
  if (opcode === opcodes.forget || opcode === opcodes.batchForget || opcode === opcodes.destroy) return 'never'
  if (opcode === opcodes.interrupt) {
    reply(answer(body.readBigUInt64LE(0), Buffer.alloc(0), errnos.EINTR))
    return 'never'
  }
  const one = known.get(request.node) ?? root
  switch (opcode) {
    case opcodes.lookup:
      return lookUp(one, body.subarray(0, body.indexOf(0)).toString())
    case opcodes.getattr:
      return told(one.node.show(one), (shown) => attributesBody(attributesOf(one, shown)))
    case opcodes.open:
      tell('open', one)
      one.opens++
      return told(one.node.open?.(one) ?? 'open', openBody)
    case opcodes.opendir:
      tell('list', one)
      return openBody()
    case opcodes.read:
      return read(one, body)
    case opcodes.readdir:
      return list(one, body)
    case opcodes.statfs:
      return Buffer.alloc(80)
    case opcodes.release:
    case opcodes.releasedir:
    case opcodes.flush:
      return Buffer.alloc(0)
    default:
      return errnos.ENOSYS
  }
}

function lookUp(parent: Known, name: string): Said<Uint8Array> {
  const node = parent.children.get(name)?.node ?? parent.node.child?.(name)
  if (node === undefined) return errnos.ENOENT
  const one = parent.children.get(name) ?? know(name, node)
  parent.children.set(name, one)
  tell('look', one)
  one.looks++
  return told(node.show(one), (shown) => {
    const found = attributesOf(one, shown)
    known.set(found.inode, one)
    return entryBody(found)
  })
}

function read(one: Known, body: Buffer): Said<Uint8Array> {
  const { offset, size } = readRange(body)
  if (one.reads === 0) tell('read', one)
  const said = one.node.read?.(Number(offset), size, one) ?? errnos.EIO
  one.reads++
  return told(said, (bytes) => bytes.subarray(0, size))
}

function list(one: Known, body: Buffer): Said<Uint8Array> {
  const { offset, size } = readRange(body)
  const from = Number(offset)
  return told(one.node.list?.(from) ?? [], (names) => {
    const entries: Buffer[] = []
    let left = size
    for (const [at, { name, type }] of names.entries()) {
      const entry = directoryEntry(1n, BigInt(from + at + 1), type >> 12, Buffer.from(name))
      left -= entry.length
      if (left < 0) break
      entries.push(entry)
    }
    return Buffer.concat(entries)
  })
}

function told<T extends object | string>(said: Said<T>, body: (value: T) => Uint8Array): Said<Uint8Array> {
  if (typeof said === 'number') return said
  return said === 'never' ? 'never' : body(said as T)
}

function attributesOf(one: Known, { type = types.file, size = 0, mtime = 0, inode = 0 }: Shown): Attributes {
  const seconds = BigInt(1_600_000_000 + mtime)
  const isOpen = type === types.directory ? 0o755 : 0o644
  return { inode: one.inode + BigInt(inode), mode: type | isOpen, size: BigInt(size), mtime: seconds, ctime: seconds }
}

function know(name: string, node: Node): Known {
  const one: Known = {
    name,
    inode: nextInode,
    node,
    children: new Map(),
    looks: 0,
    opens: 0,
    reads: 0,
  } satisfies Known & Asked
  known.set(one.inode, one)
  nextInode += 10_000n
  return one
}

function tell(what: string, one: Known): void {
  writeSync(log, `${what} ${one.name}\n`)
}
