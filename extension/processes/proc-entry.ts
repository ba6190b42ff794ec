/**
 * One process of Linux, as /proc describes it: proc(5).
 *
 * Names and arguments are bytes that the process chose; everything is bounded, and what is not UTF-8 is written \xhh.
 * A process may end between two reads, and its number may be given to another one: the start time tells them apart.
 */
import { open, readlink, stat } from 'node:fs/promises'
import { pathFromBytes } from '../domain/path-text.ts'
import type { RunningProcess } from '../domain/process.ts'

/** A process and what only /proc knows of it. */
export interface ProcEntry extends RunningProcess {
  readonly argument0: string
  /** Since boot, in the kernel's ticks: the identity of a process beside its number. */
  readonly startTicks: number
  /** Whether the file of the executable has been removed since it was started. */
  readonly isDeleted: boolean
  /** Why the executable could not be read, if so. */
  readonly pathError: unknown
}

/** What is the same for all processes of a look. */
export interface ProcHost {
  readonly proc: string
  readonly maxCmdlineBytes: number
  /** Unix seconds of the boot; undefined when unknown. */
  readonly bootTime: number | undefined
  readonly owners: (uid: number) => string
}

/** The kernel tells times to programs in hundredths of a second on every architecture Node runs on. */
const ticksPerSecond = 100
/** More than either file ever has; the longest, `status` on a host with many processors, has some kilobytes. */
const maxStatBytes = 64 * 1024

/** Reads a process; undefined for a thread of the kernel. Rejects with the system's error when it is gone. */
export async function readProcEntry(host: ProcHost, pid: number): Promise<ProcEntry | undefined> {
  const folder = `${host.proc}/${pid}`
  const { name, parent, startTicks } = parseStat(await readBounded(`${folder}/stat`, maxStatBytes))
  const cmdline = await readBounded(`${folder}/cmdline`, host.maxCmdlineBytes)
  const executable = await readExecutable(`${folder}/exe`)
  if (executable.isNone && cmdline.length === 0) return undefined
  const uid = parseUid(await readBounded(`${folder}/status`, maxStatBytes))
  const { bootTime } = host
  return {
    pid,
    parent,
    name,
    path: executable.path,
    isDeleted: executable.isDeleted,
    pathError: executable.error,
    argument0: firstArgument(cmdline),
    cmdline: joined(cmdline),
    uid,
    user: uid === undefined ? '' : host.owners(uid),
    startTime: bootTime === undefined ? undefined : bootTime + Math.floor(startTicks / ticksPerSecond),
    startTicks,
  }
}

/** When a process began, as far as a number of its own can tell. */
export async function readStartTicks(proc: string, pid: number): Promise<number> {
  return parseStat(await readBounded(`${proc}/${pid}/stat`, maxStatBytes)).startTicks
}

/** When the system was booted. */
export async function readBootTime(proc: string): Promise<number | undefined> {
  const text = await readBounded(`${proc}/stat`, 4 * 1024 * 1024).catch(() => Buffer.alloc(0))
  const [, seconds] = /^btime (\d{1,12})$/m.exec(text.toString('latin1')) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}

/** The first bytes of a file that may be endless. */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(maxBytes)
    let length = 0
    while (length < maxBytes) {
      const { bytesRead } = await file.read(buffer, length, maxBytes - length, null)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return Buffer.from(buffer.subarray(0, length))
  } finally {
    await file.close()
  }
}

/** The name is in parentheses and may hold any of them, so the last one ends it. */
function parseStat(bytes: Buffer): { name: string; parent: number; startTicks: number } {
  const from = bytes.indexOf('(')
  const to = bytes.lastIndexOf(')')
  const fields = bytes.toString('latin1', to + 2).split(' ')
  const parent = Number(fields[1])
  const startTicks = Number(fields[19])
  if (from < 0 || to < from || !Number.isSafeInteger(parent) || !Number.isSafeInteger(startTicks)) {
    throw new Error(`the status of a process is ${JSON.stringify(bytes.toString('latin1', 0, 80))}; expected proc(5)`)
  }
  return { name: pathFromBytes(bytes.subarray(from + 1, to)), parent, startTicks }
}

/** The real one of four. */
function parseUid(status: Buffer): number | undefined {
  const [, uid] = /^Uid:\s*(\d{1,10})\s/m.exec(status.toString('latin1')) ?? []
  return uid === undefined ? undefined : Number(uid)
}

interface Executable {
  readonly path: string
  readonly isDeleted: boolean
  readonly isNone: boolean
  readonly error: unknown
}

const deletedMark = Buffer.from(' (deleted)')

/** A name may really end in the mark: then the file of that name is the one that runs. */
async function readExecutable(link: string): Promise<Executable> {
  try {
    const target = await readlink(link, 'buffer')
    const isMarked = target.subarray(-deletedMark.length).equals(deletedMark)
    const isDeleted = isMarked && !(await isSameFile(link, target))
    const path = isDeleted ? target.subarray(0, -deletedMark.length) : target
    return { path: pathFromBytes(path), isDeleted, isNone: false, error: undefined }
  } catch (error) {
    const isNone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return { path: '', isDeleted: false, isNone, error }
  }
}

/** Whether two paths lead to one file. */
export async function isSameFile(a: string | Buffer, b: string | Buffer): Promise<boolean> {
  const found = await Promise.all([stat(a, { bigint: true }), stat(b, { bigint: true })]).catch(() => undefined)
  return found !== undefined && found[0].dev === found[1].dev && found[0].ino === found[1].ino
}

function firstArgument(cmdline: Buffer): string {
  const end = cmdline.indexOf(0)
  return pathFromBytes(end < 0 ? cmdline : cmdline.subarray(0, end))
}

/** Arguments end with a NUL each; one that was cut has none. */
function joined(cmdline: Buffer): string {
  let end = cmdline.length
  while (end > 0 && cmdline[end - 1] === 0) end--
  const spaced = Buffer.from(cmdline.subarray(0, end))
  for (let at = spaced.indexOf(0); at >= 0; at = spaced.indexOf(0, at + 1)) spaced[at] = 0x20
  return pathFromBytes(spaced)
}
