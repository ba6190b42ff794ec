/**
 * Packs for Elastic's Osquery Manager: the body of `POST /api/osquery/packs`, with a mapping to ECS for every query.
 *
 * Elastic knows no discovery queries: assign a pack on our tables to policies whose agents load the extension. Kibana
 * folds lines and blanks of a statement before agents get it, so each is on one line, without comments.
 * Tables over databases stand in the integration's own osquery configuration: the member of
 * packs/rendered/osquery/osquery.conf.d.
 * https://www.elastic.co/docs/api/doc/kibana/
 */
import { oneLine, quotedBlanks } from '../one-line.ts'
import { intervalOf } from '../render-osquery.ts'
import { ecsMapping } from './ecs-mapping.ts'
import { jsonText, type RenderedQuery, type Renderer } from './renderer.ts'

/** The renderer. */
export const elastic: Renderer = {
  target: 'elastic',
  description: "packs of Elastic's Osquery Manager, with ecs_mapping",
  render: (packs) =>
    packs.map(({ name, description, queries }) => ({
      path: `${name}.json`,
      text: jsonText({
        name,
        description,
        enabled: true,
        policy_ids: [],
        queries: Object.fromEntries(queries.map((query) => [query.name, elasticQuery(query)])),
      }),
    })),
}

function elasticQuery(query: RenderedQuery) {
  const [changed] = quotedBlanks(query.sql)
  if (changed !== undefined) {
    const remedy = 'write it without, for example with char(32)'
    throw new Error(`${query.pack}/${query.name}: Kibana would fold the blanks of ${changed}; ${remedy}`)
  }
  return {
    query: `${oneLine(query.sql)};`,
    interval: intervalOf(query),
    platform: query.platforms.join(','),
    ...(query.osquery !== undefined && { version: query.osquery }),
    snapshot: query.mode === 'snapshot',
    removed: query.mode === 'differential',
    ecs_mapping: ecsMapping(query),
  }
}
