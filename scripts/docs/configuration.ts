/**
 * docs/configuration.md, from what the schema of the configuration file says of its parts.
 */
import { defaultConfigurationPath } from '../../extension/configuration/read-configuration.ts'
import { columnsDocument, configurationDocument, sourceDocument } from '../../extension/configuration/schema.ts'
import { schemaRows } from './schema-rows.ts'

/** The whole page. */
export function configurationPage(): string {
  return `# Configuration

Generated from \`extension/configuration/schema.ts\` by \`npm run docs\`. One file, YAML or JSON, read by \`threecx\` and by the
extension when they start: \`${defaultConfigurationPath({}, 'linux')}\` (Windows:
\`${'C:\\ProgramData\\threecx-hunter\\config.yaml'}\`) if it is there, or the file that \`--config\` or \`THREECX_CONFIG\` names. A file
that cannot be used is refused with every problem and its line; the extension then answers without it and says so in its
log.

${schemaRows(configurationDocument)}

## sources

Logs and stores to read beside [those whose places are known](sources.md). A path counts before the known places.

${schemaRows(sourceDocument)}

## sources.columns

${schemaRows(columnsDocument)}

## Example

\`\`\`yaml
sources:
  - path: /srv/logs/dns/*.log*        # rotated and packed ones included
    format: dnsmasq
  - path: /srv/exports/**             # the format is told by the first lines
  - path: D:\\Proxy\\Logs\\*.csv
    platform: windows
    name: branch_proxy
    delimiter: ';'
    columns: { time: When, host: Target, client: Source, user: Account }
\`\`\`
`
}
