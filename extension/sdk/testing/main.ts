/**
 * A core as a process of its own: for what only a process can show, such as its sudden end.
 *
 *   node main.ts [--socket PATH] [--interval MS] [--timeout MS] [--thrift-timeout MS] [--respawn MS] [--verbose]
 *                [--extension FILE [ARGUMENT ...]]
 *
 * One JSON object per line on stdout: events as {"event": ...}; for each line of SQL on stdin {"rows": ...} or
 * {"error": ...}, in order. `.drop NAME` forgets an extension without telling it. With --extension the file is started
 * and kept running as osquery would. The end of stdin, SIGTERM and SIGINT end it as osquery ends.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startCore } from './index.ts'
import { launchExtension } from './launch.ts'

const argv = process.argv.slice(2)
const extensionAt = argv.indexOf('--extension')
const { values } = parseArgs({
  args: extensionAt < 0 ? argv : argv.slice(0, extensionAt),
  options: {
    socket: { type: 'string' },
    interval: { type: 'string', default: '3000' },
    timeout: { type: 'string', default: '3000' },
    'thrift-timeout': { type: 'string', default: '300000' },
    respawn: { type: 'string', default: '3000' },
    verbose: { type: 'boolean', default: false },
  },
})
const [file, ...args] = extensionAt < 0 ? [] : argv.slice(extensionAt + 1)

const say = (value: object) => {
  process.stdout.write(
    `${JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one))}\n`,
  )
}

const intervalMs = Number(values.interval)
const timeoutMs = Number(values.timeout)
const core = await startCore({
  ...(values.socket !== undefined && { socket: values.socket }),
  intervalMs,
  timeoutMs,
  thriftTimeoutMs: Number(values['thrift-timeout']),
})
core.events.listen(({ type, ...rest }) => say({ event: type, ...rest }))
say({ event: 'started', socket: core.socket, pid: process.pid })

const extension =
  file === undefined
    ? undefined
    : launchExtension({
        file,
        args,
        socket: core.socket,
        intervalMs,
        timeoutMs,
        verbose: values.verbose,
        respawnMs: Number(values.respawn),
        output: (text) => process.stderr.write(text),
      })

const lines = createInterface({ input: process.stdin })
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => lines.close())
for await (const line of lines) say(await answer(line.trim()))
await core.stop()
await extension?.stop()

async function answer(line: string): Promise<object> {
  try {
    const [, dropped] = /^\.drop\s+(\S+)$/.exec(line) ?? []
    if (dropped === undefined) return { rows: await core.query(line) }
    core.drop(dropped)
    return { rows: [] }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
