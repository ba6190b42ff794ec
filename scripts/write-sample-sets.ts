/**
 * Writes iocs/sample-image: the digests of the synthetic files that `npm run sample-image` plants.
 *
 * They ship so that an operator can see a deployment find something harmless from end to end. A test keeps them fresh.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { platforms } from '../extension/domain/platform.ts'
import { loadSets } from '../extension/indicators/load.ts'
import { setText } from '../extension/indicators/set-text.ts'
import { sampleIndicators } from '../test/support/sample-image.ts'

const directory = join(import.meta.dirname, '..', 'iocs', 'sample-image')
mkdirSync(directory, { recursive: true })
for (const platform of platforms) {
  const path = join(directory, `${platform}.json`)
  writeFileSync(
    path,
    JSON.stringify({ $schema: '../schema.json', ...sampleIndicators(platform, `sample-image/${platform}`) }),
  )
  for (const set of loadSets([path])) writeFileSync(path, setText(set))
}
