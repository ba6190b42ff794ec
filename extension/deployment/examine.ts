/**
 * The rules, all of them, applied to the facts of a host.
 */
import type { HostFacts } from './facts.ts'
import type { Check, Outcome, Rule } from './rule.ts'
import { bundleRules } from './rules/bundle.ts'
import { flagRules } from './rules/flags.ts'
import { loadFileRules } from './rules/load-file.ts'
import { programRules } from './rules/program.ts'
import { socketRules } from './rules/socket.ts'
import { stateRules } from './rules/state.ts'
import { windowsRules } from './rules/windows.ts'

/** Every rule, in the order of the report. */
export const rules: readonly Rule[] = [
  ...programRules,
  ...windowsRules,
  ...loadFileRules,
  ...flagRules,
  ...socketRules,
  ...stateRules,
  ...bundleRules,
]

/** Applies every rule that holds on the platform. */
export function examine(facts: HostFacts): readonly Check[] {
  return rules
    .filter((rule) => rule.platforms === undefined || rule.platforms.includes(facts.platform))
    .flatMap((rule) => rule.judge(facts).map((judgement) => ({ rule: rule.id, title: rule.title, ...judgement })))
}

/** How many checks came out how. */
export function tally(checks: readonly Check[]): Readonly<Record<Outcome, number>> {
  const count = { ok: 0, warning: 0, failed: 0, not_checked: 0 }
  for (const { outcome } of checks) count[outcome]++
  return count
}
