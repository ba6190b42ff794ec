/**
 * `npm run checksums`: SHA256SUMS over everything in a release directory (`--dir`, default dist/). The last step.
 */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { artefactsIn, checksumLines, checksumsName } from './packaging/artefacts.ts'

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: { dir: { type: 'string', default: join(import.meta.dirname, '..', 'dist') } },
    })
    const artefacts = artefactsIn(values.dir, () => true)
    const list = join(values.dir, checksumsName)
    writeFileSync(list, checksumLines(artefacts))
    console.log(`${relative(process.cwd(), list)}: ${artefacts.length} files`)
  } catch (error) {
    console.error(`checksums: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
