/**
 * Rules about osqueryd's flags: the ones that keep an extension from being loaded, waited for or left alive.
 *
 * Read from the flags file. Flags that a service passes on its own command line are not seen from here; what orbit
 * passes is in its layout. The limits of the watchdog are osquery's (osquery/core/watcher.cpp).
 */
import type { HostFacts } from '../facts.ts'
import { type Flag, flagValue, isOn } from '../flags-file.ts'
import { extensionName } from '../layout.ts'
import { type Judgement, notChecked, ok, type Rule } from '../rule.ts'

const flagsOf = (facts: HostFacts): readonly Flag[] => facts.flagsFile.text?.flags ?? []

const lineOf = (facts: HostFacts, name: string) => flagsOf(facts).findLast((flag) => flag.name === name)?.line

/** A judgement about one flag, with its line. */
function about(facts: HostFacts, name: string, judgement: Omit<Judgement, 'subject'>): Judgement {
  const line = lineOf(facts, name)
  return { subject: line === undefined ? facts.flagsFile.path : `${facts.flagsFile.path}:${line}`, ...judgement }
}

const change = (facts: HostFacts, line: string) =>
  `write ${line} in ${facts.flagsFile.path}, then ${facts.layout.restart}`

const remove = (facts: HostFacts, name: string) =>
  `remove --${name} from ${facts.flagsFile.path}, then ${facts.layout.restart}`

const flagsFileReadable: Rule = {
  id: 'flags_file',
  title: 'the flags file can be read',
  judge(facts) {
    const { path, nature, text, isNamed, reason } = facts.flagsFile
    if (text !== undefined) return [ok(path, `${text.flags.length} flags`)]
    if (nature === 'missing' && !isNamed) return [ok(path, "nothing there: osquery's defaults hold")]
    if (nature === 'missing' || nature === 'dangling') {
      const fix = `give the file that osqueryd is started with: --flags-file FILE`
      return [{ outcome: 'failed', subject: path, found: 'nothing there', expected: 'a flags file', fix }]
    }
    return [notChecked(path, `this user cannot read it${reason ? ` (${reason})` : ''}; run as root`)]
  },
}

const flagsSyntax: Rule = {
  id: 'flags_syntax',
  title: 'osquery reads in the flags file what its writer meant',
  judge(facts) {
    const { path, text } = facts.flagsFile
    if (text === undefined) return []
    if (text.problems.length === 0) return [ok(path, 'every line is a flag, a remark or blank')]
    return text.problems.map(({ line, text: said, reason, isFatal }) => ({
      outcome: isFatal ? ('failed' as const) : ('warning' as const),
      subject: `${path}:${line}`,
      found: said === '' ? reason : `${JSON.stringify(said)}: ${reason}`,
      expected: '--name=value',
      fix: `correct line ${line} of ${path}`,
    }))
  },
}

const disableExtensions: Rule = {
  id: 'flag_disable_extensions',
  title: 'extensions are not disabled',
  judge(facts) {
    if (!isOn(flagsOf(facts), 'disable_extensions'))
      return [about(facts, 'disable_extensions', { outcome: 'ok', found: 'they are not' })]
    return [
      about(facts, 'disable_extensions', {
        outcome: 'failed',
        found: '--disable_extensions: no socket, no loading',
        expected: 'no such flag',
        logLine: 'An error occurred during extension manager startup: Extensions disabled',
        fix: remove(facts, 'disable_extensions'),
      }),
    ]
  },
}

/** osquery 5.23 was seen to load extensions with it and to start them again; only osqueryd itself goes unwatched. */
const disableWatchdog: Rule = {
  id: 'flag_disable_watchdog',
  title: 'the watchdog that starts extensions again is on',
  judge(facts) {
    if (!isOn(flagsOf(facts), 'disable_watchdog'))
      return [about(facts, 'disable_watchdog', { outcome: 'ok', found: 'it is' })]
    return [
      about(facts, 'disable_watchdog', {
        outcome: 'warning',
        found:
          '--disable_watchdog: osquery 5.23 loads extensions all the same (other releases were not tried), but nothing limits osqueryd',
        expected: 'no such flag; --watchdog_level=-1 lifts the limits alone',
        fix: change(facts, '--watchdog_level=-1 instead of --disable_watchdog'),
      }),
    ]
  },
}

const autoload: Rule = {
  id: 'flag_extensions_autoload',
  title: 'osqueryd reads this load file',
  judge(facts) {
    const name = 'extensions_autoload'
    const said = flagValue(flagsOf(facts), name)
    const { path } = facts.loadFile
    const standard = facts.layout.loadFile
    if (said === path || (said === undefined && path === standard)) {
      return [about(facts, name, { outcome: 'ok', found: said === undefined ? 'by default' : 'as the flag says' })]
    }
    return [
      about(facts, name, {
        outcome: 'failed',
        found: said === undefined ? `no flag, so osqueryd reads ${standard}` : `osqueryd reads ${JSON.stringify(said)}`,
        expected: `--${name}=${path}`,
        fix: change(facts, `--${name}=${path}`),
      }),
    ]
  },
}

/** Seconds as osquery reads them: atoi, so that what is no number is 0. */
const seconds = (text: string) => Number.parseInt(text, 10) || 0

const timeout: Rule = {
  id: 'flag_extensions_timeout',
  title: 'osqueryd waits long enough for an extension to start',
  judge(facts) {
    const name = 'extensions_timeout'
    const said = flagValue(flagsOf(facts), name)
    const found = said === undefined ? '3 s, the default' : `--${name}=${said}`
    const isRequired = flagValue(flagsOf(facts), 'extensions_require') !== undefined
    const wanted = isRequired ? 10 : 3
    if (seconds(said ?? '3') >= wanted) return [about(facts, name, { outcome: 'ok', found })]
    return [
      about(facts, name, {
        outcome: seconds(said ?? '3') < 1 ? 'failed' : 'warning',
        found: isRequired ? `${found}, and --extensions_require waits no longer` : found,
        expected: `at least ${wanted}; 10 leaves room for a busy machine`,
        logLine: isRequired
          ? `Required extension not found or not loaded: ${extensionName}`
          : `Extension socket not available: ${facts.socket.path}`,
        fix: change(facts, `--${name}=10`),
      }),
    ]
  },
}

const interval: Rule = {
  id: 'flag_extensions_interval',
  title: 'osqueryd looks after extensions often enough, and not too often',
  judge(facts) {
    const name = 'extensions_interval'
    const said = flagValue(flagsOf(facts), name)
    const value = seconds(said ?? '3')
    const found = said === undefined ? '3 s, the default' : `--${name}=${said}`
    if (value >= 1 && value <= 60) return [about(facts, name, { outcome: 'ok', found })]
    const why = value < 1 ? 'five pings a second' : 'a dead extension keeps its tables that long'
    const fix = change(facts, `--${name}=3`)
    return [about(facts, name, { outcome: 'warning', found: `${found}: ${why}`, expected: '1 to 60', fix })]
  },
}

const required: Rule = {
  id: 'flag_extensions_require',
  title: '--extensions_require holds names, not paths',
  judge(facts) {
    const name = 'extensions_require'
    const said = flagValue(flagsOf(facts), name)
    if (said === undefined) return [about(facts, name, { outcome: 'ok', found: 'not given' })]
    const names = said.split(',').map((one) => one.trim())
    const wrong = names.filter((one) => /[\\/]|\.(ext|exe)$/i.test(one))
    const first = wrong[0]
    if (first === undefined) return [about(facts, name, { outcome: 'ok', found: names.join(', ') })]
    return [
      about(facts, name, {
        outcome: 'failed',
        found: `${wrong.join(', ')}: a path or file name, which no extension registers under`,
        expected: `names, such as ${extensionName}`,
        logLine: `Required extension not found or not loaded: ${first}`,
        fix: change(facts, `--${name}=${extensionName}`),
      }),
    ]
  },
}

/** What the watchdog allows by level: megabytes above the first footprint, and percent of a processor. */
const limits = {
  normal: { memory: 200, utilization: 10 },
  restrictive: { memory: 100, utilization: 5 },
  off: { memory: 10_000, utilization: 100 },
} as const

const watchdog: Rule = {
  id: 'flag_enable_extensions_watchdog',
  title: 'the watchdog leaves an extension room to work',
  judge(facts) {
    const name = 'enable_extensions_watchdog'
    const flags = flagsOf(facts)
    if (!isOn(flags, name)) return [about(facts, name, { outcome: 'ok', found: 'extensions are not limited' })]
    const level = seconds(flagValue(flags, 'watchdog_level') ?? '0')
    const granted = level === -1 ? limits.off : level === 1 ? limits.restrictive : limits.normal
    const memory = seconds(flagValue(flags, 'watchdog_memory_limit') ?? '0') || granted.memory
    const utilization = seconds(flagValue(flags, 'watchdog_utilization_limit') ?? '0') || granted.utilization
    const found = `--${name} with ${memory} MB and ${utilization} % of a processor`
    if (memory >= limits.normal.memory && utilization >= limits.normal.utilization) {
      return [about(facts, name, { outcome: 'ok', found })]
    }
    return [
      about(facts, name, {
        outcome: 'warning',
        found: `${found}: a sweep may be killed half-way`,
        expected: `at least ${limits.normal.memory} MB and ${limits.normal.utilization} %, osquery's normal level`,
        logLine: `osquery extension ${facts.program.path} (PID) stopping: ${memory < limits.normal.memory ? 'Memory limits exceeded: ' : 'Maximum sustainable CPU utilization limit '}...`,
        fix: change(facts, '--watchdog_level=0, --watchdog_memory_limit=200, --watchdog_utilization_limit=10'),
      }),
    ]
  },
}

const allowUnsafe: Rule = {
  id: 'flag_allow_unsafe',
  title: "osquery's own checks are on",
  judge(facts) {
    if (!isOn(flagsOf(facts), 'allow_unsafe'))
      return [about(facts, 'allow_unsafe', { outcome: 'ok', found: 'they are' })]
    const found = '--allow_unsafe: osqueryd runs files as root that anybody may change'
    const fix = remove(facts, 'allow_unsafe')
    return [about(facts, 'allow_unsafe', { outcome: 'warning', found, expected: 'no such flag', fix })]
  },
}

const socketFlag: Rule = {
  id: 'flag_extensions_socket',
  title: 'osqueryd listens where the extension looks',
  judge(facts) {
    const name = 'extensions_socket'
    const said = flagValue(flagsOf(facts), name)
    const { path } = facts.socket
    const actual = said ?? facts.layout.socket
    if (actual === path) return [about(facts, name, { outcome: 'ok', found: path })]
    return [
      about(facts, name, {
        outcome: 'failed',
        found: `osqueryd listens on ${actual}`,
        expected: path,
        logLine: `Extension socket not available: ${path}`,
        fix: change(facts, `--${name}=${path}`),
      }),
    ]
  },
}

/** The rules. */
export const flagRules: readonly Rule[] = [
  flagsFileReadable,
  flagsSyntax,
  disableExtensions,
  disableWatchdog,
  autoload,
  timeout,
  interval,
  required,
  watchdog,
  allowUnsafe,
  socketFlag,
]
