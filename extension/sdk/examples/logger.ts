/**
 * A logger: osquery's results in a file, each line on the disk before osquery goes on.
 *
 *   LINES=/var/log/lines.jsonl node logger.ts --socket /path/of/osquery.em
 *   osqueryd --logger_plugin=lines --extensions_require=lines ...
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { loggerPlugin, runExtension } from 'osquery-extension-sdk/extension'

const file = openSync(process.env['LINES'] ?? 'lines.jsonl', 'a', 0o600)

function keep(kind: string, value: unknown): void {
  writeSync(file, `${JSON.stringify({ kind, value })}\n`)
  fdatasyncSync(file)
}

const lines = loggerPlugin({
  name: 'lines',
  init: (process, earlier) => keep('init', { process, earlier: earlier.length }),
  string: (line) => keep('result', JSON.parse(line)),
  snapshot: (line) => keep('snapshot', JSON.parse(line)),
  status: (status) => keep('status', status),
  failed: (error) => process.stderr.write(`lines: ${String(error)}\n`),
})

process.exitCode = await runExtension({ name: 'lines', version: '1.0.0', plugins: () => [lines] })
closeSync(file)
