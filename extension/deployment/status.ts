/**
 * How an installation stands, in one glance: from the facts and the checks, nothing of its own.
 */
import { tally } from './examine.ts'
import type { HostFacts } from './facts.ts'
import type { Check } from './rule.ts'

/** The glance. */
export interface Status {
  readonly program: string
  readonly isInstalled: boolean
  readonly loadFile: string
  readonly isListed: boolean
  readonly failed: number
  readonly warnings: number
  readonly notChecked: number
  /** Installed, listed, and no rule broken. */
  readonly isSound: boolean
}

/** The status of the executable that the facts are about. */
export function statusOf(facts: HostFacts, checks: readonly Check[]): Status {
  const isInstalled = facts.program.nature === 'file'
  const isListed = isInstalled && checks.some((one) => one.rule === 'load_file_lists_program' && one.outcome === 'ok')
  const { failed, warning, not_checked: notChecked } = tally(checks)
  const { path: program } = facts.program
  const isSound = isInstalled && isListed && failed === 0
  return {
    program,
    isInstalled,
    loadFile: facts.loadFile.path,
    isListed,
    failed,
    warnings: warning,
    notChecked,
    isSound,
  }
}
