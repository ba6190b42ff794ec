/**
 * Contacts in what real programs write, on this machine: a resolver, a web server, a proxy, a browser. Each is skipped
 * where the program is not installed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { threecx } from '../support/command.ts'

const name = 'c2.threecx.test'
const programs = {
  dnsmasq: '/usr/sbin/dnsmasq',
  nginx: '/usr/sbin/nginx',
  squid: '/usr/sbin/squid',
  chromium: '/usr/bin/chromium',
}

let root: string
const running: ChildProcess[] = []

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'threecx-live-'))
  writeFileSync(join(root, 'indicators.txt'), `${name}\n`)
  for (const folder of ['etc', 'usr', 'var/log']) mkdirSync(join(root, folder), { recursive: true })
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGTERM')
    await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined)))
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Tries until it works; the deadline is the test's. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await attempt()
    } catch (cause) {
      if (left === 0) throw cause
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** A file's lines that name the host; rejects while there are none. */
async function logged(path: string): Promise<void> {
  if (!readFileSync(path, 'latin1').includes(name)) throw new Error(`${path} does not name ${name} yet`)
}

async function hits(): Promise<Record<string, unknown>[]> {
  const sql = 'SELECT source, indicator, client, user, count FROM threecx_c2_hits'
  const args = ['query', sql, '--root', root, '--platform', 'linux', '--format', 'json']
  const ended = await threecx(join(root, 'state'), [...args, '--indicators', join(root, 'indicators.txt')])
  if (ended.exit !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

describe('contacts in the log of', () => {
  it.skipIf(!existsSync(programs.dnsmasq))('dnsmasq, a resolver', async () => {
    const port = await freePort()
    const log = join(root, 'var/log/dnsmasq.log')
    const options = ['--no-daemon', '--no-resolv', '--no-hosts', '--conf-file=/dev/null', '--bind-interfaces']
    const listen = ['--listen-address=127.0.0.1', `--port=${port}`, `--address=/${name}/127.0.0.1`]
    const written = ['--log-queries', `--log-facility=${log}`, `--user=${userInfo().username}`]
    running.push(spawn(programs.dnsmasq, [...options, ...listen, ...written], { stdio: 'ignore' }))
    const resolver = new Resolver({ timeout: 500, tries: 1 })
    resolver.setServers([`127.0.0.1:${port}`])
    await eventually(() => resolver.resolve4(`www.${name}`))
    await eventually(() => logged(log))
    expect(await hits()).toContainEqual(
      expect.objectContaining({ source: 'dnsmasq', indicator: name, client: '127.0.0.1' }),
    )
  })

  it.skipIf(!existsSync(programs.nginx))('nginx, a web server', async () => {
    const port = await freePort()
    const log = join(root, 'var/log/nginx/access.log')
    mkdirSync(dirname(log), { recursive: true })
    const config = join(root, 'nginx.conf')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${root}/tmp-${kind};`,
    )
    writeFileSync(
      config,
      `daemon off; pid ${root}/nginx.pid; error_log ${root}/error.log; events {}
http { access_log ${log} combined; ${temporary.join(' ')}
server { listen 127.0.0.1:${port}; location / { return 200 "ok"; } } }`,
    )
    running.push(spawn(programs.nginx, ['-c', config, '-e', join(root, 'start.log')], { stdio: 'ignore' }))
    await eventually(
      () =>
        new Promise((resolve, reject) => {
          const socket = connect(port, '127.0.0.1', () => {
            socket.end(`GET http://${name}/a HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
          })
          socket.once('data', resolve).once('error', reject)
        }),
    )
    await eventually(() => logged(log))
    expect(await hits()).toContainEqual(
      expect.objectContaining({ source: 'combined', indicator: name, client: '127.0.0.1' }),
    )
  })

  it('squid, a proxy', { timeout: 120_000 }, async ({ skip }) => {
    if (!existsSync(programs.squid)) return skip(`there is no ${programs.squid}; install squid to run this`)
    const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port: origin } = server.address() as AddressInfo
    const port = await freePort()
    // it refuses to stay root, and its own user must get at its files
    const place = join(root, 'squid')
    const log = join(root, 'var/log/squid/access.log')
    chmodSync(root, 0o755)
    for (const folder of [place, dirname(log)]) {
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, 0o777)
    }
    writeFileSync(join(place, 'hosts'), `127.0.0.1 ${name}\n`)
    const lines = [
      `http_port 127.0.0.1:${port}`,
      'http_access allow all',
      'cache deny all',
      'cache_mem 8 MB',
      'cache_effective_user proxy',
      `access_log stdio:${log} squid`,
      `cache_log ${place}/cache.log`,
      'cache_store_log none',
      `pid_filename ${place}/squid.pid`,
      `hosts_file ${place}/hosts`,
      `coredump_dir ${place}`,
      'dns_nameservers 127.0.0.1',
      'pinger_enable off',
      'netdb_filename none',
      'shutdown_lifetime 0 seconds',
    ]
    writeFileSync(join(place, 'squid.conf'), `${lines.join('\n')}\n`)
    // names of its shared memory are those of its service
    const options = ['-N', '-n', `threecx${process.pid}`, '-f', join(place, 'squid.conf')]
    running.push(spawn(programs.squid, options, { stdio: 'ignore' }))
    try {
      await eventually(
        () =>
          new Promise((resolve, reject) => {
            const socket = connect(port, '127.0.0.1', () => {
              // it gives up a client that closes its half of the connection
              socket.write(`GET http://${name}:${origin}/a HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
            })
            socket.once('data', resolve).once('error', reject).once('close', reject)
            socket.once('data', () => socket.destroy())
          }),
      )
      await eventually(() => logged(log))
      expect(await hits()).toContainEqual(
        expect.objectContaining({ source: 'squid', indicator: name, client: '127.0.0.1' }),
      )
    } finally {
      server.close()
    }
  })

  it.skipIf(!existsSync(programs.chromium))('Chromium, a browser that still runs', { timeout: 120_000 }, async () => {
    const server = createServer((_, response) => response.end('<title>x</title>')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const profile = join(root, 'home/alice/.config/chromium')
    const options = ['--headless=new', '--no-sandbox', '--no-first-run', '--disable-gpu', `--user-data-dir=${profile}`]
    const rules = `--host-resolver-rules=MAP ${name} 127.0.0.1`
    running.push(spawn(programs.chromium, [...options, rules, `http://${name}:${port}/`], { stdio: 'ignore' }))
    try {
      const found = await eventually(async () => {
        const [one] = (await hits()).filter(({ source }) => source === 'chromium_history')
        if (!one) throw new Error('the visit is not in the history yet')
        return one
      })
      expect(found).toMatchObject({ indicator: name, user: 'alice', count: 1 })
    } finally {
      server.close()
    }
  })
})
