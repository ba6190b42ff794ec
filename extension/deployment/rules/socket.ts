/**
 * Rules about the manager's socket: that its path is short enough, and that osqueryd answers on it now.
 *
 * An extension listens on the manager's path with a dot and up to five digits behind it, so the manager's own path
 * must be six bytes shorter than what a socket address holds. On Windows the names of pipes have room enough.
 */
import type { HostFacts, SocketFacts } from '../facts.ts'
import { argument, type Judgement, notChecked, ok, type Rule } from '../rule.ts'

/** Bytes of a path in `sun_path`, the final zero left out, on Linux and on macOS. */
const longest = { linux: 107, darwin: 103 } as const

/** ".65535": what osquery appends for each extension. */
const suffixBytes = 6

/** osquery-go refuses longer manager paths, so other extensions on the host may. */
const longestForGo = 97

const lengthRule: Rule = {
  id: 'socket_path_length',
  title: 'its path leaves room for the sockets of extensions',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path } = facts.socket
    const length = Buffer.byteLength(path)
    const limit = facts.platform === 'darwin' ? longest.darwin : longest.linux
    const safe = limit - suffixBytes
    const found = `${length} bytes`
    const fix = `give osqueryd a shorter path: --extensions_socket=${facts.layout.socket}`
    const failed = { outcome: 'failed' as const, subject: path, found, expected: `at most ${longestForGo} bytes`, fix }
    if (length > limit) {
      const logLine = `Extensions disabled: cannot start extension manager (${path}) ( Unix Domain socket path too long)`
      return [{ ...failed, logLine }]
    }
    if (length > safe) {
      const rest = `${found}: the manager works, but ${path}.NNNNN is too long and no extension can listen`
      return [{ ...failed, found: rest, logLine: `Extension socket not available: ${path}.NNNNN` }]
    }
    if (length > longestForGo) {
      return [
        { ...failed, outcome: 'warning', found: `${found}: works here, extensions built with osquery-go refuse it` },
      ]
    }
    return [ok(path, found)]
  },
}

const unavailable = (socket: SocketFacts) => `Extension socket not available: ${socket.path}`

/** How to have a look at the service. */
function service(facts: HostFacts): string {
  return `start osqueryd, or start it again: ${facts.layout.restart}`
}

const directoryRule: Rule = {
  id: 'socket_directory',
  title: 'the directory of the socket is there',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, parent } = facts.socket
    if (parent.nature === 'directory') return [ok(parent.path, 'it is there')]
    if (parent.nature === 'unreadable') return [notChecked(parent.path, 'this user cannot look at it; run as root')]
    return [
      {
        outcome: 'failed',
        subject: parent.path,
        found: parent.nature === 'missing' ? 'nothing there' : 'no directory',
        expected: 'a directory of root',
        logLine: `An error occurred during extension manager startup: Extension socket directory missing: ${path}`,
        fix: `sudo mkdir -m 755 ${argument(parent.path, facts.platform)}`,
      },
    ]
  },
}

const existsRule: Rule = {
  id: 'socket_exists',
  title: 'there is a socket',
  platforms: ['linux', 'darwin'],
  judge(facts) {
    const { path, nature, parent } = facts.socket
    if (nature === 'socket') return [ok(path, 'a socket')]
    if (nature === 'unreadable') return [notChecked(path, 'this user cannot look at it; run as root')]
    if (parent.nature !== 'directory') return []
    const isNothing = nature === 'missing' || nature === 'dangling'
    return [
      {
        outcome: 'failed',
        subject: path,
        found: isNothing ? 'nothing there: osqueryd does not run, or listens elsewhere' : `a ${nature}, no socket`,
        expected: 'the socket of a running osqueryd',
        logLine: unavailable(facts.socket),
        fix: isNothing ? service(facts) : `sudo rm ${argument(path, facts.platform)}, then ${facts.layout.restart}`,
      },
    ]
  },
}

const answersRule: Rule = {
  id: 'socket_answers',
  title: 'osqueryd answers on it',
  judge(facts) {
    const { path, connection } = facts.socket
    const failed = (found: string): Judgement => ({
      outcome: 'failed',
      subject: path,
      found,
      expected: 'a connection within 3 s',
      logLine: unavailable(facts.socket),
      fix: service(facts),
    })
    switch (connection) {
      case 'answered':
        return [ok(path, 'connected')]
      case 'refused':
        return [failed('nobody listens: left behind by an osqueryd that was killed')]
      case 'timeout':
        return [failed('no connection within 3 s: osqueryd hangs')]
      case 'missing':
        return [failed('there is no such pipe: osqueryd does not run, or listens elsewhere')]
      case 'failed':
        return [failed('the connection failed')]
      case 'denied':
      case 'not_tried':
        return []
    }
  },
}

const permissionRule: Rule = {
  id: 'socket_permission',
  title: 'this user may connect to it',
  judge(facts) {
    const { path, connection, mode, uid } = facts.socket
    if (connection === 'answered') return [ok(path, 'it may')]
    if (connection !== 'denied') return []
    return [
      {
        outcome: 'failed',
        subject: path,
        found: `mode ${mode.toString(8).padStart(4, '0')}, owner uid ${uid}; you are uid ${facts.uid}`,
        expected: 'the user osqueryd runs as: its socket is writable for nobody else',
        logLine: unavailable(facts.socket),
        fix: 'run the extension as that user, for instance with sudo, or let osqueryd load it',
      },
    ]
  },
}

/** The rules. */
export const socketRules: readonly Rule[] = [lengthRule, directoryRule, existsRule, answersRule, permissionRule]
