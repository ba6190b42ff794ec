/**
 * Open connections of Linux to other machines, from /proc/net, with the process that has each. proc(5)
 */
import { readdir, readFile, readlink } from 'node:fs/promises'

/** A connection. */
export interface Connection {
  readonly address: string
  readonly port: number
  /** Absent where no process that may be looked at has it. */
  readonly pid?: number
  readonly program?: string
}

const maxConnections = 10_000
const maxProcesses = 32_768
const maxLinks = 65_536

/** All of them. Rejects when /proc/net cannot be read. */
export async function openConnections(proc: string, signal: AbortSignal): Promise<readonly Connection[]> {
  const found: (Connection & { readonly inode: string })[] = []
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
    const text = await readFile(`${proc}/net/${table}`, 'latin1').catch((cause: unknown) => {
      if (table === 'tcp') throw cause
      return '' // a kernel without IPv6 has no table for it
    })
    for (const line of text.split('\n').slice(1)) {
      const one = found.length < maxConnections ? connectionOf(line) : undefined
      if (one) found.push(one)
    }
  }
  signal.throwIfAborted()
  const owners = await ownersOf(proc, new Set(found.map(({ inode }) => inode)), signal)
  return found.map(({ inode, ...one }) => ({ ...one, ...owners.get(inode) }))
}

/** `0: 0100007F:0035 0200007F:D431 01 ... inode`: addresses in words of the machine's own order. */
function connectionOf(line: string) {
  const columns = line.trim().split(/\s+/, 10)
  const [hex = '', port = ''] = (columns[2] ?? '').split(':')
  const inode = columns[9] ?? ''
  const address = addressOf(hex)
  if (address === undefined || Number.parseInt(port, 16) === 0 || !/^\d+$/.test(inode)) return undefined
  return { address, port: Number.parseInt(port, 16), inode }
}

function addressOf(hex: string): string | undefined {
  if (!/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex) || /^0+$/.test(hex)) return undefined
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)))
  if (bytes.length === 4) return bytes.join('.')
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (isMapped) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  )
  return groups.join(':')
}

async function ownersOf(proc: string, inodes: ReadonlySet<string>, signal: AbortSignal) {
  const owners = new Map<string, { readonly pid: number; readonly program?: string }>()
  if (inodes.size === 0) return owners
  let links = 0
  const pids = (await readdir(proc)).filter((name) => /^\d{1,10}$/.test(name)).slice(0, maxProcesses)
  for (const pid of pids) {
    signal.throwIfAborted()
    const handles = await readdir(`${proc}/${pid}/fd`).catch((): string[] => [])
    for (const handle of handles) {
      if (links++ >= maxLinks) return owners
      const target = await readlink(`${proc}/${pid}/fd/${handle}`).catch(() => '')
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? []
      if (inode === undefined || !inodes.has(inode) || owners.has(inode)) continue
      const program = await readlink(`${proc}/${pid}/exe`).catch(() => undefined)
      owners.set(inode, { pid: Number(pid), ...(program !== undefined && { program }) })
    }
  }
  return owners
}
