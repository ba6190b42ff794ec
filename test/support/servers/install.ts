/**
 * Builds the servers that tests of the sinks talk to where they are there: `node test/support/servers/install.ts [NAME]...`
 *
 * They need Go (VictoriaLogs about two minutes, the OpenTelemetry Collector about ten on two busy cores) and Java with
 * Maven (OpenSearch about a minute). What is there already is not built again.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Installed, opensearch, otelCollector, serverCache, victoriaLogs } from './http-servers.ts'

const bin = join(serverCache, 'bin')
const collectorRelease = '0.165.0'
const openSearchRelease = '2.19.6'

const builders: Readonly<Record<string, { readonly server: Installed; readonly build: (scratch: string) => void }>> = {
  'victoria-logs': {
    server: victoriaLogs,
    build: (scratch) =>
      run('go', ['install', 'github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1'], scratch, {
        GOBIN: bin,
      }),
  },
  otelcol: { server: otelCollector, build: buildCollector },
  opensearch: { server: opensearch, build: buildOpenSearch },
}

function buildCollector(scratch: string): void {
  const module = 'go.opentelemetry.io/collector'
  writeFileSync(
    join(scratch, 'builder.yaml'),
    `dist: { name: otelcol, output_path: ./out, otelcol_version: ${collectorRelease} }
receivers:
  - gomod: ${module}/receiver/otlpreceiver v${collectorRelease}
exporters:
  - gomod: ${module}/exporter/debugexporter v${collectorRelease}
`,
  )
  run('go', ['run', `${module}/cmd/builder@v${collectorRelease}`, '--config', 'builder.yaml'], scratch)
  copyFileSync(join(scratch, 'out', 'otelcol'), otelCollector.path)
}

/** There is no distribution among the libraries, but the server is one of them, and a node can be started from code. */
function buildOpenSearch(scratch: string): void {
  const home = join(serverCache, 'opensearch')
  mkdirSync(home, { recursive: true })
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  writeFileSync(
    join(scratch, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>threecx</groupId><artifactId>server</artifactId><version>1</version><dependencies>
${dependency('org.opensearch', 'opensearch', openSearchRelease)}
${dependency('org.opensearch.plugin', 'transport-netty4-client', openSearchRelease)}
${dependency('org.apache.logging.log4j', 'log4j-core', '2.25.4')}
</dependencies></project>`,
  )
  const libraries = join(home, 'lib')
  run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`], scratch)
  copyFileSync(join(import.meta.dirname, 'Server.java'), join(scratch, 'Server.java'))
  run('javac', ['-cp', join(libraries, '*'), '-d', home, 'Server.java'], scratch)
}

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  execFileSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
}

mkdirSync(bin, { recursive: true })
const asked = process.argv.slice(2)
for (const name of asked.length > 0 ? asked : Object.keys(builders)) {
  const builder = builders[name]
  if (builder === undefined) throw new Error(`no server ${name}; expected ${Object.keys(builders).join(', ')}`)
  if (builder.server.isThere) continue
  const scratch = mkdtempSync(join(tmpdir(), 'threecx-server-'))
  try {
    builder.build(scratch)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
