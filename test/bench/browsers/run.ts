/**
 * `npm run bench -- browsers`: 200 profiles with 50,000 visits each, warm, with a handful of contacts among them.
 *
 * Beside us SQLite itself asks every history with LIKE, for eight hosts only; we seek all of the campaign's. The answers
 * must be the same, and those that were planted.
 */
import { join } from 'node:path'
import { type Contender, contest, has, median, timesAsFast } from '../contest.ts'
import type { OurBrowsers } from './ours.ts'
import { browserProfiles, expectedFinds } from './profiles.ts'

const targetSeconds = 2
const asked = [
  'officeaddons.com',
  'pbxsources.com',
  'msstorageazure.com',
  'azureonlinestorage.com',
  'msedgepackageinfo.com',
  'glcloudservice.com',
  'akamaicontainer.com',
  'raw.githubusercontent.com/iconstorages/images/main/',
]

/** Runs it and says the results. `program`: how a script of ours is started. */
export function browsers(base: string, rounds: number, say: (line: string) => void): void {
  const { root, bytes } = browserProfiles(base)
  const node = `NODE_COMPILE_CACHE=${join(base, 'code')} ${process.execPath}`
  const ours: Contender = {
    name: 'threecx-hunter',
    command: `${node} ${join(import.meta.dirname, 'ours.ts')} ${root}`,
    answer: (stdout) => JSON.stringify((JSON.parse(stdout) as OurBrowsers).found),
  }
  const rival: Contender = {
    name: 'SQLite with LIKE (Python)',
    command: `python3 ${join(import.meta.dirname, 'rival.py')} ${root} '${JSON.stringify(asked)}'`,
    answer: (stdout) => JSON.stringify(JSON.parse(stdout)),
  }
  const planted: Contender = { name: 'planted', command: 'true', answer: () => JSON.stringify(expectedFinds) }
  const [, our, other] = contest(has('python3') ? [planted, ours, rival] : [planted, ours], rounds)
  if (our === undefined) throw new Error('the contest gave no time of ours')
  const { engine, rss, held } = JSON.parse(our.stdout) as OurBrowsers
  say(`
## 200 histories of 50,000 visits, ${(bytes / 2 ** 20).toFixed(0)} MiB, five contacts and five look-alikes

Target: below ${targetSeconds} s, the event loop never held longer than 20 ms.

| command | s | min | max | times |
|---|---|---|---|---|`)
  for (const timing of other === undefined ? [our] : [our, other]) {
    const cells = [median(timing.seconds), Math.min(...timing.seconds), Math.max(...timing.seconds)]
    const times = timing === our ? '' : timesAsFast(our, timing).toFixed(2)
    say(`| ${timing.name} | ${cells.map((one) => one.toFixed(3)).join(' | ')} | ${times} |`)
  }
  say(`\nOurs: ${engine} engine, ${rss.toFixed(0)} MB at most, the event loop held for ${held.toFixed(1)} ms at most.`)
}
