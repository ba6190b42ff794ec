/**
 * Our tables for the schema of Fleet: one file per table, as its `schema/tables` has them.
 */
import { fleetTable } from '../../sdk/index.ts'
import { tables } from '../../tables/index.ts'
import { yamlText } from './fleet-content.ts'
import type { Renderer } from './renderer.ts'

/** The renderer. */
export const fleetSchema: Renderer = {
  target: 'fleet-schema',
  description: "our tables in the form of Fleet's table schema",
  render: () => tables.map((table) => ({ path: `${table.name}.yml`, text: yamlText(fleetTable(table)) })),
}
