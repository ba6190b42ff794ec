/**
 * A /proc of made-up processes, as files and links: what proc(5) shows of each, and nothing that runs.
 *
 * A link to an executable leads where it says, so the program must lie there; memory is a file with holes, which takes
 * addresses as offsets and therefore wants small ones. What the kernel checks (rights, live links) it cannot show.
 */
import { closeSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes where they are bytes to the kernel. */
type Text = string | Uint8Array

/** One process. What is absent is as of an ordinary one, except for the program: without one it is a kernel thread. */
export interface PlannedProcess {
  readonly pid: number
  readonly parent?: number
  readonly name?: Text
  /** Target of the link, the kernel's mark for a deleted file included. */
  readonly exe?: Text
  readonly arguments?: readonly Text[]
  readonly uid?: number
  /** Hundredths of a second since the boot. */
  readonly startTicks?: number
  /** Lines of `maps`; see `mapsLine`. */
  readonly maps?: readonly Text[]
  /** Bytes by address. */
  readonly memory?: Readonly<Record<number, Uint8Array>>
  /** Targets of the links in `map_files`, by range. */
  readonly mapFiles?: Readonly<Record<string, string>>
  /** Files below `root`, by path. */
  readonly root?: readonly (readonly [Text, Uint8Array])[]
}

/** When the system of a planted /proc was booted, unix seconds: 2023-03-22. */
export const bootTime = 1_679_470_000

/** Writes a /proc into an empty directory. */
export function plantProc(proc: string, processes: readonly PlannedProcess[]): void {
  mkdirSync(proc, { recursive: true })
  for (const name of ['self', 'sys', '0', '12a']) mkdirSync(join(proc, name), { recursive: true })
  writeFileSync(join(proc, 'stat'), `cpu 1 2 3\nbtime ${bootTime}\nprocesses 99\n`)
  for (const one of processes) plantProcess(proc, one)
}

/** Writes one process, in the place of what had its number. */
export function plantProcess(proc: string, one: PlannedProcess): void {
  const folder = join(proc, String(one.pid))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  writeFileSync(join(folder, 'stat'), statText(one))
  const uid = one.uid ?? 1000
  writeFileSync(join(folder, 'status'), `Name:\tx\nUid:\t${uid}\t${uid}\t0\t0\nGid:\t1000\t1000\t1000\t1000\n`)
  writeFileSync(join(folder, 'cmdline'), bytesOf((one.arguments ?? []).flatMap((argument) => [argument, '\0'])))
  writeFileSync(join(folder, 'maps'), bytesOf((one.maps ?? []).flatMap((line) => [line, '\n'])))
  if (one.exe !== undefined) symlinkSync(Buffer.from(one.exe), join(folder, 'exe'))
  for (const [range, target] of Object.entries(one.mapFiles ?? {})) {
    mkdirSync(join(folder, 'map_files'), { recursive: true })
    symlinkSync(target, join(folder, 'map_files', range))
  }
  for (const [path, bytes] of one.root ?? []) write(Buffer.from(bytesOf([folder, '/root', path])), bytes)
  const memory = openSync(join(folder, 'mem'), 'w')
  for (const [at, bytes] of Object.entries(one.memory ?? {})) writeSync(memory, bytes, 0, bytes.length, Number(at))
  closeSync(memory)
}

/** A line of `maps`, as the kernel aligns it. Without a file it is anonymous. */
export function mapsLine(start: number, length: number, permissions: string, path: Text = '', inode = 0): Uint8Array {
  const range = `${start.toString(16).padStart(8, '0')}-${(start + length).toString(16).padStart(8, '0')}`
  return bytesOf([`${range} ${permissions} 00000000 ${inode > 0 ? 'fd:01' : '00:00'} ${inode}`.padEnd(73), path])
}

function statText({ pid, name = 'program', parent = 1, startTicks = 100 * pid }: PlannedProcess): Uint8Array {
  const between = '7 7 0 -1 4194304 1 0 0 0 2 1 0 0 20 0 1 0'
  return bytesOf([`${pid} (`, name, `) S ${parent} ${between} ${startTicks} 1000 100 18446744073709551615\n`])
}

function write(path: Buffer, bytes: Uint8Array): void {
  mkdirSync(path.subarray(0, path.lastIndexOf('/')), { recursive: true })
  writeFileSync(path, bytes)
}

function bytesOf(parts: readonly Text[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Buffer.from(part)))
}
