/**
 * The operating systems the campaign touches.
 *
 * The words are osquery's (`darwin`, not `macos`), because tables, packs and columns speak osquery. Published lists
 * say `macOS`; importers translate at the border.
 */
export const platforms = ['windows', 'darwin', 'linux'] as const

/** One of osquery's platform names. */
export type Platform = (typeof platforms)[number]

/** Whether the file systems of a platform usually ignore case: Windows and macOS do, Linux does not. */
export function ignoresCase(platform: Platform): boolean {
  return platform !== 'linux'
}
