/**
 * A certificate authority of its own for one test file, and certificates of every kind that TLS may meet.
 *
 * Made with Debian's openssl when the test runs; nothing secret lies in git.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of one certificate. */
export interface TestCertificate {
  readonly certificateFile: string
  readonly keyFile: string
  readonly certificate: string
  readonly key: string
}

export interface TestAuthority {
  readonly caFile: string
  readonly ca: string
  /** A certificate for `localhost` and 127.0.0.1, valid or expired. */
  issue(name: string, options?: { readonly isExpired?: boolean }): TestCertificate
}

/** Makes an authority below a directory. */
export function testAuthority(directory: string): TestAuthority {
  const folder = join(directory, 'authority')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  run('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Test authority')
  return {
    caFile: join(folder, 'ca.pem'),
    ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
    issue: (name, { isExpired = false } = {}) => {
      run('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost')
      writeFileSync(join(folder, `${name}.ext`), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
      const [begin, end] = isExpired ? ['20230329000000Z', '20230330000000Z'] : [stamp(-3600), stamp(30 * 86_400)]
      writeFileSync(join(folder, 'index'), '')
      writeFileSync(join(folder, 'ca.cnf'), configuration)
      const dates = ['-startdate', begin ?? '', '-enddate', end ?? '']
      const issuer = ['-cert', 'ca.pem', '-keyfile', 'ca.key', '-extfile', `${name}.ext`]
      run('ca', '-batch', '-config', 'ca.cnf', ...issuer, ...dates, '-in', `${name}.csr`, '-out', `${name}.pem`)
      const certificateFile = join(folder, `${name}.pem`)
      const keyFile = join(folder, `${name}.key`)
      const certificate = readFileSync(certificateFile, 'utf8')
      return { certificateFile, keyFile, certificate, key: readFileSync(keyFile, 'utf8') }
    },
  }
}

const configuration = `[ca]
default_ca = own
[own]
new_certs_dir = .
database = index
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`

function stamp(offsetSeconds: number): string {
  const text = new Date(Date.now() + offsetSeconds * 1000).toISOString()
  return `${text.replace(/[-:T]/g, '').slice(0, 14)}Z`
}
