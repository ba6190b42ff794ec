/** Rules of Windows and macOS, and the ones no test can bring about on a real file, on made-up facts. */
import { describe, expect, it } from 'vitest'
import { binaryFormat } from '../../../extension/deployment/binary-format.ts'
import { examine, rules } from '../../../extension/deployment/examine.ts'
import type { FileFacts, HostFacts, ProgramFacts } from '../../../extension/deployment/facts.ts'
import { parseFlags } from '../../../extension/deployment/flags-file.ts'
import { isOurs, layoutOf } from '../../../extension/deployment/layout.ts'
import { parseLoadFile } from '../../../extension/deployment/load-file.ts'
import { type Check, outcomes } from '../../../extension/deployment/rule.ts'
import type { BundleStatus } from '../../../extension/domain/bundle.ts'
import { type Platform, platforms } from '../../../extension/domain/platform.ts'
import { elfProgram, machoProgram, peProgram, universalProgram } from '../../support/program-file.ts'

const trustDirectory = '/etc/threecx-hunter/trusted-keys'
const administrators = 'O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)'

const programs = { windows: peProgram('x64'), darwin: machoProgram('arm64'), linux: elfProgram('x64') }

function file(path: string, more: Partial<FileFacts> = {}): FileFacts {
  const base = {
    nature: 'file',
    isLink: false,
    realPath: path,
    identity: `1:${path}`,
    uid: 0,
    gid: 0,
    mode: 0o755,
  } as const
  return { path, size: 128, ...base, ...more }
}

interface Change {
  readonly program?: Partial<ProgramFacts>
  readonly parent?: Partial<FileFacts>
  readonly flags?: string
  readonly socket?: Partial<HostFacts['socket']>
  readonly host?: Partial<HostFacts>
}

/** Facts of a host where everything is right, but for a change. */
function host(platform: Platform, change: Change = {}): HostFacts {
  const layout = layoutOf('osquery', platform)
  const path = `${layout.directory}${platform === 'windows' ? '\\' : '/'}${layout.fileName}`
  const sddl = platform === 'windows' ? { sddl: administrators } : {}
  const program = {
    ...file(path, sddl),
    parent: file(layout.directory, { nature: 'directory', ...sddl, ...change.parent }),
    format: binaryFormat(programs[platform]),
    mountOptions: ['rw'],
    ...change.program,
  }
  const entry = { line: 1, path: program.path, isAbsolute: true, found: program, below: [], isCut: false }
  return {
    platform,
    arch: platform === 'darwin' ? 'arm64' : 'x64',
    uid: platform === 'windows' ? -1 : 0,
    layout,
    program,
    loadFile: { ...file(layout.loadFile), mode: 0o644, text: parseLoadFile(`${program.path}\n`), entries: [entry] },
    flagsFile: { ...file(layout.flagsFile), isNamed: false, text: parseFlags(change.flags ?? '') },
    socket: {
      ...file(layout.socket, { nature: 'socket' }),
      parent: file('/var/osquery', { nature: 'directory' }),
      connection: 'answered',
      isNamed: false,
      ...change.socket,
    },
    state: file('/var/lib/threecx-hunter', { nature: 'directory', mode: 0o700 }),
    bundle: { status: { state: 'none', troubles: [] }, trust: [trustDirectory], keys: [], keyProblems: [], now: 0 },
    ...change.host,
  }
}

const bad = (facts: HostFacts): Check[] =>
  examine(facts).filter(({ outcome }) => outcome === 'failed' || outcome === 'warning')
const briefly = (facts: HostFacts) => bad(facts).map(({ rule, outcome }) => `${rule} ${outcome}`)

describe('the rules', () => {
  it.each(platforms)('have one id each on %s', (platform) => {
    const ids = rules.filter((rule) => rule.platforms?.includes(platform) ?? true).map((rule) => rule.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !/^[a-z]+(_[a-z]+)*$/.test(id))).toEqual([])
  })

  it.each(platforms)('find nothing wrong with a sound host of %s', (platform) => {
    expect(bad(host(platform))).toEqual([])
  })

  it('give every broken one something to expect and a fix', () => {
    const spoilt = host('linux', {
      program: { uid: 5, mode: 0o666, isLink: true, format: { kind: 'empty' }, mountOptions: ['noexec'] },
      parent: { mode: 0o1777 },
      flags:
        '--disable_extensions\n--disable_watchdog\n--allow_unsafe\n--extensions_require=/x\n--extensions_interval=0\n--enable_extensions_watchdog\n--watchdog_utilization_limit=3\n',
      socket: { connection: 'timeout' },
    })
    expect(bad(spoilt).length).toBeGreaterThan(12)
    expect(bad(spoilt).filter((check) => !check.expected || !check.fix || !outcomes.includes(check.outcome))).toEqual(
      [],
    )
  })

  it('never change the facts', () => {
    const facts = structuredClone(host('linux'))
    examine(facts)
    expect(facts).toEqual(host('linux'))
  })
})

describe('on Windows', () => {
  it('a foreign writer to the file or to its directory is refused with the icacls commands', () => {
    const sddl = `${administrators}(A;;FA;;;BU)`
    for (const change of [{ program: { sddl } }, { parent: { sddl } }]) {
      const checks = bad(host('windows', change))
      expect(checks).toMatchObject([
        {
          rule: 'access_list',
          outcome: 'failed',
          found: 'BU may write',
          fix: expect.stringContaining('/inheritance:r'),
        },
      ])
      expect(checks[0]?.logLine).toMatch(/^Will not autoload extension with unsafe directory permissions: C:\\/)
    }
  })

  it('what could not be read is said not to be checked', () => {
    const { sddl: _, ...blind } = host('windows').program
    const facts = host('windows')
    const checks = examine({ ...facts, program: { ...blind, parent: file('C:\\x', { nature: 'directory' }) } })
    const notChecked = checks.filter((check) => check.outcome === 'not_checked').map((check) => check.rule)
    expect(notChecked).toEqual(expect.arrayContaining(['program_owner', 'access_list']))
  })

  it('an owner who is neither administrative nor the caller is refused', () => {
    const sddl = administrators.replace('O:BA', 'O:S-1-5-21-1-2-3-1001')
    expect(briefly(host('windows', { program: { sddl } }))).toEqual(['program_owner failed'])
    expect(briefly(host('windows', { program: { sddl }, host: { sid: 'S-1-5-21-1-2-3-1001' } }))).toEqual([])
  })

  it('a bare .ext is a warning: osquery would start Python with it', () => {
    const path = 'C:\\Program Files\\threecx-hunter\\threecx_hunter.ext'
    expect(bad(host('windows', { program: { path } }))).toMatchObject([
      { rule: 'program_suffix', outcome: 'warning', expected: '.ext.exe' },
    ])
  })

  it('another suffix is refused with the list osquery prints', () => {
    const path = 'C:\\x\\threecx_hunter.dll'
    expect(bad(host('windows', { program: { path } }))).toMatchObject([
      { rule: 'program_suffix', logLine: `Will not autoload extension not ending in one of '.exe', '.ext': ${path}` },
    ])
  })

  it('an ELF file and a pipe that is not there are explained', () => {
    const format = binaryFormat(elfProgram('x64'))
    expect(briefly(host('windows', { program: { format } }))).toEqual(['program_format failed'])
    expect(briefly(host('windows', { socket: { connection: 'missing' } }))).toEqual(['socket_answers failed'])
  })
})

describe('on macOS', () => {
  it('a universal program holds, one for x64 alone needs Rosetta, an ELF file does not start', () => {
    const judged = (bytes: Buffer) => briefly(host('darwin', { program: { format: binaryFormat(bytes) } }))
    expect(judged(universalProgram('x64', 'arm64'))).toEqual([])
    expect(judged(machoProgram('x64'))).toEqual(['program_format warning'])
    expect(judged(elfProgram('arm64'))).toEqual(['program_format failed'])
  })

  it('socket paths end four bytes earlier than on Linux', () => {
    const path = `/${'x'.repeat(98)}`
    const flags = `--extensions_socket=${path}\n`
    expect(briefly(host('darwin', { flags, socket: { path } }))).toEqual(['socket_path_length failed'])
    expect(briefly(host('linux', { flags, socket: { path } }))).toEqual(['socket_path_length warning'])
  })
})

describe('on Linux', () => {
  it.each([
    [97, []],
    [98, ['socket_path_length warning']],
    [101, ['socket_path_length warning']],
    [102, ['socket_path_length failed']],
    [107, ['socket_path_length failed']],
    [108, ['socket_path_length failed']],
  ])('a manager path of %i bytes: %j', (length, expected) => {
    const path = `/${'x'.repeat(length - 1)}`
    expect(briefly(host('linux', { flags: `--extensions_socket=${path}\n`, socket: { path } }))).toEqual(expected)
  })

  it('a mount with noexec is named with the number the kernel gives', () => {
    expect(bad(host('linux', { program: { mountOptions: ['rw', 'noexec'] } }))).toMatchObject([
      { rule: 'program_mount', logLine: expect.stringMatching(/^Could not start extension process: .*, error: 13$/) },
    ])
  })

  it('a group of users that may write is a warning, the group of root is not', () => {
    expect(briefly(host('linux', { program: { mode: 0o775, gid: 50 } }))).toEqual([
      'program_not_writable_by_others warning',
    ])
    expect(briefly(host('linux', { program: { mode: 0o775, gid: 0 } }))).toEqual([])
  })

  it('a manager that never accepts, and one that may not be asked, are told apart', () => {
    expect(briefly(host('linux', { socket: { connection: 'timeout' } }))).toEqual(['socket_answers failed'])
    expect(briefly(host('linux', { socket: { connection: 'denied' } }))).toEqual(['socket_permission failed'])
  })

  it('a watchdog that is on is judged by its limits', () => {
    const judged = (flags: string) => briefly(host('linux', { flags: `--enable_extensions_watchdog\n${flags}` }))
    expect(judged('')).toEqual([])
    expect(judged('--watchdog_level=-1\n')).toEqual([])
    expect(judged('--watchdog_level=1\n')).toEqual(['flag_enable_extensions_watchdog warning'])
    expect(judged('--watchdog_memory_limit=50\n')).toEqual(['flag_enable_extensions_watchdog warning'])
    expect(judged('--watchdog_level=1\n--watchdog_memory_limit=400\n--watchdog_utilization_limit=20\n')).toEqual([])
  })

  it('a state directory of somebody else, or a link, is refused', () => {
    const state = file('/var/lib/threecx-hunter', { nature: 'directory', mode: 0o700, uid: 7 })
    expect(briefly(host('linux', { host: { state } }))).toEqual(['state_directory failed'])
    expect(briefly(host('linux', { host: { state: { ...state, uid: 0, isLink: true } } }))).toEqual([
      'state_directory failed',
    ])
    expect(briefly(host('linux', { host: { state: { ...state, nature: 'missing' } } }))).toEqual([])
  })
})

describe('indicator bundles', () => {
  const bundle = { name: 'acme', version: 7, created: 0, signedBy: ['acme'], sha256: 'a'.repeat(64) }
  const trouble = { code: 'bundle_expired' as const, message: 'cannot use bundle x: it expired', version: 8 }
  const standing = (status: BundleStatus, keyProblems: readonly string[] = []) =>
    host('linux', { host: { bundle: { status, trust: [trustDirectory], keys: ['acme'], keyProblems, now: 86_400 } } })

  it('in force are well', () => {
    expect(briefly(standing({ state: 'in_force', bundle, troubles: [] }))).toEqual([])
    const far = { ...bundle, expires: 86_400 * 16 }
    expect(briefly(standing({ state: 'in_force', bundle: far, troubles: [] }))).toEqual([])
  })

  it('that cannot be used are named: a warning while an older one is in force, a failure without one', () => {
    const [fallback] = bad(standing({ state: 'fallback', bundle, troubles: [trouble] }))
    expect(fallback).toMatchObject({ rule: 'indicator_bundle', outcome: 'warning' })
    expect(fallback?.found).toBe('cannot use bundle x: it expired; in force is acme version 7')
    const [failed] = bad(standing({ state: 'failed', troubles: [trouble] }))
    expect(failed).toMatchObject({
      outcome: 'failed',
      fix: 'threecx indicators status --state /var/lib/threecx-hunter',
    })
  })

  it('that expire within days are told before they do', () => {
    const soon = { ...bundle, expires: 86_400 * 4 }
    const [check] = bad(standing({ state: 'in_force', bundle: soon, troubles: [] }))
    expect(check).toMatchObject({ outcome: 'warning', found: 'acme version 7, which expires in 3 days' })
  })

  it('have keys that are told when they cannot be trusted', () => {
    const facts = standing({ state: 'none', troubles: [] }, ['cannot trust x.pub: it belongs to uid 7'])
    expect(briefly(facts)).toEqual(['trusted_keys warning'])
  })
})

describe('the fix', () => {
  it('for orbit installs for orbit', () => {
    const layout = layoutOf('orbit', 'linux')
    const facts = host('linux', {
      host: { layout },
      program: { nature: 'missing' },
      flags: '--extensions_autoload=/etc/osquery/extensions.load\n',
    })
    expect(bad(facts).find((check) => check.rule === 'program_exists')?.fix).toBe(
      'sudo threecx extension install FILE --for orbit',
    )
  })
})

describe('names and places', () => {
  it.each(['threecx_hunter.ext', 'threecx_hunter_macos.ext', 'threecx_hunter-0.1.0.ext.exe', 'THREECX_HUNTER.EXT'])(
    '%s is ours',
    (name) => expect(isOurs(name)).toBe(true),
  )

  it.each(['threecx_hunters.ext', 'other.ext', 'threecx_hunter.ext.bak', 'my_threecx_hunter.ext', 'threecx_hunter'])(
    '%s is not',
    (name) => expect(isOurs(name)).toBe(false),
  )

  it.each([
    ['osquery', 'linux', '/etc/osquery/extensions.load', '/var/osquery/osquery.em'],
    ['osquery', 'darwin', '/var/osquery/extensions.load', '/var/osquery/osquery.em'],
    ['osquery', 'windows', 'C:\\Program Files\\osquery\\extensions.load', '\\\\.\\pipe\\osquery.em'],
    ['orbit', 'linux', '/opt/orbit/extensions.load', '/opt/orbit/orbit-osquery.em'],
    ['orbit', 'darwin', '/opt/orbit/extensions.load', '/opt/orbit/orbit-osquery.em'],
    ['orbit', 'windows', 'C:\\Program Files\\Orbit\\extensions.load', '\\\\.\\pipe\\orbit-osquery-extension'],
  ] as const)('%s on %s keeps %s and listens on %s', (whose, platform, loadFile, socket) => {
    expect(layoutOf(whose, platform)).toMatchObject({ loadFile, socket })
  })
})
