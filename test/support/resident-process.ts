/**
 * A resident hunt in a process of its own, for tests that kill it. Tells its parent when a full scan that it started
 * itself is in the wanted state, and stays.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openResidentCatalogue } from '../../extension/catalogue.ts'
import { openLog } from '../../extension/runtime/log.ts'

const task = JSON.parse(process.argv[2] ?? '') as {
  root: string
  state: string
  pace: { cpuShare: number }
  wanted: string
}
const residence = {
  startDelayMs: 0,
  firstDelayMs: 0,
  intervalMs: 0,
  rememberMs: 0,
  pace: { idle: true, cpuShare: task.pace.cpuShare },
}
const settings = { root: task.root, platform: 'windows' as const, stateDir: task.state, residence }
const { hunter } = await openResidentCatalogue(settings, openLog('warn'))
hunter.start()
const signal = new AbortController().signal
process.once('disconnect', () => process.exit())
for (;;) {
  const scans = await hunter.scans(signal)
  if (scans.some((scan) => scan.scan === 'full' && scan.state === task.wanted)) break
  await sleep(5)
}
process.send?.('there')
