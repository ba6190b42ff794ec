/** The targets and what a run measured of them, as one table in Markdown. */
import type { Results } from '../results.ts'
import { type Judged, judge, type Verdict, verdictOf } from './judge.ts'
import { type Target, targets } from './targets.ts'

/** The table; a target has a line for each of its measurements, its verdict on the first. */
export function targetsTable(results: Results): string {
  const lines = targets.flatMap((target) => linesOf(target, judge(target, results)))
  return [
    '| work | rival | at least | verdict | measured | median | rounds |',
    '|---|---|---|---|---|---|---|',
    ...lines.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n')
}

/** How many targets came to each verdict. */
export function countVerdicts(results: Results): Record<Verdict, number> {
  const count: Record<Verdict, number> = { met: 0, missed: 0, 'not measured': 0 }
  for (const target of targets) count[verdictOf(judge(target, results))]++
  return count
}

function linesOf({ work, rival, atLeast }: Target, judged: readonly Judged[]): string[][] {
  const head = [work, rival, atLeast, `**${verdictOf(judged)}**`]
  return judged.map((one, at) => [...(at === 0 ? head : head.map(() => '')), ...cellsOf(one)])
}

function cellsOf(judged: Judged): string[] {
  const { label, isJudged } = judged.measure
  const name = isJudged ? label : `${label} (beside)`
  if ('missing' in judged) return [name, `not measured: ${judged.missing}`, '']
  const { measured, isMet, isAimMet } = judged
  const text = valueText(judged)
  const aim = isAimMet ? ', aim too' : ''
  const verdict = isJudged ? `, ${isMet ? 'met' : 'missed'}${aim}` : ''
  return [name, `${text(measured.middle)}${verdict}`, spread(judged, text)]
}

function spread(
  { measure, measured }: Extract<Judged, { measured: unknown }>,
  text: (value: number) => string,
): string {
  if (measure.kind === 'pings')
    return `${measured.of} ${measured.of === 1 ? 'ping' : 'pings'}, longest ${text(measured.most)}`
  if (measured.of === 1) return 'one'
  return `${text(measured.least)} to ${text(measured.most)} in ${measured.of}`
}

function valueText({ measure }: Judged): (value: number) => string {
  if (measure.kind === 'pings') return (value) => `${value.toFixed(1)} ms`
  if (measure.kind === 'share') return (value) => `${(value * 100).toFixed(1)} %`
  return (value) => value.toFixed(2)
}
