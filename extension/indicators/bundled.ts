/**
 * The data that ships with this program: everything below iocs/, in a checkout or inside the executable.
 */
import { shippedFile, shippedFiles } from '../runtime/resources.ts'
import { codeOf, type Folder, type SourceFile } from './files.ts'

const prefix = 'iocs/'

/** One of the bundled files, such as `places.json`. */
export function bundledFile(name: string): SourceFile {
  return {
    name: `${prefix}${name}`,
    read: () => {
      try {
        return { bytes: shippedFile(`${prefix}${name}`) }
      } catch (cause) {
        return { problem: `the file cannot be read (${codeOf(cause)})` }
      }
    },
  }
}

/** The bundled sets, schemas, places and shared hosts. */
export const bundledFolder: Folder = {
  name: prefix,
  files: () => shippedFiles(prefix).map((file) => file.slice(prefix.length)),
  file: bundledFile,
}
