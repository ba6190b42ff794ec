/**
 * The native add-on of the executable: carried inside, unpacked below the state directory, proved, loaded from there.
 *
 * Never anywhere else: without a state directory of our own the portable engine does the work, and says why.
 */
import { addonName, loadAddonFrom, type Problem } from '../../extension/native/addon.ts'
import { shippedFile, shippedFiles } from '../../extension/runtime/resources.ts'
import { unpackCode } from '../../extension/runtime/unpack.ts'

const remedy = 'check that the file system allows execution (mount option noexec), or set --state to one that does'

/** From now on the native engine is the one in this file. */
export function serveAddon(): void {
  loadAddonFrom({ remedy, locate })
}

function locate(stateDir: string | undefined): string | Problem {
  const name = `addon/${addonName}`
  if (!shippedFiles('addon/').includes(name)) {
    return { problem: `this executable was built without a native engine for ${process.platform}-${process.arch}` }
  }
  if (stateDir === undefined) return { problem: 'there is no state directory to unpack the native engine into' }
  try {
    return unpackCode(stateDir, shippedFile(name))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { problem: `cannot unpack the native engine below ${stateDir}: ${why}`, isAlarming: true }
  }
}
