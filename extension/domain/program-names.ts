/**
 * What the names of a program say, running or run before: its path, its arguments, and what it is by them.
 *
 * The same for a process that is there now and for a record of one that ran: no file is opened for it. Records write a
 * path of Windows in many ways (by drive, device, volume or known folder); for comparing they are one.
 */
import type { Finding } from './finding.ts'
import type { Matcher } from './match.ts'
import type { Platform } from './platform.ts'
import type { ProcessEvidence, ProcessRole } from './process.ts'
import type { Fields } from './trait.ts'

/** Names of a program as something wrote them down. */
export interface ProgramNames {
  readonly path: string
  readonly cmdline: string
  /** First argument, where arguments are kept apart. */
  readonly argument0?: string
}

/** What indicators say of a path and a command line, before any file is opened. */
export function nameFindings(
  matcher: Matcher,
  source: string,
  platform: Platform,
  { path, cmdline, argument0 = '' }: ProgramNames,
): Finding[] {
  // Wine runs programs of Windows, by the names they have there; what a command line means does not depend on the host.
  const paths = [
    { path, platform },
    ...(/^[A-Za-z]:\\/.test(argument0) ? [{ path: argument0, platform: 'windows' as const }] : []),
  ]
  const base = { source, path }
  return [
    ...paths.flatMap((one) =>
      matcher.match({
        ...base,
        platform: one.platform,
        observables: [{ type: 'path', value: belowRoot(one.path, one.platform) }],
      }),
    ),
    ...matcher.match({ ...base, observables: [{ type: 'command_line', value: cmdline }] }),
  ]
}

/** Prefixes that name a volume: `C:\`, `\??\C:\`, `\Device\HarddiskVolume3\`, `\VOLUME{01d9...}\`, `SYSVOL\`. */
const volume = /^(?:\\\\[?.]\\|\\\?\?\\)?(?:[a-z]:\\|\\?device\\harddiskvolume\d+\\|\\?volume\{[^{}\\]*\}\\|sysvol\\)/i

/** Folders that Windows names by number where it counts starts. learn.microsoft.com, KNOWNFOLDERID. */
const knownFolders: Readonly<Record<string, string>> = {
  '{6d809377-6af0-444b-8957-a3773f02200e}': 'Program Files',
  '{7c5a40ef-a0fb-4bfc-874a-c0f2e0b9fa8e}': 'Program Files (x86)',
  '{905e63b6-c1bf-494e-b29c-65b732d3d21a}': 'Program Files',
  '{f38bf404-1d43-42f2-9305-67de0b28fc23}': 'Windows',
  '{1ac14e77-02e7-4e5d-b744-2eb1ae5198b7}': 'Windows/System32',
  '{d65231b0-b2f1-4857-a4ce-a8e7c6ea7d27}': 'Windows/SysWOW64',
  '{62ab5d82-fdc1-4dc3-a9dd-070d1d495d97}': 'ProgramData',
}

/** A path below the root of its volume, with `/` between components. */
export function belowRoot(path: string, platform: Platform): string {
  if (platform !== 'windows') return path.replace(/^\/+/, '')
  const [, guid = '', rest = ''] = /^(\{[0-9a-f-]{36}\})\\(.*)$/is.exec(path) ?? []
  const folder = knownFolders[guid.toLowerCase()]
  const below = folder === undefined ? path.replace(volume, '') : `${folder}/${rest}`
  return below.replaceAll('\\', '/')
}

/** What a role is judged by. */
export interface RoleFacts extends ProgramNames {
  readonly role: ProcessRole | undefined
  /** Shown for an app whose version is known. */
  readonly name: string
  readonly version: string | undefined
  /** What indicators say of the names. */
  readonly findings: readonly Finding[]
  readonly fields: Fields
}

/** What the role of a program says of it, where it has one. */
export function roleEvidence({ role, path, cmdline, name, version, findings, fields }: RoleFacts): ProcessEvidence[] {
  const agent = { component: 'UpdateAgent', stage: 'macos_second_stage' } as const
  const app = { component: '3CX Desktop App', stage: 'loader_host' } as const
  switch (role) {
    case undefined:
      return []
    case 'agent':
      return [{ type: 'path', value: path || cmdline, verdict: 'malicious', level: 'critical', ...agent, fields }]
    case 'agent_named':
      if (findings.some(({ observable }) => observable.type === 'command_line')) return []
      return [{ type: 'command_line', value: cmdline, verdict: 'suspicious', level: 'medium', ...agent, fields }]
    case 'app':
      // An app that cannot be told from a compromised one is not called clean.
      return version === undefined
        ? [{ type: 'name', value: 'version unknown', verdict: 'suspicious', level: 'low', ...app, fields }]
        : [{ type: 'name', value: name, verdict: 'benign', level: 'informational', ...app, fields }]
  }
}
