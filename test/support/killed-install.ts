/**
 * Installs a bundle and is killed at the nth change of the file system: between any two steps of an installation there
 * is one run of this that ends there.
 *
 * Arguments: n, state directory, directory of trusted keys, bundle, the time.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [step = '', state = '', trust = '', file = '', now = ''] = process.argv.slice(2)
let left = Number(step)

for (const name of ['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync', 'rmSync'] as const) {
  const original = fs[name] as (...args: unknown[]) => unknown
  const counted = (...args: unknown[]): unknown => {
    if (isCounting && left-- === 0) process.kill(process.pid, 'SIGKILL')
    return original(...args)
  }
  Object.assign(fs, { [name]: counted })
}
syncBuiltinESMExports()

let isCounting = false
const { installBundle } = await import('../../extension/indicators/bundle/install.ts')
const { readBundleFile } = await import('../../extension/indicators/bundle/open-bundle.ts')
const { BundleStore } = await import('../../extension/indicators/bundle/store.ts')
const { readTrust } = await import('../../extension/indicators/bundle/trust.ts')
await import('../../extension/indicators/bundle/check-payload.ts')

const bytes = readBundleFile(file, true)
const request = {
  bytes,
  file,
  trust: readTrust([trust]),
  now: Number(now),
  inspect: async () => {
    isCounting = true // verified; what follows changes the disk
  },
}
await installBundle(new BundleStore(state), request)
isCounting = false
