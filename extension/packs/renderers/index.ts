/**
 * Every rendering of the packs, by its target.
 */
import type { HuntingPack } from '../../domain/hunting-query.ts'
import { openPreparer } from '../prepare.ts'
import { elastic } from './elastic.ts'
import { fleet } from './fleet.ts'
import { fleetLegacy } from './fleet-legacy.ts'
import { fleetSchema } from './fleet-schema.ts'
import { fleetctl } from './fleetctl.ts'
import { kolide } from './kolide.ts'
import { osquery } from './osquery.ts'
import { osquerySchema } from './osquery-schema.ts'
import type { RenderedPack, Renderer } from './renderer.ts'

export type { RenderedFile, RenderedPack, Renderer } from './renderer.ts'

/** All renderers. */
export const renderers: readonly Renderer[] = [
  osquery,
  fleet,
  fleetLegacy,
  fleetctl,
  kolide,
  elastic,
  fleetSchema,
  osquerySchema,
]

/** Packs with the columns of their queries, as renderers want them. Rejects where a query does not prepare. */
export async function withColumns(packs: readonly HuntingPack[]): Promise<readonly RenderedPack[]> {
  const preparer = openPreparer(packs)
  try {
    const prepared: RenderedPack[] = []
    for (const pack of packs) {
      const queries = []
      for (const query of pack.queries) queries.push({ ...query, columns: await preparer.columnsOf(query) })
      prepared.push({ ...pack, queries })
    }
    return prepared
  } finally {
    await preparer.close()
  }
}
