/**
 * Planted trees of installs and left-overs, and the installs found in them in a form that a golden file keeps.
 */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { matcher } from '../../extension/domain/match.ts'
import type { OsqueryTables } from '../../extension/domain/osquery-tables.ts'
import type { Platform } from '../../extension/domain/platform.ts'
import { loadBundledSets, loadInstallPlaces } from '../../extension/indicators/index.ts'
import { findInstalls, type InstallParts, type InstallSearch } from '../../extension/installs/find-installs.ts'
import type { ScanEngine } from '../../extension/native/engine.ts'
import { defaultLimits } from '../../extension/sweep/request.ts'
import { imageVolume } from '../../extension/sweep/volume.ts'

/** Files by path below the root. */
export type Tree = Readonly<Record<string, Uint8Array | string>>

/** When every planted file was last changed: 2023-03-22. */
export const plantedAt = 1_679_477_400

const indicators = loadBundledSets().flatMap((set) => set.indicators)
const common = { matcher: matcher(indicators), installPlaces: loadInstallPlaces(), limits: defaultLimits }

/** Writes a tree into a directory of its own and works on it. */
export async function withTree<T>(tree: Tree, work: (root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'threecx-installs-'))
  try {
    for (const [path, content] of Object.entries(tree)) {
      const file = join(root, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      utimesSync(file, plantedAt, plantedAt)
    }
    return await work(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** What a search is made with. */
export async function partsFor(engine: ScanEngine, root: string, platform: Platform): Promise<InstallParts> {
  return {
    ...common,
    engine,
    volumes: [await imageVolume(root, platform)],
    mounts: 'same',
    indicatorsVersion: 'v',
    clock: { nowMs: () => plantedAt * 1000 },
  }
}

/** The installs of a tree taken as an image. */
export function searchTree(engine: ScanEngine, tree: Tree, platform: Platform, osquery?: OsqueryTables) {
  return withTree(tree, async (root): Promise<InstallSearch> => {
    const parts = await partsFor(engine, root, platform)
    const found = await findInstalls(osquery ? { ...parts, osquery } : parts, new AbortController().signal)
    return JSON.parse(JSON.stringify(found).replaceAll(root, '/image'))
  })
}
