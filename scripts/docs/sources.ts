/**
 * docs/sources.md, from what sources and readers of executions say of themselves and where iocs/sources.json looks for
 * them.
 */
import { executionReaders } from '../../extension/executions/index.ts'
import { loadSourcePlaces } from '../../extension/indicators/index.ts'
import { sources } from '../../extension/sources/index.ts'

type Places = ReturnType<typeof loadSourcePlaces>

/** What a section is made from. */
interface Described {
  readonly name: string
  readonly about: { readonly reads: string; readonly blind: string; readonly platforms: readonly string[] }
}

/** The whole page. */
export function sourcesPage(): string {
  const places = loadSourcePlaces()
  return `# Sources

Generated from \`extension/sources\`, \`extension/executions\` and \`iocs/sources.json\` by \`npm run docs\`. A file in one of the
places is read as that source; \`WHERE source_path = '...'\` reads one file, wherever it is, and \`AND format = 'NAME'\` says
what it is. Logs may be packed with gzip, zstd, xz or bzip2.

## Sources of contacts

The table \`threecx_c2_hits\` reads all of these.

${sources.map((source) => section(source, places)).join('\n')}
## Contacts of a running system

\`open_sockets\`: connections that are open, from osquery's \`process_open_sockets\`, else from /proc on Linux; addresses only.
\`dns_cache\`: names in the resolver's cache of Windows, and \`dns_lookup_events\`: look-ups that were recorded, both through
osquery. Not seen: connections that were closed; names where no osquery runs.

## Sources of executions

The table \`threecx_executions\` reads all of these.

${executionReaders.map((reader) => section(reader, places)).join('\n')}`
}

function section({ name, about }: Described, places: Places): string {
  const own = places.filter((place) => place.source === name)
  const rows = own.map(
    ({ platform, pattern, what }) => `| ${platform} | \`${pattern.replaceAll('|', '\\|')}\` | ${what} |`,
  )
  const table =
    rows.length === 0 ? '' : `\n| platform | path below the root | what |\n|---|---|---|\n${rows.join('\n')}\n`
  return `### ${name}

${about.reads}

Not seen: ${about.blind}

Platforms: ${about.platforms.join(', ')}.
${table}`
}
