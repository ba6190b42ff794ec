/**
 * Reads the configuration file of the hunt: where it lies, and what counts where it is not.
 */
import { join } from 'node:path'
import { readDocument } from './document-text.ts'
import type { Configuration } from './schema.ts'

/** What counts where no file is. */
export const noConfiguration: Configuration = { sources: [] }

/** Where the file lies when nobody says otherwise. */
export function defaultConfigurationPath(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env['ProgramData'] ?? 'C:\\ProgramData', 'threecx-hunter', 'config.yaml')
  return '/etc/threecx-hunter/config.yaml'
}

/**
 * The configuration of a file that somebody named, else of the default file if it is there.
 *
 * Rejects with `HunterError`, code `configuration_invalid`.
 */
export async function openConfiguration(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<Configuration> {
  const path = named ?? defaultConfigurationPath(env, platform)
  const text = readDocument(path, named !== undefined)
  if (text === undefined) return noConfiguration
  const { parseConfiguration } = await import('./parse-configuration.ts')
  return parseConfiguration(text, path)
}
