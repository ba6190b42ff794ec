/**
 * A flags file (`--flagfile`) as osquery's command-line library reads it.
 *
 * Found by trying them on a real osqueryd 5.23: one or two dashes, `-` for `_` in names, `--name=value`, `--flag` and
 * `--noflag`; the last one wins; `--flagfile` nests; unknown names are ignored without a word. The value is everything
 * behind the sign of equality, quotes, trailing blanks and `# remarks` included. A line that starts neither with a dash
 * nor with `#` names the programs for which the flags below it hold, so everything below it is lost; a byte-order mark
 * makes such a line of the first one. Lines that end in CR LF and in LF do not mix.
 */

/** One flag that osquery sees. */
export interface Flag {
  /** With underscores, without dashes. */
  readonly name: string
  /** Undefined for a bare `--flag`. */
  readonly value: string | undefined
  readonly line: number
}

/** A line that does not do what its writer meant. */
export interface FlagsProblem {
  readonly line: number
  readonly text: string
  readonly reason: string
  /** Whether everything below it is lost with it. */
  readonly isFatal: boolean
}

/** What osquery reads in a flags file. */
export interface FlagsText {
  readonly flags: readonly Flag[]
  readonly problems: readonly FlagsProblem[]
}

/** Flags whose values are paths, where a trailing blank or quote is seen only by the one who looks for it. */
const pathFlags = ['extensions_autoload', 'extensions_socket', 'flagfile']

/** Reads a flags file. */
export function parseFlags(text: string): FlagsText {
  const flags: Flag[] = []
  const problems: FlagsProblem[] = []
  if (text.includes('\r\n') && /[^\r]\n/.test(text)) {
    const reason = 'some lines end in CR LF and some in LF; osqueryd joins lines and refuses to start'
    problems.push({ line: 1, text: '', reason, isFatal: true })
  }
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = at + 1
    // not trimStart(), which also removes a byte-order mark
    const body = raw.replace(/^[ \t\v\f\r]+/, '')
    if (body === '' || body.startsWith('#')) continue
    if (!body.startsWith('-')) {
      const reason = body.startsWith('\ufeff')
        ? 'the file starts with a byte-order mark; osquery ignores every flag in it'
        : 'no dash in front: osquery takes this line as the name of a program and ignores every flag below it'
      problems.push({ line, text: body, reason, isFatal: true })
      break
    }
    const said = body.replace(/^--?/, '')
    const equals = said.indexOf('=')
    const written = equals < 0 ? said : said.slice(0, equals)
    if (/\s/.test(written)) {
      const reason = 'a blank where a sign of equality belongs; osquery ignores the line'
      problems.push({ line, text: body, reason, isFatal: false })
      continue
    }
    const name = written.replaceAll('-', '_')
    const value = equals < 0 ? undefined : said.slice(equals + 1)
    flags.push({ name, value, line })
    if (value !== undefined && pathFlags.includes(name) && /^["']|["'\s]$| #/.test(value)) {
      const reason = 'blanks, quotes and remarks belong to the value; osquery looks for a file of that name'
      problems.push({ line, text: body, reason, isFatal: false })
    }
  }
  return { flags, problems }
}

/** The value of a flag that takes one: the last said, or undefined. */
export function flagValue(flags: readonly Flag[], name: string): string | undefined {
  return flags.findLast((flag) => flag.name === name)?.value
}

/** Whether a yes-or-no flag is on. */
export function isOn(flags: readonly Flag[], name: string, byDefault = false): boolean {
  const last = flags.findLast((flag) => flag.name === name || flag.name === `no${name}`)
  if (last === undefined) return byDefault
  if (last.name === `no${name}`) return false
  return last.value === undefined || /^(1|t|true|y|yes)$/i.test(last.value)
}
