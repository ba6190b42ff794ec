/**
 * docs/sinks.md, from what each kind of sink says of itself.
 */
import { deliverDocument } from '../../daemon/configuration/schema.ts'
import { sinkDefinitions } from '../../daemon/sinks/index.ts'
import { schemaRowsWithDefaults } from './schema-rows.ts'

/** The whole page. */
export function sinksPage(): string {
  return `# Sinks

Generated from \`daemon/sinks\` by \`npm run docs\`. An entry of \`sinks\` in [the daemon's configuration](daemon.md) has a
\`type\`, a unique \`name\` (default: the type), \`deliver\` (below), and the options of its type. Every sink gets every line
at least once and in order, as far as the receiver allows; a repeated line has the same \`threecx_event_id\`. A receiver
that is down, slow or misconfigured holds up its own sink only. Lines that a receiver refuses for good become dead
letters: counted, kept, and shown by \`threecx daemon dead-letters\`.

A secret is never written into the file: it is \`{ file: PATH }\`, a file that others cannot read, or \`{ env: NAME }\`.
Certificates are always verified.

| type | what |
|---|---|
${sinkDefinitions.map(({ type, description }) => `| [\`${type}\`](#${type}) | ${description} |`).join('\n')}

## deliver

The same for every type.

${schemaRowsWithDefaults(deliverDocument)}

${sinkDefinitions.map(section).join('\n')}`
}

function section({ type, description, references, options }: (typeof sinkDefinitions)[number]): string {
  const table = schemaRowsWithDefaults(options as Parameters<typeof schemaRowsWithDefaults>[0])
  const hasOptions = table.split('\n').length > 2
  return `## ${type}

${description}
${hasOptions ? `\n${table}\n` : '\nIt has no options of its own.\n'}${references.length > 0 ? `\nReferences: ${references.join(', ')}\n` : ''}`
}
