/**
 * Packs for osqueryd: one file per pack, for the `packs` of its configuration.
 * https://osquery.readthedocs.io/en/stable/deployment/configuration/#packs
 */
import { osqueryPack } from '../render-osquery.ts'
import { jsonText, type Renderer } from './renderer.ts'

/** The renderer. */
export const osquery: Renderer = {
  target: 'osquery',
  description: 'pack files of osqueryd, with discovery queries',
  render: (packs) => packs.map((pack) => ({ path: `${pack.name}.conf`, text: jsonText(osqueryPack(pack)) })),
}
