/**
 * Our tables as osquery-go writes them, one file per table, for tooling that collects specifications.
 */
import { tableSpec } from '../../sdk/index.ts'
import { tables } from '../../tables/index.ts'
import { jsonText, type Renderer } from './renderer.ts'

/** The renderer. */
export const osquerySchema: Renderer = {
  target: 'osquery-schema',
  description: 'our tables in the JSON of osquery-go',
  render: () => tables.map((table) => ({ path: `${table.name}.json`, text: jsonText(tableSpec(table)) })),
}
