/**
 * A browser that has its History open and is in the middle of writing: a process of its own, with real locks.
 *
 * `node browser-process.ts PATH URL`: begins an exclusive transaction, adds URL and enough rows that SQLite must write
 * some of them into the file before the commit, says `writing`, and waits for its input to end without committing.
 */
import { DatabaseSync } from 'node:sqlite'
import { addChromiumPages } from './browser-stores.ts'

const [path = '', url = ''] = process.argv.slice(2)
const db = new DatabaseSync(path)
db.exec('PRAGMA cache_size=5; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
addChromiumPages(db, [{ url, visits: [1_679_300_000] }])
addChromiumPages(
  db,
  Array.from({ length: 3000 }, (_, at) => ({ url: `https://filler-${at}.example/`, visits: [1_679_300_000] })),
)
process.stdout.write('writing\n')
process.stdin.resume()
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL'))
