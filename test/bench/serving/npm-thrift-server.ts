/**
 * The rival every Node program starts from: the `thrift` package's own server over generated code, with the buffered
 * transport and binary protocol osquery speaks. It registers nowhere; it only serves, at `<--socket>.1`.
 */
import { createRequire } from 'node:module'
import type { Server } from 'node:net'
import { row, rowCount } from './table.ts'

const require = createRequire(import.meta.url)
const thrift = require('thrift') as {
  readonly TBufferedTransport: unknown
  readonly TBinaryProtocol: unknown
  createServer(processor: unknown, handler: object, options: object): Server
}
const service: unknown = require('../../../extension/sdk/generated/Extension.js')

const ok = { code: 0, message: 'OK', uuid: 1 }

function generate(item: string): Record<string, string>[] {
  if (item !== 'bench_rows') return []
  return Array.from({ length: rowCount }, (_, number) => {
    return Object.fromEntries(Object.entries(row(number)).map(([name, value]) => [name, String(value)]))
  })
}

const handler = {
  ping: () => ok,
  call: (_registry: string, item: string, _request: object) => ({ status: ok, response: generate(item) }),
  shutdown: () => {},
}
const options = { transport: thrift.TBufferedTransport, protocol: thrift.TBinaryProtocol }
thrift.createServer(service, handler, options).listen(`${process.argv[process.argv.indexOf('--socket') + 1]}.1`)
