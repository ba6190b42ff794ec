/**
 * docs/daemon.md: how the daemon is run, from the schema of its configuration and from its example.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  daemonDocument,
  engineDocument,
  limitsDocument,
  linesDocument,
  spoolDocument,
} from '../../daemon/configuration/schema.ts'
import { settings } from '../../daemon/configuration/settings.ts'
import { schemaRowsWithDefaults } from './schema-rows.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'daemon.yaml')

/** The whole page. */
export function daemonPage(): string {
  return `# The daemon

Generated from \`daemon/configuration/schema.ts\` by \`npm run docs\`. \`threecx daemon\` asks the hunting queries when they
are due, notices what changed, and gets every line to every sink, through crashes, full disks and dead receivers.

\`\`\`
threecx daemon                                   # the pack threecx-hunt on this machine, lines on stdout
threecx daemon --config daemon.yaml              # your own choices
threecx daemon --config daemon.yaml --check-config
threecx daemon status                            # how a running one is doing
threecx daemon verify received.log               # whether everything arrived
threecx daemon service systemd --config /etc/threecx-hunter/daemon.yaml   # a hardened unit, to stdout
\`\`\`

## What it promises

- A line that was noticed is delivered to every sink at least once, whatever ends the process; a repeated line has the
  same id. The new state of a query and its lines are one durable transaction.
- What is lost is counted and told: lines that the bounds of the spool dropped, lines that a receiver refused for good,
  records that a damaged disk took. \`threecx daemon status\` and \`/metrics\` show the counts.
- A query is due by the clock and not by the uptime: what was missed while the machine slept runs once when it wakes. No
  query runs twice at once. A query that kills or stalls its engine is left out for a day, with the reason in the status.
- Lines are osquery's, byte for byte, but for three decorations that prove delivery (\`proof: false\` leaves them out).

## Who answers

With \`engine.use: osquery\` the queries go to a running osqueryd, any table of it: its own and ours. With \`embedded\` no
osquery is needed; then there are our tables, \`osquery_info\`, \`osquery_registry\`, \`osquery_extensions\`,
\`os_version\` and \`system_info\`, and what files tell of \`file\`, \`hash\`, \`yara\` (with \`sigrule\`), \`users\`, \`apps\` and,
on Linux, \`processes\`; what only a running osquery knows is an error of the query.

osquery can be the scheduler instead: with \`osquery_plugins: [config, logger]\` the daemon registers two plugins of the name
\`threecx_daemon\`, and osqueryd started with \`--config_plugin=threecx_daemon --logger_plugin=threecx_daemon
--extensions_require=threecx_daemon\` takes packs and schedule from it and hands it every line. The daemon runs no query then;
with \`[logger]\` alone it runs those of its configuration beside osqueryd, so set \`packs: []\` there. Give osqueryd
\`--extensions_timeout=30\`: it ends when the plugins are not there by then, and when they go, and whoever supervises it
starts it again.

## Configuration

One file, YAML or JSON, named by \`--config\` or \`THREECX_DAEMON_CONFIG\`. A file that cannot be used is refused with every
problem and its line; a running daemon reads it again when it changes or on SIGHUP, and keeps the last good one. What only a
restart can change (\`state\`, \`engine\`, \`listen\`, \`osquery_plugins\`, \`host_identifier\`) is told then.
\`--print-config\` shows every value and whether a default, the file, the environment or a flag said it.

| flag | environment | what |
|---|---|---|
${settings.map(({ flag, env, doc }) => `| \`--${flag}\` | \`${env}\` | ${doc} |`).join('\n')}

${schemaRowsWithDefaults(daemonDocument)}

### engine

${schemaRowsWithDefaults(engineDocument)}

### lines

${schemaRowsWithDefaults(linesDocument)}

### limits

${schemaRowsWithDefaults(limitsDocument)}

### spool

${schemaRowsWithDefaults(spoolDocument)}

### sinks

See [sinks.md](sinks.md).

## Example

\`\`\`yaml
${readFileSync(example, 'utf8').trimEnd()}
\`\`\`

## Watching it

\`GET /healthz\` answers while it lives, \`/readyz\` tells whether it asks and delivers, with reasons, \`/metrics\` is
Prometheus text, \`/status\` the same as JSON. They answer on loopback unless \`listen\` says otherwise, and change nothing.
`
}
