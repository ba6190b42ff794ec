/** `threecx doctor` on real files: a sound installation, and each way of breaking one, with log line and fix. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Ended, threecx } from '../support/command.ts'
import { type Installation, installOsquery } from '../support/osquery-installation.ts'
import { programElsewhere } from '../support/program-file.ts'

interface Reported {
  readonly rule: string
  readonly outcome: string
  readonly subject: string
  readonly found: string
  readonly expected: string | null
  readonly log_line: string | null
  readonly fix: string | null
}

const isRoot = process.getuid?.() === 0

let here: Installation

beforeEach(async () => {
  here = await installOsquery()
})

afterEach(async () => await here.close())

async function doctor(...args: string[]): Promise<Ended> {
  return await threecx(here.state, ['doctor', ...args])
}

async function diagnose(...args: string[]): Promise<{ exit: number | null; bad: Reported[] }> {
  const { exit, stdout, stderr } = await doctor(...here.where, '--format', 'json', ...args)
  expect(stderr).toBe('')
  const checks = JSON.parse(stdout) as Reported[]
  return { exit, bad: checks.filter((check) => check.outcome === 'failed' || check.outcome === 'warning') }
}

interface Broken {
  readonly what: string
  readonly rule: string
  readonly outcome?: 'failed' | 'warning'
  /** An array it returns are arguments for the command. */
  readonly break: (at: Installation) => unknown
  /** What osquery prints: null where it prints nothing. */
  readonly log: ((at: Installation) => string) | null
  readonly fix: RegExp
  /** Other rules that the same fault rightly breaks. */
  readonly also?: readonly string[]
  readonly needsRoot?: true
}

const unsafe = (at: Installation) => `Will not autoload extension with unsafe directory permissions: ${at.program}`
const unavailable = (at: Installation) => `Extension socket not available: ${at.socket}`
const duplicate = () => 'Duplicate extension registered'

const broken: readonly Broken[] = [
  {
    what: 'the executable is missing',
    rule: 'program_exists',
    break: (at) => rmSync(at.program),
    log: (at) => `extension doesn't exist at: ${at.program}`,
    fix: /^sudo threecx extension install/,
    also: ['load_file_entries_exist'],
  },
  {
    what: 'the executable is a link to nothing',
    rule: 'program_exists',
    break(at) {
      rmSync(at.program)
      symlinkSync('/nonexistent/program', at.program)
    },
    log: (at) => `extension doesn't exist at: ${at.program}`,
    fix: /^sudo threecx extension install/,
    also: ['load_file_entries_exist'],
  },
  {
    what: 'the executable is not executable',
    rule: 'program_executable',
    break: (at) => chmodSync(at.program, 0o644),
    log: unsafe,
    fix: /^sudo chmod 755 .*threecx_hunter\.ext$/,
  },
  {
    what: 'anybody may write to the executable',
    rule: 'program_not_writable_by_others',
    break: (at) => chmodSync(at.program, 0o757),
    log: unsafe,
    fix: /^sudo chmod go-w .*threecx_hunter\.ext$/,
  },
  {
    what: 'the executable belongs to somebody else',
    rule: 'program_owner',
    break: (at) => chownSync(at.program, 65534, 65534),
    log: unsafe,
    fix: /^sudo chown root .*threecx_hunter\.ext$/,
    needsRoot: true,
  },
  {
    what: 'the directory is like /tmp',
    rule: 'directory_not_sticky',
    break: (at) => chmodSync(join(at.root, 'bin'), 0o1777),
    log: unsafe,
    fix: /^sudo threecx extension install .*threecx_hunter\.ext$/,
    also: ['directory_not_writable_by_others'],
  },
  {
    what: 'anybody may exchange the file in its directory',
    rule: 'directory_not_writable_by_others',
    break: (at) => chmodSync(join(at.root, 'bin'), 0o777),
    log: null,
    fix: /^sudo chown root .*bin && sudo chmod 755 .*bin$/,
  },
  {
    what: 'the suffix is missing',
    rule: 'program_suffix',
    break(at) {
      const bare = join(at.root, 'bin', 'threecx_hunter')
      renameSync(at.program, bare)
      writeFileSync(at.loadFile, `${bare}\n`)
      return [bare]
    },
    log: (at) => `Will not autoload extension not ending in one of '.ext': ${join(at.root, 'bin', 'threecx_hunter')}`,
    fix: /^sudo mv .*threecx_hunter .*threecx_hunter\.ext, and list the new path$/,
  },
  {
    what: 'the suffix is in upper case',
    rule: 'program_suffix',
    break(at) {
      const loud = join(at.root, 'bin', 'threecx_hunter.EXT')
      renameSync(at.program, loud)
      writeFileSync(at.loadFile, `${loud}\n`)
      return [loud]
    },
    log: (at) =>
      `Will not autoload extension not ending in one of '.ext': ${join(at.root, 'bin', 'threecx_hunter.EXT')}`,
    fix: /list the new path$/,
  },
  {
    what: 'the program is for another processor',
    rule: 'program_format',
    break: (at) => writeFileSync(at.program, programElsewhere()),
    log: (at) => `Could not start extension process: ${at.program}, error: 8`,
    fix: /^install the build for /,
  },
  {
    what: 'half a download was installed',
    rule: 'program_format',
    break: (at) => writeFileSync(at.program, programElsewhere().subarray(0, 20)),
    log: (at) => `Could not start extension process: ${at.program}, error: 8`,
    fix: /^install the build for /,
  },
  {
    what: 'the program is a script whose interpreter line ends in CR',
    rule: 'program_format',
    break: (at) => writeFileSync(at.program, '#!/bin/sh\r\nexit 0\r\n'),
    log: (at) => `Could not start extension process: ${at.program}, error: 2`,
    fix: /^install the build for /,
  },
  {
    what: 'the load file is missing',
    rule: 'load_file_exists',
    break(at) {
      rmSync(at.loadFile)
      return [at.program]
    },
    log: (at) => `Could not autoload extensions: Cannot open file for reading: ${at.loadFile}`,
    fix: /^sudo threecx extension install .*threecx_hunter\.ext --load-file .*extensions\.load$/,
  },
  {
    what: 'the load file names something else',
    rule: 'load_file_lists_program',
    break(at) {
      writeFileSync(at.loadFile, '# nothing yet\n\n; and nothing here\n')
      return [at.program]
    },
    log: null,
    fix: /^sudo threecx extension install /,
  },
  {
    what: 'anybody may write to the load file',
    rule: 'load_file_safe',
    break: (at) => chmodSync(at.loadFile, 0o666),
    log: null,
    fix: /^sudo chown root .*extensions\.load && sudo chmod 644 .*extensions\.load$/,
  },
  {
    what: 'the load file starts with a byte-order mark',
    rule: 'load_file_byte_order_mark',
    break(at) {
      writeFileSync(at.loadFile, `\ufeff${at.program}\n`)
      return [at.program]
    },
    log: (at) => `extension doesn't exist at: \ufeff${at.program}`,
    fix: /^sudo sed -i\.bak '1s/,
    also: ['load_file_lists_program'],
  },
  {
    what: 'the path is relative',
    rule: 'load_file_entries_absolute',
    break(at) {
      writeFileSync(at.loadFile, 'threecx_hunter.ext\n')
      return [at.program]
    },
    log: () => 'Will not autoload extension with unsafe directory permissions: threecx_hunter.ext',
    fix: /^write the whole path in line 1 of /,
    also: ['load_file_lists_program'],
  },
  {
    what: 'the path is in quotes',
    rule: 'load_file_entries_exist',
    break(at) {
      writeFileSync(at.loadFile, `"${at.program}"\n`)
      return [at.program]
    },
    log: (at) => `extension doesn't exist at: "${at.program}"`,
    fix: /^remove or correct line 1 of /,
    also: ['load_file_lists_program'],
  },
  {
    what: "somebody else's extension is gone",
    rule: 'load_file_entries_exist',
    outcome: 'warning',
    break: (at) => appendFileSync(at.loadFile, '/opt/nowhere/other.ext\n'),
    log: () => "extension doesn't exist at: /opt/nowhere/other.ext",
    fix: /^remove or correct line 3 of /,
  },
  {
    what: 'the same path is listed twice',
    rule: 'load_file_no_duplicates',
    outcome: 'warning',
    break: (at) => appendFileSync(at.loadFile, `${at.program}\n`),
    log: null,
    fix: /^remove line 3 of /,
  },
  {
    what: 'the file is listed under two paths',
    rule: 'load_file_no_duplicates',
    break: (at) => appendFileSync(at.loadFile, `${at.root}/bin/../bin/threecx_hunter.ext\n`),
    log: duplicate,
    fix: /^remove line 3 of /,
  },
  {
    what: 'another version of ours is listed too',
    rule: 'load_file_one_version',
    break(at) {
      mkdirSync(join(at.root, 'old'))
      const old = join(at.root, 'old', 'threecx_hunter_linux.ext')
      copyFileSync(at.program, old)
      appendFileSync(at.loadFile, `${old}\n`)
      return [at.program]
    },
    log: duplicate,
    fix: /^sudo threecx extension install /,
  },
  {
    what: 'extensions are disabled',
    rule: 'flag_disable_extensions',
    break: (at) => at.writeFlags('--disable_extensions'),
    log: () => 'An error occurred during extension manager startup: Extensions disabled',
    fix: /^remove --disable_extensions from .*osquery\.flags, then .*osquery/,
  },
  {
    what: 'the watchdog is disabled',
    rule: 'flag_disable_watchdog',
    outcome: 'warning',
    break: (at) => at.writeFlags('--disable_watchdog=true'),
    log: null,
    fix: /--watchdog_level=-1/,
  },
  {
    what: 'osqueryd reads another load file',
    rule: 'flag_extensions_autoload',
    break: (at) => at.writeFlags('--extensions_autoload=/etc/other.load'),
    log: null,
    fix: /^write --extensions_autoload=.*extensions\.load in /,
  },
  {
    what: 'osqueryd requires a path',
    rule: 'flag_extensions_require',
    break: (at) => at.writeFlags('--extensions_timeout=10', `--extensions_require=${at.program}`),
    log: (at) => `Required extension not found or not loaded: ${at.program}`,
    fix: /^write --extensions_require=threecx_hunter in /,
  },
  {
    what: 'osqueryd does not wait',
    rule: 'flag_extensions_timeout',
    break: (at) => at.writeFlags('--extensions_timeout=0'),
    log: unavailable,
    fix: /^write --extensions_timeout=10 in /,
  },
  {
    what: 'the watchdog is on and strict',
    rule: 'flag_enable_extensions_watchdog',
    outcome: 'warning',
    break: (at) => at.writeFlags('--enable_extensions_watchdog', '--watchdog_level=1'),
    log: (at) => `osquery extension ${at.program} (PID) stopping: Memory limits exceeded: ...`,
    fix: /--watchdog_memory_limit=200/,
  },
  {
    what: 'the flags file starts with a byte-order mark',
    rule: 'flags_syntax',
    break: (at) => writeFileSync(at.flagsFile, `\ufeff--extensions_autoload=${at.loadFile}\n`),
    log: null,
    fix: /^correct line 1 of .*osquery\.flags$/,
    also: ['flag_extensions_autoload', 'socket_exists', 'socket_directory'],
  },
  {
    what: 'nothing listens any more',
    rule: 'socket_answers',
    break(at) {
      const left = join(at.root, 'run', 'left.em')
      leaveSocket(left)
      at.writeFlags(`--extensions_socket=${left}`)
    },
    log: (at) => `Extension socket not available: ${join(at.root, 'run', 'left.em')}`,
    fix: /^start osqueryd/,
  },
  {
    what: 'osqueryd does not run',
    rule: 'socket_exists',
    break: (at) => at.writeFlags(`--extensions_socket=${at.root}/run/gone.em`),
    log: (at) => `Extension socket not available: ${at.root}/run/gone.em`,
    fix: /^start osqueryd/,
  },
  {
    what: 'a file lies where the socket should be',
    rule: 'socket_exists',
    break(at) {
      writeFileSync(join(at.root, 'run', 'file.em'), '')
      at.writeFlags(`--extensions_socket=${at.root}/run/file.em`)
    },
    log: (at) => `Extension socket not available: ${at.root}/run/file.em`,
    fix: /^sudo rm .*file\.em, then /,
  },
  {
    what: 'the directory of the socket is missing',
    rule: 'socket_directory',
    break: (at) => at.writeFlags(`--extensions_socket=${at.root}/nowhere/o.em`),
    log: (at) =>
      `An error occurred during extension manager startup: Extension socket directory missing: ${at.root}/nowhere/o.em`,
    fix: /^sudo mkdir -m 755 .*nowhere$/,
  },
  {
    what: 'the path of the socket is too long for extensions',
    rule: 'socket_path_length',
    break: (at) => at.writeFlags(`--extensions_socket=${longPath(at, process.platform === 'darwin' ? 100 : 104)}`),
    log: (at) => `Extension socket not available: ${longPath(at, process.platform === 'darwin' ? 100 : 104)}.NNNNN`,
    fix: /^give osqueryd a shorter path/,
    also: ['socket_exists'],
  },
  {
    what: 'the path of the socket is too long for osqueryd',
    rule: 'socket_path_length',
    break: (at) => at.writeFlags(`--extensions_socket=${longPath(at, 110)}`),
    log: (at) =>
      `Extensions disabled: cannot start extension manager (${longPath(at, 110)}) ( Unix Domain socket path too long)`,
    fix: /^give osqueryd a shorter path/,
    also: ['socket_exists'],
  },
]

function longPath(at: Installation, length: number): string {
  const start = join(at.root, 'run', '')
  return start + 'x'.repeat(length - start.length)
}

/** A socket file without anybody behind it, as a killed osqueryd leaves one. */
function leaveSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', script])
  } catch {
    // it was killed, as it should be
  }
}

describe('a sound installation', () => {
  it('has no broken rule, warnings included when root looks, and exit code 0', async () => {
    const { exit, bad } = await diagnose()
    expect(bad.filter((check) => isRoot || check.rule !== 'program_owner')).toEqual([])
    expect(exit).toBe(0)
  })

  it('may name a directory, end its lines in CR LF and hold remarks', async () => {
    writeFileSync(here.loadFile, `; ours\r\n\r\n  # below\r\n${join(here.root, 'bin')}  \r\n`)
    const { exit, bad } = await diagnose(here.program)
    expect(bad.filter((check) => isRoot || check.rule !== 'program_owner')).toEqual([])
    expect(exit).toBe(0)
  })

  it('is reported to people with a line per rule and a sum', async () => {
    const { exit, stdout } = await doctor(...here.where)
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^ok +program_exists +the executable is there$/m)
    expect(stdout).toMatch(/^0 failed, \d warnings, \d not checked, \d\d ok$/m)
  })
})

describe('a broken installation', () => {
  it.each(broken.filter((one) => isRoot || !one.needsRoot))(
    'is explained when $what: $rule',
    async ({ rule, break: spoil, log, fix, also = [], ...rest }) => {
      const said = spoil(here)
      const args = Array.isArray(said) ? (said as string[]) : []
      const { exit, bad } = await diagnose(...args)
      const outcome = rest.outcome ?? 'failed'
      const check = bad.find((one) => one.rule === rule)
      expect({ exit, ...check }).toMatchObject({
        exit: outcome === 'failed' ? 20 : 0,
        rule,
        outcome,
        log_line: log === null ? null : log(here),
        fix: expect.stringMatching(fix),
        expected: expect.stringMatching(/./),
      })
      const others = new Set(bad.map((one) => one.rule).filter((one) => isRoot || one !== 'program_owner'))
      expect([...others].filter((one) => one !== rule && !also.includes(one))).toEqual([])
    },
  )

  it('is explained to people with place, log line and fix', async () => {
    chmodSync(here.program, 0o644)
    const { exit, stdout } = await doctor(...here.where)
    expect(exit).toBe(20)
    expect(stdout).toMatch(/^FAILED +program_executable/m)
    expect(stdout).toContain(
      `osquery logs  Will not autoload extension with unsafe directory permissions: ${here.program}`,
    )
    expect(stdout).toContain(`fix           sudo chmod 755 ${here.program}`)
  })

  it('lets --allow_unsafe turn a refusal into a warning, and warns of the flag', async () => {
    chmodSync(here.program, 0o757)
    here.writeFlags('--allow_unsafe')
    const { exit, bad } = await diagnose()
    expect(exit).toBe(0)
    const rules = bad.map((check) => `${check.rule} ${check.outcome}`)
    expect(rules).toEqual(
      expect.arrayContaining(['program_not_writable_by_others warning', 'flag_allow_unsafe warning']),
    )
  })

  it('tells a user who may not connect to the socket', async ({ skip }) => {
    if (!isRoot) return skip('needs root to become somebody else')
    chmodSync(here.root, 0o755)
    chmodSync(here.socket, 0o755)
    const state = join(here.root, 'theirs')
    mkdirSync(state, { mode: 0o700 })
    chownSync(state, 65534, 65534)
    const args = ['doctor', ...here.where, '--format', 'json']
    const ended = await threecx(state, args, {}, 65534).catch(() => undefined)
    if (ended?.stdout === '' || ended === undefined) return skip('an unprivileged user cannot read this checkout')
    const checks = JSON.parse(ended.stdout) as Reported[]
    expect(checks.find((check) => check.rule === 'socket_permission')).toMatchObject({
      outcome: 'failed',
      log_line: unavailable(here),
      fix: expect.stringContaining('sudo'),
    })
  })

  it('says when --socket is not where osqueryd listens', async () => {
    const other = join(here.root, 'run', 'other.em')
    const server = createServer((connection) => connection.destroy())
    await new Promise<void>((resolve) => server.listen(other, resolve))
    try {
      const { bad } = await diagnose('--socket', other)
      expect(bad.filter((check) => check.rule !== 'program_owner')).toMatchObject([
        { rule: 'flag_extensions_socket', log_line: `Extension socket not available: ${other}` },
      ])
    } finally {
      server.close()
    }
  })
})

describe('a wrong command line', () => {
  it.each([
    [['a', 'b'], 'unexpected argument "b"'],
    [['--osquery', 'launcher'], '--osquery is "launcher"; expected osquery, orbit'],
  ])('%j is explained with exit code 2', async (args, message) => {
    const { exit, stderr } = await doctor(...args)
    expect({ exit, isExplained: stderr.includes(message) }).toEqual({ exit: 2, isExplained: true })
  })
})
