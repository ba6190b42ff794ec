/**
 * The arguments osquery gives an extension, in the spellings its flags allow.
 *
 * `--name value`, `--name=value`, one dash or two, `_` or `-`. What is not known is left alone: osquery versions and
 * wrappers add flags of their own, and an extension that stops over one takes its tables away.
 */

/** What an extension is told at its start. Times are seconds, as osquery counts them. */
export interface ExtensionArguments {
  /** Where osquery's manager listens; undefined when it was not said. */
  readonly socket: string | undefined
  /** Seconds to wait for the socket before that is worth a warning. */
  readonly timeout: number
  /** Seconds between two looks at the registration. */
  readonly interval: number
  readonly verbose: boolean
  /** Arguments nobody here knows, as they were given. */
  readonly unknown: readonly string[]
  /** Values that could not be used, in sentences; the default holds for them. */
  readonly problems: readonly string[]
}

const aliases: Readonly<Record<string, 'socket' | 'timeout' | 'interval' | 'verbose'>> = {
  socket: 'socket',
  extensions_socket: 'socket',
  timeout: 'timeout',
  extensions_timeout: 'timeout',
  interval: 'interval',
  extensions_interval: 'interval',
  verbose: 'verbose',
  noverbose: 'verbose',
}

const defaultSeconds = 3

/** Longest time that makes sense, in seconds: a day. */
const mostSeconds = 86_400

/** Reads arguments. Never throws. */
export function parseArguments(argv: readonly string[]): ExtensionArguments {
  const values: { socket?: string; timeout?: string; interval?: string } = {}
  const unknown: string[] = []
  let verbose = false
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    const [, flag = '', inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(argument) ?? []
    const name = aliases[flag.replaceAll('-', '_').toLowerCase()]
    if (name === undefined) {
      unknown.push(argument)
    } else if (name === 'verbose') {
      verbose = !flag.startsWith('no') && !/^(false|no|0|f|n)$/i.test(inline ?? '')
    } else {
      const value = inline ?? argv[++at]
      if (value !== undefined) values[name] = value
    }
  }
  const problems: string[] = []
  const seconds = (name: 'timeout' | 'interval'): number => {
    const said = values[name]
    if (said === undefined) return defaultSeconds
    const found = Number(said)
    if (said.trim() !== '' && found > 0 && found <= mostSeconds) return found
    problems.push(`--${name} is ${JSON.stringify(said)}; expected seconds, more than 0. ${defaultSeconds} is used`)
    return defaultSeconds
  }
  return {
    socket: values.socket,
    timeout: seconds('timeout'),
    interval: seconds('interval'),
    verbose,
    unknown,
    problems,
  }
}
