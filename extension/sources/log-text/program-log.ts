/**
 * Formats that are the messages of one program in a syslog: recognised by its name, read behind the head of the line.
 *
 * The same reading serves the program's own file and a file where many programs write (`logs/syslog.ts`).
 */
import type { LogContext, LogFormat, LoggedContact } from '../log-format.ts'
import type { SourceAbout } from '../source.ts'
import type { Particulars } from './contact.ts'
import { isLogOf, syslogLine } from './syslog.ts'

/** What a program's messages say. */
export interface ProgramLog {
  /** snake_case, the name of the format. */
  readonly name: string
  readonly about: SourceAbout
  /** Names under which it writes. */
  readonly programs: readonly string[]
  /** What one message says; `head` has its time and, where it speaks of a process, nothing else. */
  readMessage(message: string, head: Particulars, context: LogContext): LoggedContact | undefined
}

/** First lines that tell a program's log: a few may be of its start. */
export const usualHeadLines = 16

/** The format of a file that only this program writes. */
export function programLog(program: ProgramLog): ProgramLog & LogFormat {
  return {
    ...program,
    headLines: usualHeadLines,
    recognises: (firstLines) => isLogOf(firstLines, program.programs),
    parse: (line, context) => {
      const found = syslogLine(line, context.mtime)
      if (!found || !program.programs.includes(found.program)) return undefined
      return program.readMessage(found.message, { time: found.time }, context)
    },
  }
}
