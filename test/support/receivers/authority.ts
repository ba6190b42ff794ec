/**
 * A certificate authority of a test: real certificates by the system's `openssl`, good ones and those that must be
 * refused. Everything lies in one temporary directory and is gone with it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether certificates can be made here. */
export const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** A certificate with its key, as files and as text. */
export interface Certified {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

const config = `
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
copy_extensions = copy
[any]
commonName = supplied
`

export class Authority {
  readonly directory: string
  /** Certificate to trust. */
  readonly caFile: string
  #made = 0

  constructor(name = 'threecx test authority') {
    this.directory = mkdtempSync(join(tmpdir(), 'threecx-ca-'))
    writeFileSync(join(this.directory, 'ca.cnf'), config)
    writeFileSync(join(this.directory, 'index.txt'), '')
    this.caFile = join(this.directory, 'ca.pem')
    this.#openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    )
  }

  /** A certificate for names such as `DNS:localhost`. `days` are from now; negative: it ended so long ago. */
  issue(commonName: string, names: string, days = 1): Certified {
    const stem = `made-${this.#made++}`
    this.#openssl(
      ...['req', ...newKey, '-keyout', `${stem}.key`, '-out', `${stem}.csr`, '-subj', `/CN=${commonName}`],
      ...['-addext', `subjectAltName=${names}`],
    )
    const [from, until] = days > 0 ? [-1, days] : [days - 1, days]
    this.#openssl(
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'],
      ...['-in', `${stem}.csr`, '-out', `${stem}.pem`, '-startdate', asn1Time(from), '-enddate', asn1Time(until)],
    )
    const certFile = join(this.directory, `${stem}.pem`)
    const keyFile = join(this.directory, `${stem}.key`)
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  }

  /** For the host names of tests. */
  server(): Certified {
    return this.issue('receiver', 'IP:127.0.0.1,DNS:localhost')
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe', timeout: 60_000 })
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

function asn1Time(daysFromNow: number): string {
  const time = new Date(Date.now() + daysFromNow * 86_400_000)
  return time.toISOString().replace(/[-:T]|\.\d+/g, '')
}
