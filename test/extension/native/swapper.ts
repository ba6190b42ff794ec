/** A process that swaps a directory for a link to outside and back, for the tests of races. Argument: the tree. */
import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const [tree = ''] = process.argv.slice(2)
const directory = join(tree, 'root', 'd')
const link = join(tree, 'link')
symlinkSync(join(tree, 'outside'), link)
process.send?.('started')
for (const end = Date.now() + 20_000; Date.now() < end && process.connected; ) {
  for (let round = 0; round < 200; round++) {
    renameSync(directory, join(tree, 'kept'))
    renameSync(link, directory)
    renameSync(directory, link)
    renameSync(join(tree, 'kept'), directory)
  }
  await new Promise((resolve) => setImmediate(resolve))
}
process.exit()
