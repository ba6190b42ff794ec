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
what it is. Logs may be packed with gzip, zstd, xz or bzip2; one that becomes more than 400 times as long, and longer than
512 MiB, is read to there.

## Times

A lower bound of a time reaches the sources: \`WHERE last_seen >= X\` or \`first_seen >= X\` in \`threecx_c2_hits\`, \`time >= X\` or
\`last_time >= X\` in \`threecx_executions\`, \`time >= X\` in \`threecx_timeline\`. On a running Linux or macOS a file that was not
changed since two days before X is then not read: nothing in it can be so late. A change of its contents counts, and so does a
new name or owner, which only the system notes; so a log that was renamed by its rotation yesterday is read. A file is read
or left out as a whole, so first and last times and counts of a row are those of all its records. In an image times of files
are those of the copy, and Windows writes those of open files late: there everything is read, and SQLite compares the times of
the records. A record that states a time more than two days behind the last change of its file has no time in the tables; what
it states is in \`fields\` as \`stated_time\`. Upper bounds spare no reading.

## Sources of contacts

The table \`threecx_c2_hits\` reads all of these.

${sources.map((source) => section(source, places)).join('\n')}
## Contacts of a running system

\`open_sockets\`: connections that are open, from osquery's \`process_open_sockets\`, else from /proc on Linux; addresses only.
\`dns_cache\`: names in the resolver's cache of Windows, and \`dns_lookup_events\`: look-ups that were recorded, both through
osquery. \`resolved_cache\`: names in the cache of systemd-resolved, with their answers, asked of the service itself as
\`resolvectl show-cache\` does (systemd 254 and later, root alone; no program is started). Entries have no time: how long one
is good says nothing of when it was asked for.

Not seen: connections that were closed; names on Windows where no osquery runs; caches of nscd, unbound and dnsmasq, which
show theirs to their own tools or in their log; the cache of macOS, which mDNSResponder shows to nobody but its debug log,
and for which osquery has no table.

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
