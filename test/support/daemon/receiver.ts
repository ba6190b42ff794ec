/**
 * A receiver as a process of its own, which can be killed: answers like a webhook, a Fleet logger, a Splunk collector, an
 * Elasticsearch, a Loki and an OpenTelemetry collector, and keeps every body on the disk before it says that it has it.
 *
 *   node receiver.ts PORT DIRECTORY CERTIFICATE KEY        one file per first segment of the path
 */
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const [port = '', directory = '', certificate = '', key = ''] = process.argv.slice(2)

/** What each receiver says when all is well. */
const answers: Readonly<Record<string, (body: string) => string>> = {
  fleet: (body) => (body.includes('enroll_secret') ? '{"node_key":"key"}' : '{}'),
  splunk: () => '{"text":"Success","code":0}',
  elastic: (body) => {
    const items = body.split('\n').filter((line) => line.startsWith('{"create"') || line.startsWith('{"index"'))
    return JSON.stringify({ errors: false, items: items.map(() => ({ create: { status: 201 } })) })
  },
  otlp: () => '{}',
}

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const bytes = Buffer.concat(chunks)
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
    const [, name = 'hook'] = (request.url ?? '').split('/')
    const file = openSync(join(directory, `${name}.log`), 'a')
    writeSync(file, `${body}\n`)
    fdatasyncSync(file)
    closeSync(file)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(answers[name]?.(body) ?? '')
  })
})
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))
