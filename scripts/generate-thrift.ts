/**
 * Writes extension/sdk/generated from extension/sdk/idl with Apache's compiler (Debian: thrift-compiler 0.17).
 *
 * The output is committed, so that nobody needs the compiler to build. It is CommonJS: a package file beside it says so.
 * Only the package's protocol code is loaded: its index brings HTTP and websocket transports along, half of a small
 * process's start and memory.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sdk = join(import.meta.dirname, '../extension/sdk')
const out = join(sdk, 'generated')

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
execFileSync('thrift', ['--gen', 'js:node,es6', '-out', out, join(sdk, 'idl/osquery.thrift')], { stdio: 'inherit' })
for (const name of readdirSync(out)) {
  const file = join(out, name)
  const text = readFileSync(file, 'utf8')
    .replace("require('thrift')", "{ Thrift: require('thrift/lib/nodejs/lib/thrift/thrift.js') }")
    .replace("const Int64 = require('node-int64');\n", '')
  writeFileSync(file, `// @ts-nocheck\n${text}`)
}
writeFileSync(join(out, 'package.json'), `${JSON.stringify({ type: 'commonjs' }, null, 2)}\n`)
