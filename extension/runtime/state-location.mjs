/**
 * Where state goes when nobody says otherwise.
 *
 * Plain JavaScript, because the launcher asks before anything that reads TypeScript is loaded.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'

const name = 'threecx-hunter'

/**
 * The default state directory of a platform and user.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @param {boolean} isRoot
 * @returns {string}
 */
export function defaultStateDir(env, platform, isRoot) {
  if (platform === 'win32') return join(env['ProgramData'] ?? 'C:\\ProgramData', name)
  if (isRoot) return platform === 'darwin' ? join('/Library/Application Support', name) : join('/var/lib', name)
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), name)
}
