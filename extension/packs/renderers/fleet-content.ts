/**
 * Reports, policies and labels as Fleet has them; the three renderings for Fleet differ only in files and spelling.
 *
 * Fleet keeps rows for its own page from snapshots alone, so a query of changes becomes two reports: the state, for the
 * page, and the changes, for the log destination. A policy passes when it gives a row, so a finding is inverted; an SQL
 * error is no answer, so that a missing extension needs a policy of its own, and everything on our tables is scoped by
 * the label. https://fleetdm.com/docs/configuration/yaml-files
 */
import { stringify } from 'yaml'
import type { HuntingQuery } from '../../domain/hunting-query.ts'
import { intervalOf, tableConstruction } from '../render-osquery.ts'
import { needsExtension, tablesIn } from '../statement-tables.ts'
import { isFinding, type RenderedPack } from './renderer.ts'

const presence = "SELECT 1 FROM osquery_registry WHERE registry = 'table' AND name = 'threecx_artifacts';"

/**
 * The label of hosts where our tables answer. It names no platform: Fleet takes one at most there, and a label with a
 * list matches no host.
 */
export const extensionLabel = {
  name: '3CX extension installed',
  description: 'Hosts where the hunting tables answer.',
  query: presence,
  label_membership_type: 'dynamic',
}

/** The label of hosts whose configuration constructs the tables over databases: elsewhere a query on them is an error. */
export const constructedLabel = {
  name: '3CX history tables configured',
  description: 'Hosts whose agent options construct the tables over the histories of browsers.',
  query: "SELECT 1 FROM osquery_registry WHERE registry = 'table' AND name LIKE 'atc_threecx_%';",
  label_membership_type: 'dynamic',
}

/** The labels that packs need. */
export function labelsOf(packs: readonly RenderedPack[]) {
  return [extensionLabel, ...(packs.some(({ constructed }) => constructed.length > 0) ? [constructedLabel] : [])]
}

/** Agent options that construct the tables of packs; undefined where none does. */
export function agentOptionsOf(packs: readonly RenderedPack[]) {
  const tables = packs.flatMap(({ constructed }) => constructed)
  return tables.length === 0 ? undefined : { config: tableConstruction(tables) }
}

/** The policy that fails where they do not. */
export const presencePolicy = {
  name: '3CX - The extension is installed and answers',
  description: 'Fails where the hunting tables are missing: there the other policies on them give no answer at all.',
  resolution: 'Install the extension, then run threecx doctor on the host.',
  query: presence,
  platform: 'darwin,linux,windows',
  critical: false,
}

/** Name of a query in Fleet. */
export function fleetName({ title }: HuntingQuery): string {
  return `3CX - ${title}`
}

/** The reports of a pack. */
export function reportsOf(pack: RenderedPack) {
  return pack.queries.flatMap((query) => {
    const isChange = query.mode !== 'snapshot'
    const state = {
      name: fleetName(query),
      description: `${query.description} False positives: ${query.falsePositives} What to do: ${query.resolution}`,
      query: `${query.sql};`,
      platform: query.platforms.join(','),
      interval: intervalOf(query),
      ...(query.osquery !== undefined && { min_osquery_version: query.osquery }),
      observer_can_run: true,
      automations_enabled: !isChange,
      logging: 'snapshot',
      discard_data: false,
      ...scope(pack, query),
    }
    const changes = {
      ...state,
      name: `${state.name} (changes)`,
      automations_enabled: true,
      logging: query.mode,
      discard_data: true,
    }
    return isChange ? [state, changes] : [state]
  })
}

/** The policies of a pack: one per query whose rows are findings. */
export function policiesOf(pack: RenderedPack) {
  return pack.queries.filter(isFinding).map((query) => ({
    name: fleetName(query),
    description: `Passes when there is no row: ${query.description}`,
    resolution: query.resolution,
    query: `SELECT 1 WHERE NOT EXISTS (\n${query.sql}\n);`,
    platform: query.platforms.join(','),
    critical: query.level === 'critical',
    ...scope(pack, query),
  }))
}

function scope(pack: RenderedPack, query: HuntingQuery) {
  const label = labelFor(pack, query)
  return label === undefined ? {} : { labels_include_any: [label] }
}

/** The label of hosts where a query can be asked; undefined: on all. */
export function labelFor({ constructed }: RenderedPack, { sql }: HuntingQuery): string | undefined {
  if (needsExtension(sql)) return extensionLabel.name
  const read = new Set(tablesIn(sql))
  return constructed.some(({ name }) => read.has(name)) ? constructedLabel.name : undefined
}

/** YAML with statements as blocks and no folded lines. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false })
}
