/**
 * docs/queries.md, from the headers of the packs' queries.
 */
import type { HuntingPack, HuntingQuery } from '../../extension/domain/hunting-query.ts'
import { shippedPacks } from '../../extension/packs/load-packs.ts'

/** The whole page. */
export function queriesPage(): string {
  const { packs } = shippedPacks()
  return `# Hunting queries

Generated from \`packs/\` by \`npm run docs\`. \`threecx packs build\` renders them for osquery, Fleet, Kolide and Elastic;
\`threecx packs run\` asks them here. A query of changes reports a row when it comes and, where the mode says so, when it
goes; a snapshot reports its whole answer every time.

${packs.flatMap(contents).join('\n')}

${packs.map(packSection).join('\n')}`
}

function contents({ name, title, queries }: HuntingPack): string[] {
  const list = queries.map((query) => `  - [${query.name}](#${anchor(query)}): ${query.title}`)
  return [`- [${name}](#${name}): ${title}`, ...list]
}

function packSection({ name, title, description, discovery, isDefault, queries }: HuntingPack): string {
  const asked = discovery.map((sql) => `\`${sql}\``).join(', ')
  const notes = [
    description,
    discovery.length === 0 ? 'In force on every host.' : `In force where this gives a row: ${asked}.`,
    ...(isDefault ? ['The daemon runs it unless other packs are chosen.'] : []),
  ]
  return `## ${name}

${title}. ${notes.join(' ')}

${queries.map(querySection).join('\n')}`
}

function querySection(query: HuntingQuery): string {
  const { budget, attack, references } = query
  return `### ${query.pack}/${query.name}

**${query.title}.** ${query.description}

| | |
|---|---|
| platforms | ${query.platforms.join(', ')} |
| schedule | ${scheduleText(query)}, ${query.mode} |
| level | ${query.level} |
| budget | ${budget.rows} rows, ${budget.seconds} s |
| ATT&CK | ${attack.length === 0 ? 'none' : attack.map(techniqueLink).join(', ')} |
| false positives | ${cell(query.falsePositives)} |
| what to do | ${cell(query.resolution)} |
| references | ${references.map((address) => `<${address}>`).join(', ')} |

\`\`\`sql
${query.sql};
\`\`\`
`
}

function anchor({ pack, name }: HuntingQuery): string {
  return `${pack}${name}`
}

function scheduleText({ schedule }: HuntingQuery): string {
  return 'cron' in schedule ? `cron ${schedule.cron} (UTC)` : `every ${schedule.everySeconds} s`
}

function techniqueLink(technique: string): string {
  return `[${technique}](https://attack.mitre.org/techniques/${technique.replace('.', '/')}/)`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
