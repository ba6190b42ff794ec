/**
 * When the next full pass runs: arithmetic over times, without a clock of its own.
 *
 * Measured from the end of the last complete pass, which outlives the process; a clock that was set back never makes
 * a pass wait for longer than one interval.
 */
import type { Residence } from './residence.ts'

/** What is known when a process starts. */
export interface AtStart {
  readonly nowMs: number
  /** End of the last complete pass, if there is one for the indicators in force. */
  readonly lastMs: number | undefined
  /** Whether any complete pass is kept, if only for other indicators. */
  readonly hasPass: boolean
  /** Passes begun by earlier processes that never ended. */
  readonly begun: number
  /** 0 to 1. */
  readonly random: number
}

type Times = Pick<Residence, 'startDelayMs' | 'firstDelayMs' | 'intervalMs' | 'retryMs'>

/** When the first pass of a process begins. */
export function firstRun(times: Times, start: AtStart): number {
  const { nowMs, lastMs, hasPass, begun, random } = start
  const delay = hasPass ? random * times.startDelayMs : times.firstDelayMs
  // One pass that did not end may be a reboot. More look like a pass that kills its process: that must not go on.
  const patience = begun > 1 ? retryDelay(times, begun - 1) : 0
  const earliest = nowMs + Math.max(delay, patience)
  return lastMs === undefined ? earliest : Math.max(earliest, nextRun(times, lastMs, nowMs))
}

/** When the pass after a complete one begins. */
export function nextRun(times: Times, lastMs: number, nowMs: number): number {
  return Math.min(lastMs, nowMs) + times.intervalMs
}

/** The wait after so many failures in a row. */
export function retryDelay(times: Times, failures: number): number {
  return Math.min(times.intervalMs, times.retryMs * 2 ** Math.min(failures - 1, 20))
}
