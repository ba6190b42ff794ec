/**
 * Packs for Elastic's Osquery Manager: the body of `POST /api/osquery/packs`, with a mapping to ECS for every query.
 *
 * Elastic knows no discovery queries: assign a pack on our tables to policies whose agents load the extension.
 * https://www.elastic.co/docs/api/doc/kibana/
 */
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
  return {
    query: `${query.sql};`,
    interval: intervalOf(query),
    platform: query.platforms.join(','),
    snapshot: query.mode === 'snapshot',
    removed: query.mode === 'differential',
    ecs_mapping: ecsMapping(query),
  }
}
