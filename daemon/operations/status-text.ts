/**
 * The standing in words, for `threecx daemon status`.
 */
import { unreadyReasons } from './health.ts'
import type { DaemonStanding } from './standing.ts'

/** A few lines that a person reads; `nowSeconds` is unix time. */
export function statusText(standing: DaemonStanding, nowSeconds: number): string {
  const { queries, sinks, problems } = standing
  const reasons = unreadyReasons(standing)
  const ago = (seconds: number | undefined) => (seconds === undefined ? 'never' : `${span(nowSeconds - seconds)} ago`)
  return [
    `threecx daemon ${standing.version}, process ${standing.pid}, running for ${span(nowSeconds - standing.started)}`,
    `engine ${standing.engine}, ${standing.isEngineReached ? 'answers' : 'does not answer'}; ${mebibytes(standing.rssBytes)} MiB resident`,
    reasons.length === 0 ? 'ready' : `not ready: ${reasons.join('; ')}`,
    ...problems.map((problem) => `problem: ${problem}`),
    '',
    'queries',
    ...queries.map(({ query, runs, failures, lastRows, lastMs, lastRun, nextRun, lastError, denylisted }) =>
      [
        `  ${query}: ${runs} runs, ${failures} failed, last ${ago(lastRun)}`,
        lastRows === undefined ? '' : `, ${lastRows} rows in ${lastMs ?? 0} ms`,
        nextRun === undefined ? '' : `, next in ${span(nextRun - nowSeconds)}`,
        lastError === undefined ? '' : `, last error: ${lastError}`,
        denylisted ? `, denylisted for ${span(denylisted.until - nowSeconds)}: ${denylisted.reason}` : '',
      ].join(''),
    ),
    '',
    `sinks (stream ${standing.stream}, ${standing.newest} events so far)`,
    ...sinks.map((sink) =>
      [
        `  ${sink.sink}: ${sink.delivered} delivered, ${sink.waiting} waiting (${mebibytes(sink.waitingBytes)} MiB)`,
        sink.oldest === undefined ? '' : `, oldest ${ago(sink.oldest)}`,
        `, ${sink.dropped} dropped, ${sink.deadLetters} dead letters, ${sink.damaged} damaged`,
        `, circuit ${sink.circuit.replace('_', ' ')}`,
        sink.lastError === undefined ? '' : `, last error: ${sink.lastError}`,
      ].join(''),
    ),
    '',
  ].join('\n')
}

function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 120) return `${whole} s`
  if (whole < 7200) return `${Math.round(whole / 60)} min`
  return whole < 172_800 ? `${Math.round(whole / 3600)} h` : `${Math.round(whole / 86_400)} d`
}

function mebibytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(bytes < 100 << 20 ? 1 : 0)
}
