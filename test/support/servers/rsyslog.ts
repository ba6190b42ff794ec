/**
 * Debian's rsyslog with one listener of each kind, writing what it received, raw and as it understood it.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, hasProgram, isListening, type RunningServer, startServer } from './server-process.ts'
import type { TestAuthority, TestCertificate } from './test-authority.ts'

export const hasRsyslog = hasProgram('rsyslogd')
/** The TLS driver is a package of its own. */
export const hasRsyslogTls = hasRsyslog && hasDriver()

export interface Rsyslog extends RunningServer {
  readonly tcpPort: number
  readonly udpPort: number
  readonly tlsPort: number
  /** imptcp's UNIX stream socket. */
  readonly streamPath: string
  /** imuxsock's datagram socket: what /dev/log is. */
  readonly datagramPath: string
  /** Every message as it came, without its frame. */
  received(): string[]
  /** Every message as it was understood. */
  understood(): readonly Readonly<Record<string, string>>[]
}

/** Starts one with everything below `directory`; with a certificate also TLS. */
export async function startRsyslog(
  directory: string,
  tls?: { readonly authority: TestAuthority; readonly server: TestCertificate },
): Promise<Rsyslog> {
  const [tcpPort, udpPort, tlsPort] = [await freePort(), await freePort(), await freePort()]
  const path = (name: string) => join(directory, name)
  writeFileSync(
    path('rsyslog.conf'),
    `global(workDirectory="${directory}" parser.escapeControlCharactersOnReceive="on"
  ${tls ? `defaultNetstreamDriverCAFile="${tls.authority.caFile}" defaultNetstreamDriverCertFile="${tls.server.certificateFile}" defaultNetstreamDriverKeyFile="${tls.server.keyFile}"` : ''})
module(load="imudp")
module(load="imtcp")
module(load="imptcp")
module(load="imuxsock" SysSock.Use="off")
input(type="imudp" address="127.0.0.1" port="${udpPort}")
input(type="imtcp" address="127.0.0.1" port="${tcpPort}")
${tls ? `input(type="imtcp" address="127.0.0.1" port="${tlsPort}" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")` : ''}
input(type="imptcp" path="${path('stream.sock')}" unlink="on")
input(type="imuxsock" socket="${path('datagram.sock')}")
template(name="raw" type="string" string="%rawmsg%\\n")
template(name="understood" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timestamp" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="proc" name="procid" format="jsonf")
  property(outname="id" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
action(type="omfile" file="${path('raw.log')}" template="raw" fileCreateMode="0600" asyncWriting="off")
action(type="omfile" file="${path('understood.log')}" template="understood" fileCreateMode="0600" asyncWriting="off")
`,
  )
  // One that was killed leaves both.
  for (const name of ['stream.sock', 'datagram.sock']) rmSync(path(name), { force: true })
  const server = await startServer(['rsyslogd', '-n', '-f', path('rsyslog.conf'), '-i', path('pid')], {
    port: tcpPort,
    isReady: async () =>
      (await isListening(tcpPort)) &&
      (!tls || (await isListening(tlsPort))) &&
      (await isListening(path('stream.sock'))) &&
      existsSync(path('datagram.sock')),
  })
  // Nothing that a sink sends holds a line end.
  const lines = (name: string) =>
    existsSync(path(name)) ? readFileSync(path(name), 'utf8').split('\n').slice(0, -1) : []
  return {
    ...server,
    tcpPort,
    udpPort,
    tlsPort,
    streamPath: path('stream.sock'),
    datagramPath: path('datagram.sock'),
    received: () => lines('raw.log'),
    understood: () => lines('understood.log').map((line) => JSON.parse(line) as Record<string, string>),
  }
}

function hasDriver(): boolean {
  const places = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  return places.some((place) => existsSync(join(place, 'rsyslog', 'lmnsd_gtls.so')))
}
