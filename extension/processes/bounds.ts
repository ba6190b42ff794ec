/**
 * What one look at the running processes may cost, and the record of what it left out.
 */
import type { ProcessReason } from '../domain/process.ts'

/** Bounds of a look. */
export interface ProcessBounds {
  readonly maxProcesses: number
  /** Bytes of a command line that are kept. */
  readonly maxCmdlineBytes: number
  /** Bytes of a process's list of mappings; the kernel's own limit of 65,530 mappings makes about 8 MiB. */
  readonly maxMapsBytes: number
  /** Mappings of one process that are remembered, of each kind. */
  readonly maxMappings: number
  /** Bytes of memory read, of all processes and of one. */
  readonly maxMemoryBytes: number
  readonly maxProcessMemoryBytes: number
  /** Memory is read in pieces of this many bytes; the search of one takes about a millisecond. */
  readonly pieceBytes: number
  /** Milliseconds for mappings and memory of all processes. */
  readonly deadlineMs: number
  /** Bytes of a program file that is digested; the app's own program has about 150 MB. */
  readonly maxFileBytes: number
}

/** Bounds unless told otherwise. */
export const defaultProcessBounds: ProcessBounds = {
  maxProcesses: 50_000,
  maxCmdlineBytes: 8 * 1024,
  maxMapsBytes: 16 * 1024 * 1024,
  maxMappings: 4096,
  maxMemoryBytes: 512 * 1024 * 1024,
  maxProcessMemoryBytes: 64 * 1024 * 1024,
  pieceBytes: 1024 * 1024,
  deadlineMs: 10_000,
  maxFileBytes: 256 * 1024 * 1024,
}

/** Counts what was not looked at, one line per kind. */
export class Reasons {
  readonly #counts = new Map<string, ProcessReason>()
  readonly #isRoot: boolean

  constructor(isRoot = process.getuid?.() === 0) {
    this.#isRoot = isRoot
  }

  /** Messages are constants: a host with a thousand refusals has one line for them. */
  add(code: ProcessReason['code'], message: string): void {
    const known = this.#counts.get(`${code} ${message}`)
    this.#counts.set(`${code} ${message}`, { code, message, count: (known?.count ?? 0) + 1 })
  }

  /** Counts a failed system call: a process that ended is normal, a refusal is not. */
  addFailure(error: unknown, what: string): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' || code === 'ESRCH') this.add('vanished', 'processes ended while they were looked at')
    else if (code !== 'EACCES' && code !== 'EPERM')
      this.add('damaged', `${what} cannot be read (${code || 'unexpected error'})`)
    else if (this.#isRoot)
      this.add('protected', `${what} cannot be read, though this is root: another container's, or guarded`)
    else this.add('denied', `${what} of other users cannot be read; run as root`)
  }

  get all(): ProcessReason[] {
    return [...this.#counts.values()]
  }
}
