/**
 * Reads the configuration file of the hunt: where it lies, and what counts where it is not.
 */
import { join } from 'node:path'
import { parseDocumentAs, readDocument } from './document.ts'
import { type Configuration, configurationDocument } from './schema.ts'

/** What counts where no file is. */
export const noConfiguration: Configuration = configurationDocument.parse({})

/** Where the file lies when nobody says otherwise. */
export function defaultConfigurationPath(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env['ProgramData'] ?? 'C:\\ProgramData', 'threecx-hunter', 'config.yaml')
  return '/etc/threecx-hunter/config.yaml'
}

/**
 * The configuration of a file that somebody named, else of the default file if it is there.
 *
 * Throws `HunterError` with code `configuration_invalid`.
 */
export function openConfiguration(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Configuration {
  const path = named ?? defaultConfigurationPath(env, platform)
  const text = readDocument(path, named !== undefined)
  return text === undefined ? noConfiguration : parseConfiguration(text, path)
}

/** The configuration that a text holds; `path` is for messages. Throws as `openConfiguration` does. */
export function parseConfiguration(text: string, path: string): Configuration {
  return parseDocumentAs(configurationDocument, text, path)
}
