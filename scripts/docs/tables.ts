/**
 * docs/tables.md, from the tables' own descriptions.
 */
import type { ColumnOptions } from '../../extension/sdk/index.ts'
import { tables } from '../../extension/tables/index.ts'

/** The whole page. */
export function tablesPage(): string {
  const sections = tables.map((table) => {
    const columns = Object.entries(table.columns).map(
      ([name, column]) => `| \`${name}\` | ${column.type} | ${traits(column.options)} | ${cell(column.description)} |`,
    )
    return `## ${table.name}

${table.description}

Platforms: ${table.platforms.join(', ')}. A row is identified by ${table.identity.map((name) => `\`${name}\``).join(', ')}.

| column | type | | description |
|---|---|---|---|
${columns.join('\n')}

${table.examples.map((sql) => `\`\`\`sql\n${sql}\n\`\`\``).join('\n\n')}
`
  })
  return `# Tables

Generated from \`extension/tables\` by \`npm run docs\`. Times are unix seconds, sizes are bytes, ids are text. Every
table answers without any constraint. Every example is run by the tests.

${sections.join('\n')}`
}

function traits(options: ColumnOptions): string {
  const names = ['index', 'optimized', 'required', 'additional', 'hidden'] as const
  return names.filter((name) => options[name] === true).join(', ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
