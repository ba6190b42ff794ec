/**
 * A look at the running processes: from /proc on Linux, through osquery elsewhere.
 *
 * An answer is always given; what was not looked at is counted beside it, so that an empty answer can be weighed.
 */

import { gravest } from '../domain/finding.ts'
import { foldAscii } from '../domain/glob.ts'
import { compareLevels } from '../domain/level.ts'
import { appProgram, type ProcessesAnswer, type TiedProcess } from '../domain/process.ts'
import { defaultProcessBounds, Reasons } from './bounds.ts'
import { osqueryProcesses } from './osquery-processes.ts'
import type { ProcessParts } from './parts.ts'
import { type Look, procProcesses } from './proc-processes.ts'
import { ProgramFiles } from './program-file.ts'

/** Looks at the processes of this machine, gravest first. Rejects on an abort. */
export async function lookAtProcesses(parts: ProcessParts, signal: AbortSignal): Promise<ProcessesAnswer> {
  const bounds = { ...defaultProcessBounds, ...parts.bounds }
  const reasons = new Reasons()
  const files = new ProgramFiles(parts, reasons, bounds.maxFileBytes)
  const look: Look = { bounds, reasons, files, moduleNames: moduleNames(parts) }
  const { processes, seen } = await from(parts, look, signal)
  return { processes: [...processes].sort(inOrder), seen, reasons: reasons.all }
}

async function from(parts: ProcessParts, look: Look, signal: AbortSignal) {
  try {
    if (parts.platform === 'linux') return await procProcesses(parts, look, signal)
    if (parts.osquery) return await osqueryProcesses(parts.osquery, parts, look, signal)
    look.reasons.add('unsupported', `processes of ${parts.platform} are seen through osquery only`)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TypeError) throw error // a defect of ours is not a property of the host
    look.reasons.addFailure(error, 'the list of processes')
  }
  return { processes: [], seen: 0 }
}

/** Libraries that the indicators know by name, and the app itself, which Wine maps as one. */
function moduleNames({ indicators }: ProcessParts): ReadonlySet<string> {
  const names = indicators.flatMap(({ type, value }) => (type === 'filename' ? foldAscii(value) : []))
  return new Set([...names.filter((name) => /\.(dll|dylib)$/.test(name)), appProgram])
}

function inOrder(a: TiedProcess, b: TiedProcess): number {
  const isGraver = a.verdict !== b.verdict && gravest([a.verdict, b.verdict])
  if (isGraver) return isGraver === a.verdict ? -1 : 1
  return compareLevels(b.level, a.level) || a.pid - b.pid
}
