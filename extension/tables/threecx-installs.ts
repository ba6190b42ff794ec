/**
 * `threecx_installs`: where the 3CX Desktop App is, was, or waits to be installed from, and whether that version is one
 * of the compromised ones.
 */
import { fixedVersion, type Install } from '../domain/install.ts'
import { bigint, defineTable, integer, text } from '../sdk/index.ts'
import type { HuntServices } from './services.ts'

/** One row per install, left-over of one, or served client. */
export const threecxInstalls = defineTable({
  name: 'threecx_installs',
  description:
    'Installs of the 3CX Desktop App, what is left of removed ones, and clients that a PBX server hands out. ' +
    'Registry hives of an image are read without their transaction logs.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    platform: text('System the app is made for: windows or darwin, whatever it was found on', {
      index: true,
      optimized: true,
    }),
    path: text('File that shows it best, on this machine: program, property list, hive, package'),
    version: text('First three fields of the version; NULL when nothing states one'),
    affected: integer('1 for a compromised version on this platform, 0 for another, NULL when unknown'),
    state: text('present, removed (left-overs of it are there), served (a server hands it out)', {
      index: true,
      optimized: true,
    }),
    user: text('User it belongs to; empty for everybody and for servers'),
    scope: text('user, machine or server'),
    source: text(
      'What shows it best: program, info_plist, apps, programs, uninstall_entry, update_stub, directory ...',
    ),
    fixed_version: text('First release with a new signing certificate: update to this or later'),
    first_seen: bigint(
      'Earliest time of the evidence for this version, unix seconds: file times, InstallDate, keys; NULL without one',
    ),
    last_seen: bigint('Latest time of the evidence, unix seconds; NULL when nothing has one'),
    image_path: text('Path as the examined system names it, C:\\Users\\... inside a Windows image'),
    home: text('Folder or bundle of the app as the examined system names it; empty when nothing tells'),
    product: text('Product name inside the program, bundle or uninstall entry'),
    signer: text('Subject of the signing certificate, not verified'),
    indicators: text('JSON array of ids of the indicators that name this version'),
    evidence: text('JSON array of {source, path, version, detail, first_seen, last_seen}, most telling first'),
  },
  identity: ['platform', 'state', 'path', 'version', 'user'],
  examples: [
    'SELECT platform, version, state, user, path FROM threecx_installs WHERE affected = 1',
    "SELECT path, version, fixed_version FROM threecx_installs WHERE state = 'served'",
    "SELECT json_extract(value, '$.source') AS source, json_extract(value, '$.path') AS path FROM threecx_installs, json_each(evidence)",
  ],
  async *generate(context, services: HuntServices) {
    for (const install of await services.installs(context.signal)) {
      if (!context.mayMatch('platform', install.platform) || !context.mayMatch('state', install.state)) continue
      yield installRow(install)
    }
  },
})

/** The row of one install. */
export function installRow(install: Install) {
  return {
    platform: install.platform,
    path: install.path,
    version: install.version ?? null,
    affected: install.affected === undefined ? null : Number(install.affected),
    state: install.state,
    user: install.user,
    scope: install.scope,
    source: install.source,
    fixed_version: fixedVersion,
    first_seen: install.firstSeen ?? null,
    last_seen: install.lastSeen ?? null,
    image_path: install.imagePath,
    home: install.home,
    product: install.product ?? '',
    signer: install.signer ?? '',
    indicators: JSON.stringify(install.indicators),
    evidence: JSON.stringify(
      install.evidence.map(({ source, path, version, detail, firstSeen, lastSeen }) => ({
        source,
        path,
        version,
        detail,
        first_seen: firstSeen,
        last_seen: lastSeen,
      })),
    ),
  }
}
