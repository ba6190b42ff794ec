/**
 * osquery's table `apps`: bundles in the folders where osquery looks, by what their Info.plist says at its top.
 *
 * What LaunchServices knows beside (bundles elsewhere, when an app was opened) is not in an image; `last_opened_time` is
 * empty. Values that are no text, such as a boolean LSUIElement, are left out.
 */

import { maxPlist, plistStrings } from '../decoders/plist.ts'
import { isRefusal } from '../decoders/refusal.ts'
import { filesLike, type NamedFile } from './named-files.ts'
import type { OsqueryRow, OsqueryServices, OsqueryTable } from './services.ts'

const columns: Readonly<Record<string, string>> = {
  CFBundleExecutable: 'bundle_executable',
  CFBundleIdentifier: 'bundle_identifier',
  CFBundleName: 'bundle_name',
  CFBundleShortVersionString: 'bundle_short_version',
  CFBundleVersion: 'bundle_version',
  CFBundlePackageType: 'bundle_package_type',
  LSUIElement: 'element',
  CFBundleDevelopmentRegion: 'development_region',
  CFBundleDisplayName: 'display_name',
  CFBundleGetInfoString: 'info_string',
  DTCompiler: 'compiler',
  LSMinimumSystemVersion: 'minimum_system_version',
  LSApplicationCategoryType: 'category',
  NSAppleScriptEnabled: 'applescript_enabled',
  NSHumanReadableCopyright: 'copyright',
}

const folders = [
  '/Applications',
  '/Applications/%',
  '/System/Library/Core Services/Applications',
  '/Library/Apple/System/Library/CoreServices',
  '/Users/Shared/Applications',
  ...['Applications', 'Desktop', 'Downloads'].map((name) => `/Users/%/${name}`),
]
const description = '/Contents/Info.plist'

/** The table. */
export const apps: OsqueryTable = {
  name: 'apps',
  async *rows({ equals, signal }, services) {
    const asked = equals('path')?.filter((path) => !path.includes('%'))
    const bundles = asked ?? folders.map((folder) => `${folder}/%.app`)
    const seen = new Set<string>()
    for (const bundle of bundles) {
      for await (const file of filesLike('apps', services, `${bundle}${description}`, signal)) {
        if (seen.has(file.path)) continue
        seen.add(file.path)
        const row = await bundleRow(file, services)
        if (row) yield row
      }
    }
  },
}

async function bundleRow(
  { volume, entry, path }: NamedFile,
  { engine, problems }: OsqueryServices,
): Promise<OsqueryRow | undefined> {
  const refuse = (code: string, message: string) => problems.add({ table: 'apps', path, code, message })
  try {
    if (entry.size > maxPlist) return void refuse('too_big', `${entry.size} bytes; expected at most ${maxPlist}`)
    const plist = plistStrings(await engine.read([volume.canonical], entry, 0, maxPlist))
    if (isRefusal(plist)) return void refuse('damaged', plist.problem)
    const bundle = path.slice(0, -description.length)
    const stated = Object.entries(columns).map(([key, column]) => [column, plist.strings[key]] as const)
    return { ...Object.fromEntries(stated), name: bundle.slice(bundle.lastIndexOf('/') + 1), path: bundle }
  } catch (cause) {
    return void refuse('io', cause instanceof Error ? cause.message : String(cause))
  }
}
