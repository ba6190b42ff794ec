/**
 * `npm run bench -- sweep`: our sweeps beside the tools an operator would use instead, and what they cost in memory and
 * in time for the event loop. Whole processes, start-up included.
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { contest } from '../contest.ts'
import type { Bench } from '../part.ts'
import { grouped, sizes } from '../sizes.ts'
import { largeFile, smallFiles } from '../trees.ts'
import { sayWallTable } from '../wall-table.ts'
import { type OurAnswer, ours, oursCommand, parsed, rival } from '../whole-process.ts'

interface Cost {
  readonly job: string
  readonly answer: OurAnswer
}

/** Runs all and says the results. */
export function sweeps(bench: Bench): void {
  sayCosts([oneLargeFile(bench), manySmallFiles(bench), ...unchangedFiles(bench)].flat(), bench)
}

function oneLargeFile({ base, rounds, say }: Bench): Cost[] {
  const file = largeFile(base, 1 << 30)
  const title = 'SHA-256 of one 1 GiB file'
  const timings = contest(
    [
      ours(base, 'file', file, (answer) => answer.digest),
      ...rival({ name: 'openssl', command: `openssl dgst -sha256 -r ${file}`, answer: firstWord }, 'openssl', say),
      ...rival({ name: 'sha256sum', command: `sha256sum ${file}`, answer: firstWord }, 'sha256sum', say),
    ],
    rounds,
  )
  sayWallTable(title, 'openssl at least 1.0', timings, say)
  return timings.slice(0, 1).map((our) => ({ job: title, answer: parsed(our.stdout) }))
}

function manySmallFiles({ base, rounds, say }: Bench): Cost[] {
  const tree = smallFiles(base, sizes.smallFiles, 4096)
  const sha256sum = `find ${tree} -type f -print0 | xargs -0 sha256sum`
  const title = `SHA-256 of ${grouped(sizes.smallFiles)} files of 4 KiB`
  const timings = contest(
    [
      ours(base, 'tree', tree, (answer) => answer.digest),
      ...rival({ name: 'find | xargs sha256sum', command: sha256sum, answer: xorOfLines }, 'sha256sum', say),
      ...rival({ name: 'rhash', command: `rhash --sha256 -r ${tree}`, answer: xorOfLines }, 'rhash', say),
    ],
    rounds,
  )
  sayWallTable(title, 'sha256sum at least 3.0, rhash at least 1.6', timings, say)
  return timings.slice(0, 1).map((our) => ({ job: title, answer: parsed(our.stdout) }))
}

/** The second of two sweeps must read nothing; the rival is our own first sweep. */
function unchangedFiles({ base, say }: Bench): Cost[] {
  const tree = smallFiles(base, sizes.smallFiles, 4096)
  const database = join(base, 'hashes.db')
  for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true })
  const command = oursCommand(base, 'rescan', `${tree} ${database}`)
  const first = timedOnce('first sweep', command)
  const second = timedOnce('second sweep', command)
  if (second.answer.hashed !== 0 || second.answer.cached !== sizes.smallFiles) {
    throw new Error(`the second sweep read ${second.answer.hashed} files`)
  }
  if (first.answer.digest !== second.answer.digest) throw new Error('the two sweeps give different digests')
  say(`
## ${grouped(sizes.smallFiles)} unchanged files of 4 KiB, swept again with the hash cache

| sweep | s | files read | from the cache |
|---|---|---|---|`)
  for (const [name, { seconds, answer }] of Object.entries({ first, second })) {
    say(`| ${name} | ${seconds.toFixed(3)} | ${answer.hashed} | ${answer.cached} |`)
  }
  return [
    { job: 'first sweep with the cache', answer: first.answer },
    { job: 'second sweep', answer: second.answer },
  ]
}

function sayCosts(costs: readonly Cost[], { say }: Bench): void {
  say(`
## What it costs

Targets: memory below 120 MB at a million files; the event loop never held longer than 20 ms.

| job | engine | peak memory, MB | event loop held at most, ms |
|---|---|---|---|`)
  for (const { job, answer } of costs) {
    say(`| ${job} | ${answer.engine} | ${answer.rss.toFixed(0)} | ${answer.held.toFixed(1)} |`)
  }
}

function timedOnce(name: string, command: string): { seconds: number; answer: OurAnswer } {
  const started = process.hrtime.bigint()
  const [timing] = contest([{ name, command, answer: () => '' }], 0)
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  return { seconds, answer: parsed(timing?.stdout ?? '') }
}

function firstWord(stdout: string): string {
  return stdout.trim().split(/\s+/)[0] ?? ''
}

/** The same order-free combination of digests that ours.ts prints. */
function xorOfLines(stdout: string): string {
  const sum = Buffer.alloc(32)
  for (const line of stdout.split('\n')) {
    const digest = Buffer.from(line.slice(0, 64), 'hex')
    if (digest.length === 32) for (let at = 0; at < 32; at++) sum[at] = (sum[at] ?? 0) ^ (digest[at] ?? 0)
  }
  return createHash('sha256').update(sum).digest('hex')
}
