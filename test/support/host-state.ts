/**
 * States of hosts for tests of verdicts, and what they are made of.
 */
import type { Artifact } from '../../extension/domain/artifact.ts'
import type { Execution } from '../../extension/domain/execution.ts'
import type { HostState } from '../../extension/domain/host-state.ts'
import type { Stage } from '../../extension/domain/indicator.ts'
import type { Install } from '../../extension/domain/install.ts'
import type { TiedProcess } from '../../extension/domain/process.ts'
import type { Scan } from '../../extension/domain/scan.ts'

/** A host with nothing on it. */
export const nothingFound: HostState = {
  artifacts: [],
  installs: [],
  processes: [],
  contacts: [],
  executions: [],
  paddingCheck: 'unknown',
}

/** An artifact with one finding, of the structure `trait`. */
export function artifactOf(stage: Stage, more: Partial<Artifact> = {}, trait = 'carrier_payload'): Artifact {
  const indicator = { id: 'x/1', set: 'x', number: 1, type: 'structure', value: trait, component: 'carrier' } as const
  const observable = { type: 'structure', value: trait } as const
  return {
    path: '/x/one.dll',
    imagePath: '/x/one.dll',
    size: 1,
    mode: 0o644,
    uid: 0,
    gid: 0,
    owner: '',
    btime: 0,
    atime: 0,
    mtime: 0,
    ctime: 0,
    platform: undefined,
    digests: {},
    product: undefined,
    payloads: [],
    notes: [],
    verdict: 'malicious',
    level: 'critical',
    findings: [
      {
        indicator: { ...indicator, stage, status: 'malicious', level: 'critical' },
        observable,
        evidence: { source: 'structure', observables: [observable] },
      },
    ],
    ...more,
  }
}

/** An install of a compromised release, there now, for everybody. */
export function installOf(more: Partial<Install> = {}): Install {
  return {
    platform: 'windows',
    path: '/x/3CXDesktopApp.exe',
    imagePath: 'C:\\3CX\\3CXDesktopApp.exe',
    home: 'C:\\3CX',
    version: '18.12.416',
    affected: true,
    state: 'present',
    user: '',
    scope: 'machine',
    source: 'program',
    evidence: [{ source: 'program', path: '/x/3CXDesktopApp.exe' }],
    indicators: [],
    ...more,
  }
}

/** An install of which nothing tells the version. */
export function installOfUnknownVersion(more: Partial<Install> = {}): Install {
  const { version: _version, affected: _affected, ...rest } = installOf(more)
  return rest
}

/** A running second stage. */
export function processOf(more: Partial<TiedProcess> = {}): TiedProcess {
  const component = 'UpdateAgent'
  const said = { type: 'path', value: '/x/UpdateAgent', component, stage: 'macos_second_stage' } as const
  return {
    pid: 31,
    parent: 1,
    name: component,
    path: '/x/UpdateAgent',
    cmdline: '/x/UpdateAgent',
    uid: 501,
    user: 'alice',
    startTime: undefined,
    image: '/x/UpdateAgent',
    version: undefined,
    affected: undefined,
    sha256: undefined,
    verdict: 'malicious',
    level: 'critical',
    evidence: [{ ...said, verdict: 'malicious', level: 'critical' }],
    ...more,
  }
}

/** A clean app that runs. */
export function cleanAppRunning(): TiedProcess {
  const said = { type: 'name', value: 'x', component: '3CX Desktop App', stage: 'loader_host' } as const
  const benign = { verdict: 'benign', level: 'informational' } as const
  return processOf({ path: '/x/3CXDesktopApp.exe', ...benign, evidence: [{ ...said, ...benign }] })
}

/** The second stage, which ran before. */
export function executionOf(more: Partial<Execution> = {}): Execution {
  const said = { type: 'path', value: '/x/UpdateAgent', component: 'UpdateAgent', stage: 'macos_second_stage' } as const
  return {
    source: 'auditd',
    sourcePath: '/var/log/audit/audit.log',
    record: '1680000000.123:42',
    platform: 'darwin',
    proof: 'ran',
    path: '/x/UpdateAgent',
    cmdline: '',
    user: 'alice',
    time: 1250,
    lastTime: 1270,
    count: 3,
    affected: undefined,
    verdict: 'malicious',
    level: 'critical',
    evidence: [{ ...said, verdict: 'malicious', level: 'critical' }],
    ...more,
  }
}

/** A pass that saw everything. */
export function scanOf(more: Partial<Scan> = {}): Scan {
  return {
    scan: 'places',
    source: 'file',
    root: '/',
    started: 100,
    finished: 200,
    state: 'finished',
    files: 1,
    bytes: 1,
    hashed: 1,
    cached: 0,
    skipped: 0,
    unexamined: 0,
    errors: [],
    truncated: false,
    durationMs: 1,
    indicatorsVersion: 'v',
    ...more,
  }
}
