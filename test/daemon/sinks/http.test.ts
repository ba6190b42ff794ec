/**
 * The webhook, and with it the client that all sinks over HTTP share: credentials, certificates and proxies at a
 * scripted receiver, and the whole behind a real nginx.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { httpSink } from '../../../daemon/sinks/http.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { Authority, type Certified, hasOpenssl } from '../../support/receivers/authority.ts'
import { answers, ScriptedReceiver } from '../../support/receivers/scripted-receiver.ts'
import {
  failureOf,
  openSink,
  resultEvent,
  spooled,
  type TestContext,
  testContext,
  unhurried,
} from '../../support/receivers/sink-surroundings.ts'
import { eventually, nginx, ServerProcess } from '../../support/servers/http-servers.ts'
import { freePort } from '../../support/servers/server-process.ts'

type Said = Readonly<Record<string, unknown>>

const batch = { events: [resultEvent(1), resultEvent(2)] }
const asArray = `[${batch.events.map(({ line }) => line).join(',')}]`

let sink: Sink | undefined
afterEach(async () => {
  await sink?.close()
  sink = undefined
})

async function open(url: string, options: Said = {}, context: TestContext = testContext()): Promise<Sink> {
  sink = await openSink(httpSink, { url, ...options }, context)
  return sink
}

/** As the delivery loop would: a stale connection costs one attempt. */
async function deliver(): Promise<void> {
  await eventually(() => sink?.write(batch, unhurried()))
}

describe('options of sinks over HTTP', () => {
  const problems = (options: Said) => {
    const { error } = httpSink.options.safeParse({ url: 'https://receiver.example', ...options })
    return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  }

  it.each([
    ['a header of two lines', { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['a header named by two', { headers: { 'X-A: b\r\nX-B': 'c' } }],
    ['a header with a secret in the open', { headers: { Authorization: 'Bearer x' } }],
    ['a header that ends the request', { headers: { 'Content-Length': '0' } }],
    ['a header that the protocol owns', { headers: { 'transfer-encoding': 'chunked' } }],
    ['a user name of two lines', { auth: { type: 'basic', username: 'a\nb', password: { env: 'P' } } }],
    ['a secret in the open', { auth: { type: 'bearer', token: 'x' } }],
    ['an address with a password', { url: 'https://a:b@receiver.example' }],
    ['an address of another kind', { url: 'file:///etc/passwd' }],
    ['no address', { url: 'receiver' }],
    ['a switch that turns the checks off', { tls: { reject_unauthorized: false } }],
    ['a certificate without its key', { tls: { certificate_file: '/c.pem' } }],
    ['an endless wait', { timeout_seconds: 1e9 }],
  ])('do not take %s', (_, options) => {
    expect(problems(options)).not.toEqual([])
  })

  it('take what is right', () => {
    expect(
      problems({ headers: { 'X-A': 'b' }, auth: { type: 'header', name: 'X-Key', value: { file: '/k' } } }),
    ).toEqual([])
  })
})

describe('http', () => {
  let receiver: ScriptedReceiver
  beforeEach(async () => {
    receiver = await ScriptedReceiver.start(answers(200))
  })
  afterEach(() => receiver.stop())

  it('says who it is, as it was told', async () => {
    const context = testContext({ P: 'pässword', T: 'token', K: 'key' })
    const cases: [Said, string, string][] = [
      [{ type: 'bearer', token: { env: 'T' } }, 'authorization', 'Bearer token'],
      [{ type: 'header', name: 'X-Key', value: { env: 'K' } }, 'x-key', 'key'],
    ]
    for (const [auth, header, value] of cases) {
      await (await open(receiver.url, { auth }, context)).write(batch, unhurried())
      await sink?.close()
      expect(receiver.last.headers[header]).toBe(value)
    }
    context.secrets.set('P', 'pass:word')
    const auth = { type: 'basic', username: 'user', password: { env: 'P' } }
    await (await open(receiver.url, { auth }, context)).write(batch, unhurried())
    expect(receiver.last.headers.authorization).toBe(`Basic ${Buffer.from('user:pass:word').toString('base64')}`)
  })

  it('reads its secrets anew for every request', async () => {
    const context = testContext({ T: 'one\n' })
    await open(receiver.url, { auth: { type: 'bearer', token: { env: 'T' } } }, context)
    await sink?.write(batch, unhurried())
    context.secrets.set('T', 'two\r\n')
    await sink?.write(batch, unhurried())
    expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two'])
  })

  it.each(['two\r\nX-Evil: 1', '', '\n', 'ünicode', 'a\0b'])('sends no secret that is %j', async (secret) => {
    await open(receiver.url, { auth: { type: 'bearer', token: { env: 'T' } } }, testContext({ T: secret }))
    const failure = await failureOf(sink?.write(batch, unhurried()) ?? Promise.resolve())
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/environment variable T is empty, or not printable/)
    expect(receiver.received).toEqual([])
  })

  it('keeps path and query of its address', async () => {
    await (await open(`${receiver.url}/hook/a?team=blue&x=%20`)).write(batch, unhurried())
    expect(receiver.last.path).toBe('/hook/a?team=blue&x=%20')
  })

  it('does not follow a redirect, and tells where it leads', async () => {
    receiver.behaviour = answers(302, '', { location: 'http://127.0.0.1:1/steal' })
    await open(receiver.url)
    const { message } = await failureOf(sink?.write(batch, unhurried()) ?? Promise.resolve())
    expect(message).toContain('answered 302: redirects are not followed, it names http://127.0.0.1:1/steal')
    expect(receiver.received).toHaveLength(1)
  })

  it('puts a line that is no object into quotes, and mends line ends', async () => {
    const odd = ['{"a":1}, {"b":2', '{"a":\r\n1}\n', 'x\n{"forged":true}']
    const events = odd.map((line, at) => spooled(at + 1, { kind: 'result', query: 'q', unixTime: 1, line }))
    await (await open(receiver.url, { format: 'ndjson' })).write({ events }, unhurried())
    const lines = receiver.last.body.split('\n')
    expect(lines).toEqual([JSON.stringify(odd[0]), '{"a": 1}', JSON.stringify(odd[2]), ''])
  })

  it('warns when a credential travels without TLS to another host', async () => {
    const context = testContext({ T: 'token' })
    const auth = { type: 'bearer', token: { env: 'T' } }
    await (await open('http://127.0.0.1:9', { auth }, context)).close()
    expect(context.warnings).toEqual([])
    await open('http://192.0.2.1', { auth }, context)
    expect(context.warnings).toEqual(['credentials are sent without TLS {"url":"http://192.0.2.1"}'])
  })

  it('takes no proxy from the environment, and one from its options', async () => {
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '')
      request.resume().on('end', () => response.writeHead(200).end())
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const before = process.env['HTTP_PROXY']
    process.env['HTTP_PROXY'] = address
    try {
      await (await open(receiver.url)).write(batch, unhurried())
      expect(asked).toEqual([])
    } finally {
      if (before === undefined) delete process.env['HTTP_PROXY']
      else process.env['HTTP_PROXY'] = before
    }
    await sink?.close()
    await (await open(`${receiver.url}/hook`, { proxy: address })).write(batch, unhurried())
    expect(asked).toEqual([`${receiver.url}/hook`])
    await sink?.close()
    sink = undefined
    proxy.close()
    await once(proxy, 'close')
  })
})

describe.skipIf(!hasOpenssl)('http with certificates', () => {
  let authority: Authority
  let certified: Certified
  beforeAll(() => {
    authority = new Authority()
    certified = authority.server()
  })
  afterAll(() => authority.remove())

  const trusting = (more: Said = {}) => ({ tls: { ca_file: authority.caFile, ...more } })

  it('refuses files that are no certificates when it is opened', async () => {
    const empty = join(authority.directory, 'empty.pem')
    const broken = join(authority.directory, 'broken.pem')
    writeFileSync(empty, '')
    writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    for (const file of [empty, broken, join(authority.directory, 'absent.pem')]) {
      await expect(open('https://127.0.0.1:9', { tls: { ca_file: file } })).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining(file),
      })
    }
  })

  it('shows its own certificate, and takes a new one from disk', async () => {
    const mine = authority.issue('client-1', 'DNS:client')
    const file = join(authority.directory, 'client.pem')
    writeFileSync(file, mine.cert)
    const seen: string[] = []
    const server = createTlsServer(
      { ...certified, requestCert: true, ca: [await readAuthority()] },
      (socket: TLSSocket) => {
        seen.push(String(socket.getPeerCertificate().subject?.CN))
        socket.on('error', () => {})
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'))
      },
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const context = testContext({ KEY: mine.key })
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    await open(url, trusting({ certificate_file: file, key: { env: 'KEY' } }), context)
    await deliver()
    const next = authority.issue('client-2', 'DNS:client')
    writeFileSync(file, next.cert)
    context.secrets.set('KEY', next.key)
    await deliver()
    expect(seen[0]).toBe('client-1')
    expect(seen.at(-1)).toBe('client-2')
    await sink?.close()
    server.close()

    async function readAuthority(): Promise<string> {
      const { readFile } = await import('node:fs/promises')
      return readFile(authority.caFile, 'utf8')
    }
  })

  it('takes a certificate for the name it was told', async () => {
    const receiver = await ScriptedReceiver.start(answers(200), authority.issue('inner', 'DNS:inner.example'))
    await open(receiver.url, trusting({ server_name: 'inner.example' }))
    await sink?.write(batch, unhurried())
    await sink?.close()
    await open(receiver.url, trusting({ server_name: 'outer.example' }))
    expect((await failureOf(sink?.write(batch, unhurried()) ?? Promise.resolve())).code).toBe('misconfigured')
    await receiver.stop()
  })

  it('checks the certificate of its receiver behind a proxy too', async () => {
    const receiver = await ScriptedReceiver.start(answers(200), certified)
    const tunnels: string[] = []
    const proxy = createServer().listen(0, '127.0.0.1')
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '')
      const far = connect(receiver.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      far.on('error', () => socket.destroy())
      socket.on('error', () => far.destroy())
      socket.pipe(far).pipe(socket)
    })
    await once(proxy, 'listening')
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    await open(receiver.url, { ...trusting(), proxy: address })
    await sink?.write(batch, unhurried())
    expect(receiver.last.body).toBe(asArray)
    expect(tunnels).toEqual([`127.0.0.1:${receiver.port}`])
    await sink?.close()
    receiver.present(authority.issue('old-receiver', 'IP:127.0.0.1', -3))
    await open(receiver.url, { ...trusting(), proxy: address })
    const failure = await failureOf(sink?.write(batch, unhurried()) ?? Promise.resolve())
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/expired/)
    await sink?.close()
    await receiver.stop()
    proxy.close()
  })
})

describe.skipIf(!nginx.isThere || !hasOpenssl)(`http, behind a real nginx${nginx.note}`, () => {
  let authority: Authority
  let upstream: ScriptedReceiver
  let server: ServerProcess
  let url: string
  let certified: Certified

  /** The configuration, with a certificate of its own. */
  function configure({ certFile, keyFile }: Certified, port: number, keepAlive = '75s'): void {
    const own = process.getuid?.() === 0 ? 'user root;' : ''
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${server.directory}/tmp_${name};`)
      .join(' ')
    const forward = `proxy_pass ${upstream.url}; proxy_http_version 1.1;`
    writeFileSync(
      join(server.directory, 'nginx.conf'),
      `${own} daemon off; pid nginx.pid; error_log stderr notice; worker_processes 1;
events { worker_connections 64; }
http {
  access_log off; ${temporary} keepalive_timeout ${keepAlive};
  limit_req_zone $server_name zone=slow:32k rate=1r/m;
  server {
    listen 127.0.0.1:${port} ssl; server_name localhost;
    ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
    ssl_client_certificate ${authority.caFile}; ssl_verify_client optional;
    location /ready { return 200 "ready"; }
    location /hook { ${forward} }
    location /basic { auth_basic "hunters"; auth_basic_user_file ${server.directory}/users; ${forward} }
    location /mutual { if ($ssl_client_verify != SUCCESS) { return 403; } ${forward} }
    location /small { client_max_body_size 100; ${forward} }
    location /slow { limit_req zone=slow; limit_req_status 429; ${forward} }
    location /moved { return 301 /hook; }
    location /down { proxy_pass http://127.0.0.1:9; }
  }
}
`,
    )
  }

  beforeAll(async () => {
    authority = new Authority()
    certified = authority.server()
    upstream = await ScriptedReceiver.start(answers(202))
    server = new ServerProcess('nginx')
    const hash = execFileSync('openssl', ['passwd', '-apr1', 'open sesame'], { encoding: 'utf8' }).trim()
    writeFileSync(join(server.directory, 'users'), `ann:${hash}\n`)
    mkdirSync(join(server.directory, 'logs'), { recursive: true })
    const port = await freePort()
    url = `https://127.0.0.1:${port}`
    configure(certified, port)
    const args = ['-p', server.directory, '-e', 'stderr', '-c', join(server.directory, 'nginx.conf')]
    const isReady = async () => {
      const { error } = await attempt('/ready', trusting())
      if (error) throw error
    }
    await server.start(nginx.path, args, isReady)
  })
  afterAll(async () => {
    await server?.stop()
    await upstream?.stop()
    authority?.remove()
  })

  const trusting = (more: Said = {}) => ({ tls: { ca_file: authority.caFile, ...more } })

  async function attempt(path: string, options: Said, context = testContext()) {
    const one = await openSink(httpSink, { url: `${url}${path}`, ...options }, context)
    try {
      await one.write(batch, unhurried())
      return {}
    } catch (error) {
      return { error }
    } finally {
      await one.close()
    }
  }

  it('arrives, compressed or not', async () => {
    for (const gzip of [false, true]) {
      expect(await attempt('/hook', { ...trusting(), gzip })).toEqual({})
      expect(upstream.last.body).toBe(asArray)
      expect(upstream.last.headers['content-encoding']).toBe(gzip ? 'gzip' : undefined)
    }
  })

  it('passes by name and password, and by nothing else', async () => {
    const auth = { type: 'basic', username: 'ann', password: { env: 'P' } }
    expect(await attempt('/basic', { ...trusting(), auth }, testContext({ P: 'open sesame' }))).toEqual({})
    const wrong = await attempt('/basic', { ...trusting(), auth }, testContext({ P: 'open barley' }))
    expect(wrong.error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('answered 401') })
  })

  it('passes by certificate, and not without', async () => {
    const mine = authority.issue('client-1', 'DNS:client')
    const tls = trusting({ certificate_file: mine.certFile, key: { env: 'KEY' } })
    expect(await attempt('/mutual', tls, testContext({ KEY: mine.key }))).toEqual({})
    expect((await attempt('/mutual', trusting())).error).toMatchObject({ code: 'misconfigured' })
    const old = authority.issue('client-old', 'DNS:client', -3)
    const expired = trusting({ certificate_file: old.certFile, key: { env: 'KEY' } })
    const { error } = await attempt('/mutual', expired, testContext({ KEY: old.key }))
    expect(error).toBeDefined()
  })

  it.each([
    ['/small', 'refused', 413],
    ['/moved', 'misconfigured', 301],
    ['/down', 'unavailable', 502],
  ])('reads what nginx says at %s', async (path, code, status) => {
    const { error } = await attempt(path, trusting())
    expect(error).toMatchObject({ code, message: expect.stringContaining(`answered ${status}`) })
  })

  it('is slowed down', async () => {
    await attempt('/slow', trusting())
    const { error } = await attempt('/slow', trusting())
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('answered 429') })
  })

  it('refuses an expired certificate, and goes on when it was renewed', async () => {
    const port = Number(new URL(url).port)
    await open(`${url}/hook`, trusting())
    await deliver()
    // Old workers end with their connections, so that every connection meets the new certificate.
    configure(authority.issue('old-receiver', 'IP:127.0.0.1', -3), port, '0')
    server.signal('SIGHUP')
    const expired = await eventually(async () => {
      const { error } = await attempt('/hook', trusting())
      if (!error) throw new Error('the certificate is still the old one')
      return error
    })
    expect(expired).toMatchObject({ code: 'misconfigured', message: expect.stringMatching(/"old-receiver".*expired/) })
    configure(certified, port)
    server.signal('SIGHUP')
    await deliver()
  })
})
