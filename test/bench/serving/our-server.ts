/**
 * Our contender: an extension as a user of the SDK writes one, and a measure of how long its serving loop was held.
 *
 * Milliseconds are written to the file THREECX_BENCH_HELD names when the extension ends.
 */
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { runExtension } from 'osquery-extension-sdk/extension'

const delay = monitorEventLoopDelay({ resolution: 1 })
process.on('SIGUSR2', () => delay.enable()) // the start is not what is measured
process.exitCode = await runExtension({
  name: 'bench',
  version: '1.0.0',
  plugins: new URL('./plugins.ts', import.meta.url),
  heapMb: 96,
})
const held = process.env['THREECX_BENCH_HELD']
if (held) writeFileSync(held, String(delay.max / 1e6))
