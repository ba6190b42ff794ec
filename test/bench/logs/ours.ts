/**
 * Our side of the contest over logs, as a process of its own: `ours.ts LOG LIST` prints the found lines, as `grep` does,
 * and to the third argument, a file, what it cost.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { openEngine } from '../../../extension/native/index.ts'
import { startPings } from '../pings.ts'

const [log = '', list = '', report = ''] = process.argv.slice(2)
const patterns = readFileSync(list, 'latin1')
  .split('\n')
  .filter((line) => line !== '')
const { engine } = await openEngine({})
startPings()
const limits = { headLines: 0, maxLineBytes: 4096, maxLines: 1_000_000, maxBytes: 2 ** 40, timeoutMs: 600_000 }
const file = { root: 0, path: '' }
for await (const batch of engine.lines([log], file, { patterns, ...limits }, new AbortController().signal)) {
  if (batch.problem) throw new Error(batch.problem.message)
  for (const { bytes } of batch.lines) process.stdout.write(`${Buffer.from(bytes).toString('latin1')}\n`)
}
const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
writeFileSync(report, JSON.stringify({ engine: engine.name, rssMb: Number(peak) / 1024 }))
