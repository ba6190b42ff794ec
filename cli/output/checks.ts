/**
 * The report of `threecx doctor`: one line for what is right, everything about what is not.
 */

import { tally } from '../../extension/deployment/examine.ts'
import { type Check, type Outcome, outcomes } from '../../extension/deployment/rule.ts'
import type { Row } from './format.ts'
import { printable } from './printable.ts'

/** Columns of a check in the formats for programs. */
export const checkColumns = ['rule', 'outcome', 'title', 'subject', 'found', 'expected', 'log_line', 'fix']

/** A check as a row. */
export function checkRow(check: Check): Row {
  const { rule, outcome, title, subject, found, expected = null, logLine = null, fix = null } = check
  return { rule, outcome, title, subject, found, expected, log_line: logLine, fix }
}

const words: Readonly<Record<Outcome, string>> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  not_checked: 'not checked',
}

/** The report for people. */
export async function* checkReport(checks: readonly Check[]): AsyncGenerator<string, void, undefined> {
  const width = Math.max(...checks.map((check) => check.rule.length), 0)
  const label = Math.max(...outcomes.map((one) => words[one].length))
  for (const check of checks) {
    yield `${words[check.outcome].padEnd(label)}  ${check.rule.padEnd(width)}  ${check.title}\n`
    if (check.outcome !== 'ok') yield details(check, ' '.repeat(label + 2))
  }
  yield `\n${summary(checks)}\n`
}

function details(check: Check, indent: string): string {
  const lines = [
    ['at', check.subject],
    ['found', check.found],
    ['expected', check.expected],
    ['osquery logs', check.logLine],
    ['fix', check.fix],
  ]
  return lines
    .flatMap(([name = '', text]) => (text === undefined ? [] : [`${indent}${name.padEnd(12)}  ${printable(text)}\n`]))
    .join('')
}

/** One line of numbers. */
export function summary(checks: readonly Check[]): string {
  const { ok, warning, failed, not_checked: notChecked } = tally(checks)
  return `${failed} failed, ${warning} warnings, ${notChecked} not checked, ${ok} ok`
}
