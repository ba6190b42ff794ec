/**
 * What the configuration file of the hunt says, by its schema. Loaded only where there is a file.
 */
import { parseDocumentAs } from './document.ts'
import { type Configuration, configurationDocument } from './schema.ts'

/** The configuration that a text holds; `path` is for messages. Throws `configuration_invalid` with every problem. */
export function parseConfiguration(text: string, path: string): Configuration {
  return parseDocumentAs(configurationDocument, text, path)
}
