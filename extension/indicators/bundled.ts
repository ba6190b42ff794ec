/**
 * Where the data that ships with this program is: iocs/, two levels above this module in a checkout and in a bundle.
 *
 * The one place that knows it, so that packaging has one place to change.
 */
import { fileURLToPath } from 'node:url'

/** The directory of the bundled sets, schemas, places and shared hosts. */
export function bundledDirectory(): string {
  return fileURLToPath(new URL('../../iocs/', import.meta.url))
}
