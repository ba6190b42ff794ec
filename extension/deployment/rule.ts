/**
 * What a rule is: one thing osquery (or good sense) demands of an installation, and what to do when it is not so.
 *
 * All rules have this one shape. `judge` is pure: it sees the gathered facts and nothing else. `logLine` is what
 * osquery itself prints, without its time and source columns, so that somebody who searches for the line finds the rule.
 */
import type { Platform } from '../domain/platform.ts'
import type { HostFacts } from './facts.ts'

/** How a check came out. A warning works today; a failure does not, or gives root away. */
export const outcomes = ['ok', 'warning', 'failed', 'not_checked'] as const

/** One of them. */
export type Outcome = (typeof outcomes)[number]

/** What a rule says of one thing it looked at. */
export interface Judgement {
  readonly outcome: Outcome
  /** The path or flag it is about. */
  readonly subject: string
  readonly found: string
  /** Left out when there is nothing to want. */
  readonly expected?: string
  /** What osquery prints for it. */
  readonly logLine?: string
  /** A command, or what to change. */
  readonly fix?: string
}

/** A rule. */
export interface Rule {
  /** Permanent, snake_case. */
  readonly id: string
  /** What is checked, in one line. */
  readonly title: string
  /** Left out: everywhere. */
  readonly platforms?: readonly Platform[]
  judge(facts: HostFacts): readonly Judgement[]
}

/** A judgement with the rule it comes from: one line of the report. */
export interface Check extends Judgement {
  readonly rule: string
  readonly title: string
}

/** Nothing wrong. */
export function ok(subject: string, found: string): Judgement {
  return { outcome: 'ok', subject, found }
}

/** Not looked at, and why. */
export function notChecked(subject: string, found: string): Judgement {
  return { outcome: 'not_checked', subject, found }
}

/** A path as an argument of a command line of the platform: quoted when it must be. */
export function argument(path: string, platform: Platform): string {
  if (/^[\w@%+=:,./-]+$/.test(path)) return path
  return platform === 'windows' ? `"${path}"` : `'${path.replaceAll("'", `'\\''`)}'`
}

/** The command that installs a file for the host the facts are about. */
export function installCommand(facts: HostFacts, file: string, more = ''): string {
  const { platform, host } = facts.layout
  const whose = host === 'osquery' ? '' : ` --for ${host}`
  return `${platform === 'windows' ? '' : 'sudo '}threecx extension install ${file}${whose}${more}`
}
