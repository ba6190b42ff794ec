/**
 * Pings the event loop of one of our programs every 100 ms, as osquery pings an extension, while the program does its job.
 *
 * A ping that falls due while the loop is held waits until it is free, and so does each further one: that is what osquery
 * would wait. `monitorEventLoopDelay` counts a long hold once, however many pings fall into it. How long each waited goes
 * to the file that `THREECX_BENCH_PINGS` names, when the program ends; without it nothing is done.
 */
import { writeFileSync } from 'node:fs'

const everyMs = 100

/** Begins; call it where the job begins, behind the start-up. */
export function startPings(): void {
  const report = process.env['THREECX_BENCH_PINGS']
  if (report === undefined) return
  const waits: number[] = []
  let due = performance.now() + everyMs
  const answer = (): void => {
    for (const now = performance.now(); due <= now; due += everyMs) waits.push(now - due)
  }
  const wait = (): void => {
    setTimeout(() => {
      answer()
      wait()
    }, due - performance.now()).unref()
  }
  wait()
  process.on('exit', () => {
    answer()
    writeFileSync(report, JSON.stringify(waits))
  })
}
