/**
 * Documents for `fleetctl apply`: a label, policies, queries, and a pack that schedules them.
 *
 * The kinds are the old words, which every server still reads. A pack of Fleet names saved queries, so each query stands
 * before the pack that schedules it. Agent options are left out: to apply some replaces all of a server's.
 */
import { intervalOf } from '../render-osquery.ts'
import { fleetName, labelFor, labelsOf, policiesOf, presencePolicy, yamlText } from './fleet-content.ts'
import type { RenderedPack, Renderer } from './renderer.ts'

/** The renderer. */
export const fleetctl: Renderer = {
  target: 'fleetctl',
  description: 'documents for fleetctl apply, with packs',
  render: (packs) => [
    {
      path: 'threecx-extension.yml',
      text: documents([...labelsOf(packs).map((one) => document('label', one)), document('policy', presencePolicy)]),
    },
    ...packs.map((pack) => ({ path: `${pack.name}.yml`, text: documents(documentsOf(pack)) })),
  ],
}

function documentsOf(pack: RenderedPack): unknown[] {
  const [label = 'All Hosts'] = pack.queries.flatMap((query) => labelFor(pack, query) ?? [])
  const queries = pack.queries.map((query) =>
    document('query', { name: fleetName(query), description: query.description, query: `${query.sql};` }),
  )
  const schedule = pack.queries.map((query) => ({
    query: fleetName(query),
    name: query.name,
    interval: intervalOf(query),
    snapshot: query.mode === 'snapshot',
    removed: query.mode === 'differential',
    platform: query.platforms.join(','),
    ...(query.osquery !== undefined && { version: query.osquery }),
  }))
  return [
    ...queries,
    ...policiesOf(pack).map((policy) => document('policy', policy)),
    document('pack', {
      name: pack.name,
      description: pack.description,
      disabled: false,
      targets: { labels: [label] },
      queries: schedule,
    }),
  ]
}

function document(kind: string, spec: unknown) {
  return { apiVersion: 'v1', kind, spec }
}

function documents(all: readonly unknown[]): string {
  return all.map((one) => `---\n${yamlText(one)}`).join('')
}
