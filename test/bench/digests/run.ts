/**
 * `npm run bench -- digests`: digests per CPU-second, beside `openssl dgst`, beside what osquery's hash table does to a
 * file, and beside reading the same files without digesting them.
 *
 * CPU-seconds are those of whole processes, user and system. Ours is there twice: the Rust crate as a program of one thread
 * (`examples/digests.rs`), which is what the rivals are, and a whole sweep with Node around it.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, contest, has, median, timesAsFast } from '../contest.ts'
import type { Say } from '../part.ts'
import { builtC, builtExample, crateName } from '../programs.ts'
import { keepMissing, type Work } from '../record.ts'
import { grouped, sizes } from '../sizes.ts'
import { mixedFiles, smallFiles } from '../trees.ts'
import { nodeCommand } from '../whole-process.ts'

const all = 7
const sha256 = 1
const nothing = 0

const evpOne = 'EVP, 16 KiB blocks'
const evpAll = 'EVP, 16 KiB blocks, three digests'
const floorOfSmall = 'open, fstat, read, close'

/** Runs all and says the results; `base` holds the trees, `folder` the programs. */
export function digests(base: string, folder: string, rounds: number, say: Say): void {
  mkdirSync(folder, { recursive: true })
  const crate = builtExample('scan', 'digests', say)
  const kernel = builtKernel(folder, say)
  if (crate === undefined) return
  const large = mixedFiles(base, sizes.largeFiles)
  const small = smallFiles(base, sizes.smallFiles, 4096)
  const node = nodeCommand(folder, join(import.meta.dirname, 'ours.ts'))

  const ours = (tree: string, bits: number, answer: Contender['answer']): Contender[] => [
    { name: crateName, command: `${crate} ${tree} ${bits}`, answer },
    { name: 'threecx-hunter, whole process', command: `${node} ${tree} ${bits}`, answer },
  ]
  const evp = (name: string, tree: string, bits: number, answer: Contender['answer']): Contender[] =>
    kernel === undefined ? [] : [{ name, command: `${kernel} ${tree} ${bits}`, answer }]
  const openssl = (tree: string): Contender[] => {
    const command = `find ${tree} -type f -print0 | xargs -0 openssl dgst -sha256 -r`
    if (has('openssl')) return [{ name: 'openssl dgst -sha256', command, answer: sumOfLines }]
    say('\nopenssl is not installed and left out.')
    keepMissing('openssl dgst -sha256', 'openssl is not installed')
    return []
  }

  const files = `${grouped(sizes.smallFiles)} files`
  table(
    'sha256-large',
    `SHA-256 of ${sizes.largeFiles} files of 1 to 64 MiB`,
    'openssl at least 1.6, aim 1.8; three digests of osquery at least 5, aim 6',
    [
      ...ours(large, sha256, sha256Of),
      ...openssl(large),
      ...evp(evpOne, large, sha256, sha256Of),
      ...evp(evpAll, large, all, sha256Of),
    ],
  )
  table('all-large', 'SHA-256, SHA-1 and MD5 of the same files', 'EVP at least 3, aim 4', [
    ...ours(large, all, line),
    ...evp(evpAll, large, all, line),
  ])
  table('sha256-small', `SHA-256 of ${files} of 4 KiB`, 'the loop without digests at least 0.75', [
    ...ours(small, sha256, countsOf),
    ...evp(floorOfSmall, small, nothing, countsOf),
    ...evp('EVP', small, sha256, countsOf),
  ])
  table(undefined, `SHA-256, SHA-1 and MD5 of ${files} of 4 KiB`, 'none', [
    ...ours(small, all, line),
    ...evp('EVP, three digests', small, all, line),
  ])

  function table(work: Work | undefined, title: string, target: string, contenders: readonly Contender[]): void {
    const timings = contest(contenders, rounds, 'cpu', work)
    const [our, whole, ...others] = timings
    if (!our || !whole) return
    say(`\n## ${title}\n\nTarget: ${target}.\n`)
    say('| command | CPU s | min | max | times, crate | times, whole process |\n|---|---|---|---|---|---|')
    for (const one of [our, whole, ...others]) {
      const seconds = [median(one.seconds), Math.min(...one.seconds), Math.max(...one.seconds)]
      const times = others.includes(one) ? [timesAsFast(our, one), timesAsFast(whole, one)] : []
      const cells = [...seconds.map((value) => value.toFixed(3)), ...times.map((value) => value.toFixed(2))]
      say(`| ${one.name} | ${cells.join(' | ')} |${times.length === 0 ? '  |  |' : ''}`)
    }
  }
}

/** The rival in C, and the floor; undefined, and that is said, without a compiler or the headers of OpenSSL. */
export function builtKernel(folder: string, say: Say): string | undefined {
  const names = [evpAll, evpOne, floorOfSmall]
  const library = { flag: '-lcrypto', debian: 'libssl-dev' }
  return builtC(join(import.meta.dirname, 'kernel.c'), join(folder, 'kernel'), library, names, say)
}

/** Files, bytes and all digests. */
function line(stdout: string): string {
  return stdout.trim()
}

/** Files and bytes. */
function countsOf(stdout: string): string {
  return line(stdout).split(' ').slice(0, 2).join(' ')
}

/** The exclusive or of the SHA-256 digests. */
function sha256Of(stdout: string): string {
  return line(stdout).split(' ')[2] ?? ''
}

function sumOfLines(stdout: string): string {
  const sum = Buffer.alloc(32)
  for (const one of stdout.trim().split('\n')) {
    for (const [at, byte] of Buffer.from(one.slice(0, 64), 'hex').entries()) sum[at] = (sum[at] ?? 0) ^ byte
  }
  return sum.toString('hex')
}
