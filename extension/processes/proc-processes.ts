/**
 * The running processes of Linux, from /proc.
 *
 * Two rounds: the names of every process, which are cheap and tell where to look first, then their mappings and memory
 * within one deadline. A process that ends or refuses meanwhile is counted and the others go on; nothing is attached
 * to, stopped or written.
 */
import { readdir } from 'node:fs/promises'
import { pathToBytes } from '../domain/path-text.ts'
import { appProgram, baseName, comparable, type ProcessRole, roleOf, type TiedProcess } from '../domain/process.ts'
import { nameFindings } from '../domain/program-names.ts'
import { ancestors } from './ancestors.ts'
import { assess, type SeenProcess } from './assess.ts'
import type { ProcessBounds, Reasons } from './bounds.ts'
import { type Mapping, type Mappings, readMappings } from './mappings.ts'
import { type LoaderInMemory, MemoryScan } from './memory-scan.ts'
import type { ProcessParts } from './parts.ts'
import { type ProcEntry, type ProcHost, readBootTime, readProcEntry, readStartTicks } from './proc-entry.ts'
import type { ProgramFiles } from './program-file.ts'

/** What a look shares between its sources. */
export interface Look {
  readonly bounds: ProcessBounds
  readonly reasons: Reasons
  readonly files: ProgramFiles
  /** Lower-case base names of files that mean something when a process has them mapped. */
  readonly moduleNames: ReadonlySet<string>
}

interface Candidate {
  readonly entry: ProcEntry
  readonly role: ProcessRole | undefined
  readonly findings: SeenProcess['findings']
}

/** What a source of processes gives. */
export interface SeenProcesses {
  readonly processes: readonly TiedProcess[]
  /** How many were looked at. */
  readonly seen: number
}

/** Processes read at the same time; each costs four small reads. */
const readAtOnce = 8
const nothingMapped: Mappings = { code: [], files: [], isCut: false }

/** Every process that something speaks of. Rejects only when there is no /proc, or on an abort. */
export async function procProcesses(parts: ProcessParts, look: Look, signal: AbortSignal): Promise<SeenProcesses> {
  const proc = parts.proc ?? '/proc'
  const { bounds, reasons } = look
  const candidates = await readCandidates(parts, look, proc, signal)
  const deadlineMs = performance.now() + bounds.deadlineMs
  const isLate = () => performance.now() > deadlineMs
  const memory = new MemoryScan(proc, bounds, reasons, isLate)
  const tied: TiedProcess[] = []
  for (const candidate of candidates) {
    signal.throwIfAborted()
    const { pid } = candidate.entry
    let mapped = nothingMapped
    let loaders: LoaderInMemory[] = []
    if (!isLate()) {
      mapped = await mappingsOf(proc, pid, look, signal)
      loaders = await memory.search(pid, mapped.code, signal)
    }
    if (isLate()) reasons.add('deadline', 'memory of processes was not searched to its end within the time')
    const found = assess(await examine(proc, candidate, mapped, loaders, look, signal))
    if (found && (await isStillThere(proc, candidate.entry, reasons))) tied.push(found)
  }
  return { processes: tied, seen: candidates.length }
}

/** Names of all processes, those that mean something first. */
async function readCandidates(
  parts: ProcessParts,
  { bounds, reasons }: Look,
  proc: string,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const ownPid = parts.ownPid ?? process.pid
  const pids = (await readdir(proc)).filter((name) => /^[1-9]\d{0,9}$/.test(name)).map(Number)
  for (const _ of pids.slice(bounds.maxProcesses))
    reasons.add('bounds', 'processes beyond the bound were not looked at')
  const { maxCmdlineBytes } = bounds
  const host: ProcHost = { proc, maxCmdlineBytes, bootTime: await readBootTime(proc), owners: parts.owners }
  const entries: ProcEntry[] = []
  for (let at = 0; at < Math.min(pids.length, bounds.maxProcesses); at += readAtOnce) {
    signal.throwIfAborted()
    const some = pids.slice(at, Math.min(at + readAtOnce, bounds.maxProcesses))
    const read = await Promise.all(
      some.map((pid) =>
        readProcEntry(host, pid).catch((error: unknown) => {
          reasons.addFailure(error, 'the status of processes')
          return undefined
        }),
      ),
    )
    for (const entry of read) {
      if (!entry) continue
      if (entry.pathError !== undefined) reasons.addFailure(entry.pathError, 'the executables of processes')
      entries.push(entry)
    }
  }
  const ours = ancestors(entries, ownPid)
  return entries
    .filter(({ pid }) => pid !== ownPid)
    .map((entry) => ({
      entry,
      role: roleOf(entry),
      findings: nameFindings(parts.matcher, 'process', parts.platform, entry),
    }))
    .filter(({ entry, role }) => role !== 'agent_named' || !ours.has(entry.pid))
    .sort((a, b) => weight(b) - weight(a) || a.entry.pid - b.entry.pid)
}

function weight({ role, findings, entry }: Candidate): number {
  if (role !== undefined) return 3
  if (findings.length > 0) return 2
  return /wine/.test(baseName(comparable(entry.path))) ? 1 : 0
}

async function mappingsOf(
  proc: string,
  pid: number,
  { bounds, reasons, moduleNames }: Look,
  signal: AbortSignal,
): Promise<Mappings> {
  try {
    const mapped = await readMappings(`${proc}/${pid}/maps`, moduleNames, bounds, signal)
    if (mapped.isCut) reasons.add('bounds', 'mappings of processes beyond the bound were not looked at')
    return mapped
  } catch (error) {
    signal.throwIfAborted()
    reasons.addFailure(error, 'the mappings of processes')
    return nothingMapped
  }
}

/** Opens files only of processes that something may speak of. */
async function examine(
  proc: string,
  { entry, role, findings }: Candidate,
  mapped: Mappings,
  loaders: readonly LoaderInMemory[],
  { files }: Look,
  signal: AbortSignal,
): Promise<SeenProcess> {
  const { startTicks: _ticks, isDeleted, pathError: _error, ...process } = entry
  const openAt = (mapping: Mapping) => [
    `${proc}/${entry.pid}/map_files/${mapping.start.toString(16)}-${mapping.end.toString(16)}`,
    ...(mapping.isDeleted ? [] : [Buffer.from(pathToBytes(`${proc}/${entry.pid}/root${mapping.path}`))]),
  ]
  const wine = mapped.files.find(({ path }) => baseName(comparable(path)) === appProgram)
  const image = wine?.path ?? process.path
  const isTied = role !== undefined || findings.length > 0 || loaders.length > 0 || mapped.files.length > 0
  const program =
    isTied && image !== ''
      ? await files.look({ path: image, openAt: wine ? openAt(wine) : [`${proc}/${entry.pid}/exe`] }, signal)
      : undefined
  const modules: SeenProcess['modules'][number][] = []
  for (const mapping of mapped.files) {
    if (mapping.path === image) continue
    const seen = await files.look({ path: mapping.path, openAt: openAt(mapping) }, signal)
    modules.push({ path: mapping.path, isDeleted: mapping.isDeleted, seen })
  }
  return { process, role, findings, image, program, isDeleted, modules, loaders }
}

/** Whether the number still belongs to the process that was looked at. */
async function isStillThere(proc: string, { pid, startTicks }: ProcEntry, reasons: Reasons): Promise<boolean> {
  const ticks = await readStartTicks(proc, pid).catch(() => undefined)
  if (ticks === startTicks) return true
  reasons.add('vanished', 'processes ended while they were looked at')
  return false
}
