/**
 * docs/sources.md, from what the sources say of themselves and where iocs/sources.json looks for them.
 */
import { loadSourcePlaces } from '../../extension/indicators/index.ts'
import { sources } from '../../extension/sources/index.ts'
import type { Source } from '../../extension/sources/source.ts'

/** The whole page. */
export function sourcesPage(): string {
  const places = loadSourcePlaces()
  const sections = sources.map((source) => section(source, places))
  return `# Sources of contacts

Generated from \`extension/sources\` and \`iocs/sources.json\` by \`npm run docs\`. The table \`threecx_c2_hits\` reads all
of them; \`WHERE source_path = '...'\` reads one file, wherever it is, and \`AND format = 'NAME'\` says what it is. Logs may
be packed with gzip, zstd, xz or bzip2.

${sections.join('\n')}`
}

function section({ name, about }: Source, places: ReturnType<typeof loadSourcePlaces>): string {
  const own = places.filter((place) => place.source === name)
  const rows = own.map(
    ({ platform, pattern, what }) => `| ${platform} | \`${pattern.replaceAll('|', '\\|')}\` | ${what} |`,
  )
  const table =
    rows.length === 0 ? '' : `\n| platform | path below the root | what |\n|---|---|---|\n${rows.join('\n')}\n`
  return `## ${name}

${about.reads}

Not seen: ${about.blind}

Platforms: ${about.platforms.join(', ')}.
${table}`
}
