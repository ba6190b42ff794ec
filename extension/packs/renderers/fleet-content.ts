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
import { intervalOf } from '../render-osquery.ts'
import { needsExtension } from '../statement-tables.ts'
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
export function reportsOf({ queries }: RenderedPack) {
  return queries.flatMap((query) => {
    const isChange = query.mode !== 'snapshot'
    const state = {
      name: fleetName(query),
      description: `${query.description} False positives: ${query.falsePositives} What to do: ${query.resolution}`,
      query: `${query.sql};`,
      platform: query.platforms.join(','),
      interval: intervalOf(query),
      observer_can_run: true,
      automations_enabled: !isChange,
      logging: 'snapshot',
      discard_data: false,
      ...scope(query),
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
export function policiesOf({ queries }: RenderedPack) {
  return queries.filter(isFinding).map((query) => ({
    name: fleetName(query),
    description: `Passes when there is no row: ${query.description}`,
    resolution: query.resolution,
    query: `SELECT 1 WHERE NOT EXISTS (\n${query.sql}\n);`,
    platform: query.platforms.join(','),
    critical: query.level === 'critical',
    ...scope(query),
  }))
}

function scope({ sql }: HuntingQuery) {
  return needsExtension(sql) ? { labels_include_any: [extensionLabel.name] } : {}
}

/** YAML with statements as blocks and no folded lines. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false })
}
