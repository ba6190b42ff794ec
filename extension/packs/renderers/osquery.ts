/**
 * Packs for osqueryd: one file per pack, for the `packs` of its configuration.
 *
 * Tables over databases are read from the configuration alone, never from a pack: they are a file of their own for the
 * directory `osquery.conf.d`, which osquery merges into its configuration.
 * https://osquery.readthedocs.io/en/stable/deployment/configuration/#packs
 */
import { osqueryPack, tableConstruction } from '../render-osquery.ts'
import { jsonText, type RenderedPack, type Renderer } from './renderer.ts'

/** The renderer. */
export const osquery: Renderer = {
  target: 'osquery',
  description: 'pack files of osqueryd, with discovery queries',
  render: (packs) => packs.flatMap(filesOf),
}

function filesOf(pack: RenderedPack) {
  const { name, constructed } = pack
  const tables = { path: `osquery.conf.d/${name}.conf`, text: jsonText(tableConstruction(constructed)) }
  return [{ path: `${name}.conf`, text: jsonText(osqueryPack(pack)) }, ...(constructed.length > 0 ? [tables] : [])]
}
