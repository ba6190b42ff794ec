/**
 * Facts about a flags file, those included that it names with `--flagfile`.
 */
import type { FlagsFileFacts } from './facts.ts'
import { type Flag, type FlagsProblem, parseFlags } from './flags-file.ts'
import { gatherFile, readHead } from './gather-file.ts'

const maxFlagsFileBytes = 1024 * 1024
const maxDepth = 8

/** Looks at a flags file. `isNamed`: the caller said it should be there. Never throws. */
export function gatherFlagsFile(path: string, isNamed: boolean): FlagsFileFacts {
  const found = gatherFile(path)
  const flags: Flag[] = []
  const problems: FlagsProblem[] = []
  if (!read(path, 0, flags, problems)) return Object.freeze({ ...found, isNamed })
  return Object.freeze({ ...found, isNamed, text: Object.freeze({ flags, problems }) })
}

function read(path: string, depth: number, flags: Flag[], problems: FlagsProblem[]): boolean {
  const bytes = readHead(path, maxFlagsFileBytes)
  if (bytes === undefined) return false
  const text = parseFlags(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
  problems.push(...text.problems)
  for (const flag of text.flags) {
    flags.push(flag)
    if (flag.name !== 'flagfile' || flag.value === undefined) continue
    if (depth < maxDepth && read(flag.value, depth + 1, flags, problems)) continue
    const reason = 'the file it names cannot be read, or names itself'
    problems.push({ line: flag.line, text: `--flagfile=${flag.value}`, reason, isFatal: false })
  }
  return true
}
