/**
 * Installs a bundle and keeps a copy of the state directory before each change of the file system: what a kill at that
 * moment would leave. At the nth change it is killed for real.
 *
 * Arguments: state directory, directory of trusted keys, bundle, the time, directory for the copies, n or -1.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

const [state = '', trust = '', file = '', now = '', copies = '', last = ''] = process.argv.slice(2)
let step = 0
let isCounting = false

for (const name of ['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync', 'rmSync'] as const) {
  const original = fs[name] as (...args: unknown[]) => unknown
  const counted = (...args: unknown[]): unknown => {
    if (isCounting) pause()
    return original(...args)
  }
  Object.assign(fs, { [name]: counted })
}
syncBuiltinESMExports()

function pause(): void {
  if (step === Number(last)) process.kill(process.pid, 'SIGKILL')
  isCounting = false // copying opens files, too
  if (last === '-1') fs.cpSync(state, join(copies, String(step).padStart(3, '0')), { recursive: true })
  isCounting = true
  step++
}

const { installBundle } = await import('../../extension/indicators/bundle/install.ts')
const { readBundleFile } = await import('../../extension/indicators/bundle/open-bundle.ts')
const { BundleStore } = await import('../../extension/indicators/bundle/store.ts')
const { readTrust } = await import('../../extension/indicators/bundle/trust.ts')

await installBundle(new BundleStore(state), {
  bytes: readBundleFile(file, true),
  file,
  trust: readTrust([trust]),
  now: Number(now),
  inspect: async () => {
    isCounting = true // it is verified: what follows changes the disk
  },
})
isCounting = false
