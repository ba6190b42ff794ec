/** A process that appends to a file without pause, for the tests of races. Argument: the file. */
import { appendFileSync } from 'node:fs'

const [file = ''] = process.argv.slice(2)
process.send?.('started')
for (const end = Date.now() + 20_000; Date.now() < end && process.connected; ) {
  appendFileSync(file, 'a'.repeat(1 + Math.floor(Math.random() * 2000)))
  await new Promise((resolve) => setImmediate(resolve))
}
process.exit()
