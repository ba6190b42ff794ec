/**
 * A Kafka broker with its controller (KRaft) in one process, on loopback; `node test/support/servers/kafka.ts` fetches it.
 *
 * It comes from Maven Central, 44 MB, into a cache outside the repository: $THREECX_TEST_CACHE, else
 * ~/.cache/threecx-hunter-tests. Tests use what is there and fetch only when THREECX_TEST_SERVERS=1 asks for it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { freePort, hasProgram, isListening, type RunningServer, startServer } from './server-process.ts'
import type { TestAuthority, TestCertificate } from './test-authority.ts'

const version = '4.3.1'

/** Where the broker's libraries are or would be. */
export const kafkaPlace = join(
  process.env['THREECX_TEST_CACHE'] ?? join(homedir(), '.cache', 'threecx-hunter-tests'),
  `kafka-${version}`,
)

/** Why there is no broker; fetches it first when the environment asks for that. */
export function kafkaProblem(): string | undefined {
  if (!hasProgram('java')) return 'there is no java'
  if (!hasProgram('openssl')) return 'there is no openssl'
  if (existsSync(kafkaPlace)) return undefined
  if (process.env['THREECX_TEST_SERVERS'] !== '1') return 'it is not in the cache; THREECX_TEST_SERVERS=1 fetches it'
  try {
    fetchKafka()
    return undefined
  } catch (cause) {
    return `it could not be fetched: ${cause instanceof Error ? cause.message : cause}`
  }
}

/** Fetches the broker into the cache; whoever comes second finds it whole. */
export function fetchKafka(): void {
  if (existsSync(kafkaPlace)) return
  const parent = join(kafkaPlace, '..')
  mkdirSync(parent, { recursive: true })
  const scratch = mkdtempSync(join(parent, '.fetching-'))
  try {
    writeFileSync(
      join(scratch, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency></dependencies>
</project>`,
    )
    const goal = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${join(scratch, 'libs')}`]
    execFileSync('mvn', goal, { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 })
    renameSync(join(scratch, 'libs'), kafkaPlace)
  } catch (cause) {
    if (!existsSync(kafkaPlace)) throw cause
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A broker with a plain port, and one with TLS and login. */
export interface Kafka extends RunningServer {
  readonly securePort: number
  /** The same broker again, with the same data and ports. */
  restart(): Promise<void>
}

/** Starts one below a directory; the user `hunter` has the password `secret`. */
export async function startKafka(
  directory: string,
  tls: { readonly authority: TestAuthority; readonly server: TestCertificate },
): Promise<Kafka> {
  const [port, securePort, controller] = [await freePort(), await freePort(), await freePort()]
  const store = join(directory, 'store.pem')
  writeFileSync(store, tls.server.key + tls.server.certificate)
  const file = join(directory, 'server.properties')
  const login = 'listener.name.secure'
  const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_hunter="secret";'
  const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  writeFileSync(
    file,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listeners=PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${securePort},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port},SECURE://localhost:${securePort}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
${login}.plain.sasl.jaas.config=${plainLogin}
${login}.scram-sha-256.sasl.jaas.config=${scramLogin}
${login}.scram-sha-512.sasl.jaas.config=${scramLogin}
ssl.keystore.type=PEM
ssl.keystore.location=${store}
ssl.truststore.type=PEM
ssl.truststore.location=${tls.authority.caFile}
log.dirs=${join(directory, 'data')}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
`,
  )
  const java = (...args: string[]): [string, ...string[]] => {
    const small = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(kafkaPlace, '*')]
    return ['java', ...small, ...args]
  }
  const [program, ...args] = java('kafka.tools.StorageTool', 'format', '-t', 'dGhyZWVjeC10ZXN0LTAwMA', '-c', file)
  const users = ['256', '512'].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=hunter,password=secret]`])
  execFileSync(program, [...args, ...users], { stdio: 'pipe', timeout: 120_000 })
  const isReady = async () => (await isListening(port)) && (await isListening(securePort))
  const start = async () => await startServer(java('kafka.Kafka', file), { port, deadlineMs: 120_000, isReady })
  let server = await start()
  return {
    port,
    securePort,
    output: () => server.output(),
    stop: async (signal) => await server.stop(signal),
    restart: async () => {
      server = await start()
    },
  }
}

if (import.meta.main) {
  fetchKafka()
  console.log(`${kafkaPlace}: ${readdirSync(kafkaPlace).length} files`)
}
