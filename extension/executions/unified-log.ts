/**
 * Executions from kept output of macOS' `log show`: programs that wrote to the log, and programs of the campaign that a
 * message names by their path.
 *
 * A program may write many lines; they are one record per program, user and process, with first and last time.
 */

import type { FoundLine } from '../native/lines.ts'
import { foundText, unreadable } from '../sources/log-text/found-text.ts'
import { isUnifiedLog, type UnifiedLine, unifiedLine } from '../sources/log-text/unified-log.ts'
import type { ExecutionAccess, ExecutionReader, FoundExecution } from './reader.ts'

/** Programs of one file. */
const maxPrograms = 10_000
/** Paths of the app and of the agent inside a message: they hold spaces, so their last component ends them. */
const named =
  /\/(?:Users|Applications|Volumes|Library|private|tmp|var)\/[^"'<>\n]{0,500}?(?:UpdateAgent\b|3CX Desktop App\.app(?:\/Contents\/MacOS\/3CX Desktop App)?)/gi
const maxMessage = 16_384

/** The reader. */
export const unifiedLog: ExecutionReader = {
  name: 'unified_log',
  about: {
    reads:
      'Programs that wrote to the log of macOS, in kept output of log show (ndjson with path and user; syslog, compact and ' +
      'default style with the name), and paths of the app and of its agent in messages of others.',
    blind: 'The log itself (tracev3), which only macOS reads, and the style json; programs that wrote nothing.',
    platforms: ['darwin'],
  },
  recognises: (_, head) => isUnifiedLog(Buffer.from(head).toString('utf8').split('\n', 16)),
  async *read(_file, access, needles, signal) {
    const programs = new Map<string, FoundExecution>()
    let cut: FoundLine | undefined
    for await (const { lines, problem } of access.lines({ headLines: 0 })) {
      signal.throwIfAborted()
      for (const line of lines) {
        const found = line.isFound ? unifiedLine(foundText(line)) : undefined
        if (line.isCut && !found) cut ??= line
        if (!found) continue
        if (needles.mayHold(found.program)) add(programs, recordOf(found, access, line))
        const paths = found.message.slice(0, maxMessage).matchAll(named)
        for (const [path] of paths) if (path !== found.program) add(programs, mentioned(path, found, line))
      }
      if (problem) yield { problem }
    }
    yield* programs.values()
    if (cut) yield unreadable(cut, 'unified_log')
  },
}

function recordOf({ program, pid, uid, ...line }: UnifiedLine, access: ExecutionAccess, at: FoundLine): FoundExecution {
  return {
    ...base(line, at),
    proof: 'ran',
    path: program,
    user: uid === undefined ? '' : access.account(uid),
    ...(uid !== undefined && { uid }),
    ...(pid !== undefined && { pid }),
  }
}

function mentioned(path: string, line: UnifiedLine, at: FoundLine): FoundExecution {
  const fields = { named_by: line.program, message: line.message.slice(0, 512) }
  return { ...base(line, at), proof: 'seen', path, user: '', fields }
}

function base({ time }: Pick<UnifiedLine, 'time'>, { offset }: FoundLine) {
  const times = time === undefined ? {} : { time, lastTime: time }
  return { platform: 'darwin', record: `byte:${offset}`, cmdline: '', ...times } as const
}

function add(programs: Map<string, FoundExecution>, one: FoundExecution): void {
  const key = JSON.stringify([one.proof, one.path, one.uid, one.pid])
  const known = programs.get(key)
  if (!known) {
    if (programs.size < maxPrograms) programs.set(key, one)
    return
  }
  const times = [known.time, known.lastTime, one.time].filter((time) => time !== undefined)
  if (times.length > 0) programs.set(key, { ...known, time: Math.min(...times), lastTime: Math.max(...times) })
}
