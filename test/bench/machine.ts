/** The machine of a run, as results describe it. */
import { arch, cpus, loadavg, release } from 'node:os'

/** Processor, cores, system, Node. */
export const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${process.platform} ${release()} ${arch()}, Node ${process.version}`

/** What the reader of results should know of the machine's other business, in its owner's words. */
export const note = process.env['THREECX_BENCH_NOTE'] ?? ''

/** Load of the last minute. */
export function load(): number {
  return loadavg()[0] ?? Number.NaN
}
