/**
 * Folders that uninstall entries state and no place covers: the app installed somewhere of the user's choice.
 *
 * Without this look an entry for `D:\Apps\3CX` would read as what is left of a removed app. What lies on a drive that
 * is not there to be examined is taken at the word of its entry.
 */
import type { ScanEngine } from '../native/engine.ts'
import { displayPath, imagePath, relativeTo, type Volume } from '../sweep/volume.ts'
import { productOf } from './file-traces.ts'
import { secondsOf, stated, type Trace } from './trace.ts'

const programs = ['app/3CXDesktopApp.exe', '3CXDesktopApp.exe']
/** Folders that are looked at: entries are written by users, and one install has one folder. */
const maxFolders = 64

/** The traces, with those of programs that the entries among them name. */
export async function withStatedPlaces(engine: ScanEngine, volumes: readonly Volume[], traces: readonly Trace[]) {
  const homes = new Set(traces.filter(({ proof }) => proof === 'there').map((one) => one.home?.toLowerCase()))
  const out: Trace[] = []
  let looked = 0
  for (const trace of traces) {
    out.push(trace)
    const { home, source } = trace
    if (home === undefined || (source !== 'uninstall_entry' && source !== 'programs')) continue
    if (homes.has(home.toLowerCase()) || looked >= maxFolders) continue
    looked += 1
    const on = volumes.find((volume) => relativeTo(volume, `${home}\\x`) !== undefined)
    if (on === undefined) out[out.length - 1] = { ...trace, proof: 'there' }
    else {
      const found = await programIn(engine, on, trace, home)
      homes.add(home.toLowerCase())
      if (found) out.push(found)
    }
  }
  return out
}

async function programIn(engine: ScanEngine, volume: Volume, entry: Trace, home: string): Promise<Trace | undefined> {
  const files = programs.flatMap((program) => {
    const path = relativeTo(volume, `${home}\\${program.replaceAll('/', '\\')}`)
    return path === undefined ? [] : [{ root: 0, path }]
  })
  for (const found of await engine.stat([volume.canonical], files)) {
    if ('code' in found) continue
    const product = await productOf({ engine, volume }, found)
    const { user, scope, platform } = entry
    return stated<Trace>({
      proof: 'there',
      source: 'program',
      platform,
      scope,
      user,
      home,
      path: displayPath(volume, found.path),
      imagePath: imagePath(volume, found.path),
      version: product?.version,
      product: product?.product,
      signer: product?.signer,
      firstSeen: (volume.isCopy ? undefined : secondsOf(found.btimeNs)) ?? secondsOf(found.mtimeNs),
      lastSeen: secondsOf(found.mtimeNs),
    })
  }
  return undefined
}
